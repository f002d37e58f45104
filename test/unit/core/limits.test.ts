import { expect, test } from 'vitest';
import { type Capacity, isSettled } from '../../../core/admission/capacity.ts';
import { createSession } from '../../../core/admission/create.ts';
import { changeLimits } from '../../../core/admission/limits.ts';
import { readCapacity } from '../../../core/admission/read-capacity.ts';
import type { Deps } from '../../../core/deps.ts';
import { limitsKey, shardKey } from '../../../core/items.ts';
import { release } from '../../../core/lifecycle/release.ts';
import { reconcile } from '../../../core/reconciliation/reconcile.ts';
import { StoreConflict, StoreUnavailable } from '../../../core/store.ts';
import { admittedSession, load, USER } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const capacityOf = async ({ deps }: TestSystem): Promise<Capacity> => {
  const capacity = await readCapacity(deps);
  if (!capacity) throw new Error('there are no limits');
  return capacity;
};

/** The sessions that could ever be active, if every shard filled up. */
const reachable = ({ shards }: Capacity): number =>
  shards.reduce((sum, shard) => sum + Math.max(shard.active, shard.limit), 0);

/** The place where `before` runs ahead of each single write; it may throw for it. */
const writing = (system: TestSystem, before: (n: number) => unknown): Deps => {
  const { store } = system.deps;
  let n = 0;
  return {
    ...system.deps,
    store: {
      ...store,
      write: async (write) => {
        await before(n++);
        return store.write(write);
      },
    },
  };
};

class Died extends Error {}

/** A change whose function dies at its `step`th write. */
const dyingAt = async (
  system: TestSystem,
  step: number,
  change: Parameters<typeof changeLimits>[1],
): Promise<boolean> => {
  const deps = writing(system, (n) => {
    if (n === step) throw new Died();
  });
  try {
    await changeLimits(deps, change);
    return false;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return true;
  }
};

const fill = async (system: TestSystem, sessions: number): Promise<void> => {
  for (let i = 0; i < sessions; i++) await admittedSession(system, `s${i}`);
};

const STEPS = Array.from({ length: 18 }, (_, step) => step);

test('limits change although slots are given back between all steps', async () => {
  const system = testSystem({ globalLimit: 240, userLimit: 240 });
  await fill(system, 60);
  let n = 0;
  const deps = writing(system, async () => {
    if (n < 60) await release(system.deps, await load(system, `s${n++}`), 'user');
  });
  for (const global of [210, 30, 300]) {
    await changeLimits(deps, { global });
    const capacity = await capacityOf(system);
    expect(isSettled(capacity)).toBe(true);
    expect(capacity.limits.globalLimit).toBe(global);
    expect(reachable(capacity)).toBeLessThanOrEqual(Math.max(global, capacity.active));
  }
  expect(n).toBeGreaterThan(30);
});

test('at no step is more handed out than the greater of the limits, or than is active', async () => {
  for (const [from, to] of [
    [240, 210],
    [240, 20],
    [210, 240],
    [8, 300],
  ] as const) {
    const system = testSystem({ globalLimit: from, userLimit: 240 });
    await fill(system, Math.min(from, 40));
    const deps = writing(system, async () => {
      const capacity = await capacityOf(system);
      expect(reachable(capacity)).toBeLessThanOrEqual(Math.max(from, to, capacity.active));
    });
    await changeLimits(deps, { global: to });
    const capacity = await capacityOf(system);
    expect(reachable(capacity)).toBe(Math.max(to, capacity.active));
  }
});

test('conflicts at each single step only delay a change', async () => {
  const system = testSystem({ globalLimit: 240, userLimit: 240 });
  await fill(system, 3);
  const deps = writing(system, (n) => {
    if (n % 2 === 0) throw new StoreConflict('conflict');
  });
  await changeLimits(deps, { global: 210, userDefault: 7 });
  expect(await capacityOf(system)).toMatchObject({ limits: { globalLimit: 210, userLimit: 7 } });
  expect(isSettled(await capacityOf(system))).toBe(true);
});

test.each(STEPS)(
  'a change whose function dies at write %i is finished by the next admission',
  async (step) => {
    const system = testSystem({ globalLimit: 240, userLimit: 240 });
    await fill(system, 20);
    expect(await dyingAt(system, step, { global: 21 })).toBe(true);
    await admittedSession(system, 'next');
    const capacity = await capacityOf(system);
    expect(isSettled(capacity)).toBe(true);
    expect(capacity.limits.globalLimit).toBe(step === 0 ? 240 : 21);
    expect(reachable(capacity)).toBe(capacity.limits.globalLimit);
  },
);

