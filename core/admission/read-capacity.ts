/**
 * The limits and the counters' shards, and how limits change while sessions are admitted. Each change is a
 * generation:
 *
 *   begun ── the limits' item has the new limits, no plan ── from here on new admissions wait
 *     └─ every shard closed, one by one ── nothing is admitted; counts only fall
 *          └─ plan ── the new sub-limits, made of counts that were read when all was closed; written once
 *               └─ every shard opened with its part of the plan, one by one ── settled
 *
 * Each step is one conditional write of one item, so that no step needs a moment in which several items rest: steady
 * admissions can't keep a limit from being changed. No caller owns a change: any caller that finds one unfinished (an
 * admission, the reconciler, another change) takes the next steps. A step that was already taken, or that belongs to
 * an earlier generation, has no effect. Why the limit holds in between, with any repeated, late or lost step:
 *
 *   - while shards are closed, others stand open under the limits before: fewer sub-limits than before, nothing else;
 *   - none is opened before all are closed, so no shard of the generation before admits beside one of the next;
 *   - the plan is made of counts that only fell since, and it keeps the inequality of core/admission/capacity.ts for them.
 */

import type { Deps } from '../deps.ts';
import { GLOBAL_PARTITION, limitsKey, shardKey } from '../items.ts';
import { transactionToken } from '../ports.ts';
import { queryAll } from '../query-all.ts';
import {
  absent,
  and,
  type Condition,
  eq,
  isTransient,
  lt,
  or,
  StoreUnavailable,
  type Write,
} from '../store.ts';
import { type Capacity, distribute, isSettled, type Limits, parseCapacity, shardsFor } from './capacity.ts';

type Needs = Pick<Deps, 'store' | 'ids' | 'settings'>;

/** Limits and shards as they stand, read consistently; made from the settings if the table is new. */
export const ensureCapacity = async (deps: Needs): Promise<Capacity> => {
  const found = await readCapacity(deps);
  if (found) return found;
  const { globalLimit, userLimit } = deps.settings;
  const limits: Limits = { globalLimit, userLimit, shards: shardsFor(globalLimit) };
  // Two first callers race for this; the loser's conditions fail and it reads what the winner wrote.
  await deps.store.transact(
    [
      { kind: 'put', key: limitsKey, item: { ...limitsKey, ...limits }, condition: absent('pk') },
      ...distribute(globalLimit, limits.shards, []).map(
        (limit, shard): Write => ({
          kind: 'put',
          key: shardKey(shard),
          item: { ...shardKey(shard), active: 0, limit, version: 0 },
          condition: absent('pk'),
        }),
      ),
    ],
    transactionToken(deps.ids),
  );
  const made = await readCapacity(deps);
  if (!made) throw new StoreUnavailable('the limits could not be made');
  return made;
};

/** Undefined if no limits were made yet. */
export const readCapacity = async (deps: Pick<Deps, 'store'>): Promise<Capacity | undefined> =>
  parseCapacity(await queryAll(deps, { partition: GLOBAL_PARTITION }));

/** An item of this generation; an item that no change ever touched has none. */
export const isOfGeneration = (generation: number): Condition =>
  generation === 0 ? absent('generation') : eq('generation', generation);

/**
 * Begins a change to `limits`, or to the same limits if only the free slots are to be distributed again. Answers its
 * generation; undefined if another change was quicker.
 */
export const beginChange = async (
  deps: Pick<Deps, 'store'>,
  capacity: Capacity,
  limits: Limits,
): Promise<number | undefined> => {
  const generation = capacity.generation + 1;
  const begun = await deps.store.write({
    kind: 'update',
    key: limitsKey,
    set: { ...limits, generation },
    remove: ['plan'],
    condition: isOfGeneration(capacity.generation),
  });
  return begun.ok ? generation : undefined;
};

/**
 * Takes all steps that an unfinished change still needs. True if none is unfinished; otherwise to be repeated, for a
 * step may have met with a conflict.
 */
export const settle = async (deps: Pick<Deps, 'store'>, seen: Capacity): Promise<boolean> => {
  let now: Capacity | undefined = seen;
  for (const stepsOf of [unclosed, unplanned, unopened]) {
    if (!now || isSettled(now)) break;
    await Promise.all(stepsOf(now).map((write) => tried(deps, write)));
    now = await readCapacity(deps);
  }
  return now !== undefined && isSettled(now);
};

type OneWrite = Exclude<Write, { kind: 'check' }>;

/** Whether it had its effect shows in the next read. */
const tried = async (deps: Pick<Deps, 'store'>, write: OneWrite): Promise<void> => {
  try {
    await deps.store.write(write);
  } catch (error) {
    if (!isTransient(error)) throw error;
  }
};

/** Closes each shard that is not closed for this generation yet, and makes those that it is the first to need. */
const unclosed = ({ limits, generation, shards }: Capacity): OneWrite[] => {
  const closed = { generation, closed: true, limit: 0 };
  const missing = Array.from({ length: limits.shards }, (_, i) => i).filter(
    (i) => !shards.some(({ shard }) => shard === i),
  );
  return [
    ...shards
      .filter((s) => s.generation < generation)
      .map(
        ({ shard }): OneWrite => ({
          kind: 'update',
          key: shardKey(shard),
          set: closed,
          add: { version: 1 },
          condition: or(absent('generation'), lt('generation', generation)),
        }),
      ),
    ...missing.map(
      (shard): OneWrite => ({
        kind: 'put',
        key: shardKey(shard),
        item: { ...shardKey(shard), active: 0, version: 0, ...closed },
        condition: absent('pk'),
      }),
    ),
  ];
};

/** Once all is closed. The first plan stands: who reads at different moments may have read different counts. */
const unplanned = (capacity: Capacity): OneWrite[] => {
  const { limits, generation, plan, shards } = capacity;
  if (plan || unclosed(capacity).length > 0) return [];
  const actives = shards.map(({ active }) => active);
  return [
    {
      kind: 'update',
      key: limitsKey,
      set: { plan: distribute(limits.globalLimit, limits.shards, actives) },
      condition: and(eq('generation', generation), absent('plan')),
    },
  ];
};

/** A shard that came after the plan (its making was late) has no part in it. */
const unopened = ({ generation, plan, shards }: Capacity): OneWrite[] =>
  shards.flatMap(({ shard, closed, generation: its }): OneWrite[] =>
    plan && closed && its === generation
      ? [
          {
            kind: 'update',
            key: shardKey(shard),
            set: { closed: false, limit: plan[shard] ?? 0 },
            add: { version: 1 },
            condition: and(eq('generation', generation), eq('closed', true)),
          },
        ]
      : [],
  );
