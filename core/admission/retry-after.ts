import { isTerminal } from '../../contract/lifecycle.ts';
import type { Deps } from '../deps.ts';
import { DUE_BUCKETS } from '../items.ts';
import { dueAttributes, FORESEEN_MS } from '../lifecycle/deadlines.ts';
import { parseListed } from '../lifecycle/session.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'settings'>;

/** For Retry-After of a global refusal: seconds until the next slot is expected back; 1 to 60, a hint. */
export const secondsUntilRoom = async (deps: Needs): Promise<number> => {
  const pages = await Promise.all(
    DUE_BUCKETS.map((bucket) => deps.store.query({ index: 'due', partition: bucket, limit: 25 })),
  );
  return secondsUntilFirst(
    deps,
    pages.flatMap(({ items }) =>
      items.flatMap(({ expectedEndAt }) => (typeof expectedEndAt === 'number' ? [expectedEndAt] : [])),
    ),
  );
};

/** The same for one user's limit. */
export const secondsUntilUserRoom = async (deps: Needs, userId: string): Promise<number> => {
  const page = await deps.store.query({ index: 'ofUser', partition: userId, limit: 100 });
  const active = page.items.map(parseListed).filter(({ state }) => !isTerminal(state));
  return secondsUntilFirst(
    deps,
    active.map((session) => dueAttributes(session, deps.settings).expectedEndAt),
  );
};

const secondsUntilFirst = (deps: Pick<Deps, 'clock'>, ends: readonly number[]): number => {
  const seconds = Math.ceil((Math.min(...ends) - deps.clock()) / 1000);
  return Math.max(1, Math.min(FORESEEN_MS / 1000, seconds));
};