test.each(STEPS)('a change whose function dies at write %i is finished by the reconciler', async (step) => {
  const system = testSystem({ globalLimit: 240, userLimit: 240 });
  await fill(system, 20);
  expect(await dyingAt(system, step, { global: 10, userDefault: 3 })).toBe(true);
  await reconcile(system.deps);
  const capacity = await capacityOf(system);
  expect(isSettled(capacity)).toBe(true);
  expect(reachable(capacity)).toBe(step === 0 ? 240 : 20);
});

test.each(STEPS)('a change whose function dies at write %i gives way to the next change', async (step) => {
  const system = testSystem({ globalLimit: 240, userLimit: 240 });
  await fill(system, 20);
  expect(await dyingAt(system, step, { global: 10 })).toBe(true);
  await changeLimits(system.deps, { global: 220 });
  const capacity = await capacityOf(system);
  expect(isSettled(capacity)).toBe(true);
  expect(reachable(capacity)).toBe(220);
});

test('of two changes at once, the one that began later wins, and both callers get success', async () => {
  const system = testSystem({ globalLimit: 240, userLimit: 240 });
  await fill(system, 5);
  let other: Promise<unknown> | undefined;
  const deps = writing(system, (n) => {
    if (n === 4) other = changeLimits(system.deps, { global: 230 });
  });
  await changeLimits(deps, { global: 10 });
  await other;
  const capacity = await capacityOf(system);
  expect(capacity.limits.globalLimit).toBe(230);
  expect(isSettled(capacity)).toBe(true);
  expect(reachable(capacity)).toBe(230);
});

test('limits that are what they were change nothing', async () => {
  const system = testSystem({ globalLimit: 240 });
  await changeLimits(system.deps, { global: 220 });
  const before = await capacityOf(system);
  await changeLimits(system.deps, { global: 220, userDefault: before.limits.userLimit });
  expect(await capacityOf(system)).toEqual(before);
});

test('a change that the database rejects gets an answer to try again', async () => {
  const system = testSystem({ globalLimit: 240 });
  await capacityOf(system).catch(() => changeLimits(system.deps, { global: 240 }));
  const deps = writing(system, () => {
    throw new StoreUnavailable('throttled');
  });
  await expect(changeLimits(deps, { global: 10 })).rejects.toMatchObject({ code: 'unavailable' });
  expect((await capacityOf(system)).limits.globalLimit).toBe(240);
});

/** Reads each item of a query at a different moment, with `between` before the item `at`. */
const torn = (system: TestSystem, at: string, between: () => Promise<unknown>): Deps => {
  const { store } = system.deps;
  let once = true;
  return {
    ...system.deps,
    store: {
      ...store,
      query: async (query) => {
        const before = await store.query(query);
        if (query.partition !== limitsKey.pk || !once) return before;
        once = false;
        await between();
        const after = await store.query(query);
        return {
          ...before,
          items: before.items.map((item, i) => (String(item.sk) < at ? item : (after.items[i] ?? item))),
        };
      },
    },
  };
};

test('a slot that moves from shard to shard while they are read one by one is no reason to refuse', async () => {
  const system = testSystem({ globalLimit: 2, userLimit: 9 });
  // Two shards of one slot each.
  system.table.write({
    kind: 'put',
    key: limitsKey,
    item: { ...limitsKey, globalLimit: 2, userLimit: 9, shards: 2 },
  });
  for (const shard of [0, 1]) {
    const key = shardKey(shard);
    system.table.write({ kind: 'put', key, item: { ...key, active: 0, limit: 1, version: 0 } });
  }
  const pair = [await admittedSession(system, 'a'), await admittedSession(system, 'b')];
  const [ahead, behind] = pair.toSorted((x, y) => (x.slotShard ?? 0) - (y.slotShard ?? 0));
  if (!ahead || !behind) throw new Error('both are admitted');
  await release(system.deps, behind, 'user');
  // The shard that is read first is full, the other one has room; by the time that it is read it is the reverse.
  const deps = torn(system, shardKey(1).sk, async () => {
    await admittedSession(system, 'second');
    await release(system.deps, ahead, 'user');
  });
  const third = await createSession(deps, { userId: USER, name: 'third', config: {}, start: true });
  expect(third.admitted).toBe(true);
});
