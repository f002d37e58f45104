import { setTimeout as sleep } from 'node:timers/promises';
import { counterSchema, isSettled } from '../../../core/admission/capacity.ts';
import { readCapacity } from '../../../core/admission/read-capacity.ts';
import { userQuotaKey } from '../../../core/items.ts';
import type { AdmissionDeps } from './deps.ts';

/** Between two looks; they are evidence, and nothing waits for them. */
const PAUSE_MS = 20;

/**
 * Looks at the counters again and again while others contend. The embedded engine answers a query from one moment,
 * so each look must satisfy the inequality that core/admission/capacity.ts rests on.
 */
export const watch = (
  deps: AdmissionDeps,
  userIds: readonly string[],
  /** The highest of the global limits that it will see, and the users' limit. */
  { highest, userLimit }: { readonly highest: number; readonly userLimit: number },
) => {
  const violations: string[] = [];
  const quotaKeys = [...new Set(userIds)].map(userQuotaKey);
  let looks = 0;
  let stopped = false;
  /** Moves when a change of limits begins and when it ends: two looks under one era saw the same limit throughout. */
  let era = 0;
  let before: { readonly era: number; readonly active: number } | undefined;

  const look = async (): Promise<void> => {
    const began = era;
    const capacity = await readCapacity(deps);
    if (!capacity) throw new Error('The limits were never made.');
    const ended = era;
    const { limits, shards, active } = capacity;
    const handedOut = shards.reduce((sum, shard) => sum + Math.max(shard.active, shard.limit), 0);
    // While limits change, the shards that are not closed yet stand open under those before.
    const most = isSettled(capacity) ? limits.globalLimit : highest;
    if (handedOut > Math.max(most, active)) {
      violations.push(`sub-limits of ${handedOut} under a limit of ${limits.globalLimit}, ${active} active`);
    }
    if (before?.era === began && began === ended && active > Math.max(limits.globalLimit, before.active)) {
      violations.push(`${active} active under a limit of ${limits.globalLimit}, ${before.active} before`);
    }
    before = began === ended ? { era: began, active: active } : undefined;

    for (const item of await deps.store.getMany(quotaKeys)) {
      const user = counterSchema.parse(item).active;
      if (user > userLimit) violations.push(`${item.pk}: ${user} active under a limit of ${userLimit}`);
    }
    looks += 1;
  };

  const looking = (async () => {
    while (!stopped) {
      await look();
      await sleep(PAUSE_MS);
    }
  })();

  return {
    /** Runs a change of limits. */
    changing: async (change: () => Promise<unknown>): Promise<void> => {
      era += 1;
      await change();
      era += 1;
    },
    /** Ends the watch. Resolves to what it saw that must not be, and how often it looked. */
    stop: async () => {
      stopped = true;
      await looking;
      return { violations, looks };
    },
  };
};
