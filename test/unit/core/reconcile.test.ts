import { expect, test } from 'vitest';
import { changeLimits } from '../../../core/admission/limits.ts';
import { sessionKey, shardKey, slotKey, userQuotaKey } from '../../../core/items.ts';
import { release } from '../../../core/lifecycle/release.ts';
import { updateConfig } from '../../../core/lifecycle/update.ts';
import { passCap } from '../../../core/reaping/brake.ts';
import { reconcile } from '../../../core/reconciliation/reconcile.ts';
import { type Item, StoreConflict } from '../../../core/store.ts';
import { admittedSession, load, USER, workingSession } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const set = (system: TestSystem, key: Parameters<TestSystem['table']['get']>[0], values: Item) =>
  system.table.write({ kind: 'update', key, set: values });
const active = (system: TestSystem, key = userQuotaKey(USER)) => system.table.get(key)?.active;

test('a counter that drifted is set to the number of slots, and the drift is reported', async () => {
  const system = testSystem();
  await admittedSession(system);
  set(system, shardKey(0), { active: 3 });
  set(system, userQuotaKey(USER), { active: 0 });
  expect(await reconcile(system.deps)).toMatchObject({ drift: 3 });
  expect([active(system), active(system, shardKey(0))]).toEqual([1, 1]);
  expect(await reconcile(system.deps)).toMatchObject({ drift: 0 });
});

test('a counter that moves while it is recounted is not changed', async () => {
  const system = testSystem();
  await admittedSession(system);
  set(system, shardKey(0), { active: 3 });
  system.meanwhile = (call) => {
    if (call === 'write GLOBAL')
      system.table.write({ kind: 'update', key: shardKey(0), add: { active: 1, version: 1 } });
  };
  expect(await reconcile(system.deps)).toMatchObject({ drift: 0 });
  expect(active(system, shardKey(0))).toBe(4);
});

test('a user who is admitted on a new shard during a recount keeps their count', async () => {
  const system = testSystem({ globalLimit: 3, userLimit: 50 });
  for (const name of ['a', 'b', 'c']) await admittedSession(system, name);
  const { store } = system.deps;
  let raced = false;
  const deps = {
    ...system.deps,
    store: {
      ...store,
      query: async (query: Parameters<typeof store.query>[0]) => {
        // Between the read of the shards and that of the users' counters there are suddenly eight shards.
        if (query.index === 'ofUser' && !raced) {
          raced = true;
          await changeLimits(system.deps, { global: 240 });
          for (let i = 0; i < 12; i++) await admittedSession(system, `s${i}`);
        }
        return store.query(query);
      },
    },
  };
  await reconcile(deps);
  expect(raced).toBe(true);
  expect(active(system)).toBe(15);
});

test('a slot comes back although a counter stands at nought, and a recount under way is not fooled by it', async () => {
  const system = testSystem();
  const session = await admittedSession(system);
  set(system, userQuotaKey(USER), { active: 0 });
  const before = system.table.get(userQuotaKey(USER))?.version;
  expect(await release(system.deps, session, 'user')).toMatchObject({ ended: true });
  expect(system.table.get(slotKey(0, session.sessionId))).toBeUndefined();
  expect(active(system)).toBe(0);
  expect(system.table.get(userQuotaKey(USER))?.version).not.toBe(before);
});

test('however often a slot is released, it is counted once', async () => {
  const system = testSystem();
  await admittedSession(system, 'b');
  const session = await admittedSession(system);
  const all = await Promise.all([1, 2, 3].map(() => release(system.deps, session, 'user')));
  expect(all.filter((outcome) => outcome.ended)).toHaveLength(1);
  expect([active(system), active(system, shardKey(0))]).toEqual([1, 1]);
});

test('a task that no session owns is marked, looked at again, then stopped; one that is owned never is', async () => {
  const system = testSystem();
  await workingSession(system);
  system.tasks.set('stray', {
    taskArn: 'stray',
    sessionId: 'ses_gone',
    epoch: 1,
    createdAt: system.now,
    stopped: false,
  });
  expect(await reconcile(system.deps)).toMatchObject({ orphansMarked: 0 });
  system.now += 121_000;
  expect(await reconcile(system.deps)).toMatchObject({ orphansMarked: 1, orphansStopped: 0 });
  expect(await reconcile(system.deps)).toMatchObject({ orphansStopped: 0 });
  system.now += 31_000;
  expect(await reconcile(system.deps)).toMatchObject({ orphansStopped: 1 });
  expect(system.stopCalls).toEqual(['stray']);
});

test('a pass stops no more than a quarter of what runs, or five', async () => {
  expect([0, 5, 20, 24, 100].map(passCap)).toEqual([5, 5, 5, 6, 25]);
  const system = testSystem();
  for (let i = 0; i < 12; i++) {
    const taskArn = `stray-${i}`;
    system.tasks.set(taskArn, {
      taskArn,
      sessionId: undefined,
      epoch: undefined,
      createdAt: 0,
      stopped: false,
    });
  }
  await reconcile(system.deps);
  system.now += 60_000;
  await reconcile(system.deps);
  expect(system.stopCalls).toHaveLength(5);
});

test('a session whose task is gone is released, and a young one is spared', async () => {
  const system = testSystem();
  await workingSession(system);
  system.tasks.clear();
  expect(await reconcile(system.deps)).toMatchObject({ released: 0 });
  system.now += 121_000;
  expect(await reconcile(system.deps)).toMatchObject({ released: 1 });
  expect(await load(system)).toMatchObject({ state: 'FAILED', stopReason: 'crashed' });
});

test('a read that fails ends the pass before anything is touched', async () => {
  const system = testSystem();
  await workingSession(system);
  set(system, shardKey(0), { active: 7 });
  system.now += 121_000;
  const deps = {
    ...system.deps,
    tasks: {
      ...system.deps.tasks,
      list: async () => {
        throw new Error('no answer');
      },
    },
  };
  await expect(reconcile(deps)).rejects.toThrow('no answer');
  expect(active(system, shardKey(0))).toBe(7);
  expect((await load(system)).state).toBe('RUNNING');
});

test('a config is changed although the database refuses at first', async () => {
  const system = testSystem();
  await admittedSession(system);
  let refused = false;
  system.meanwhile = (call) => {
    if (!call.startsWith('write SESSION#') || refused) return;
    refused = true;
    throw new StoreConflict('conflict');
  };
  await updateConfig(system.deps, USER, 'a', { maxDurationSeconds: 60 });
  expect(system.table.get(sessionKey(USER, 'a'))).toMatchObject({
    config: { maxDurationSeconds: 60 },
    expectedEndAt: system.now - (system.now % 1000) + 60_000,
  });
});

test('a pass over many healthy sessions reads them in batches and asks for none of them alone', async () => {
  const system = testSystem({ globalLimit: 250, userLimit: 250 });
  for (let i = 0; i < 120; i++) await workingSession(system, `s${i}`);
  system.now += 121_000;
  const calls: string[] = [];
  system.meanwhile = (call) => void calls.push(call);
  expect(await reconcile(system.deps)).toMatchObject({ orphansMarked: 0, released: 0 });
  expect(calls.filter((call) => call.startsWith('get '))).toEqual([]);
  // The requests of a pass grow with the number of shards and of users, not of sessions.
  expect(calls.length).toBeLessThan(40);
});

test('a session admitted after the holders were read loses no task', async () => {
  const system = testSystem();
  const { store, tasks } = system.deps;
  let admitted = false;
  const deps = {
    ...system.deps,
    store,
    tasks: {
      ...tasks,
      list: async () => {
        if (!admitted) {
          admitted = true;
          await workingSession(system);
        }
        // ECS answers late: by now the task would be old enough.
        system.now += 121_000;
        return tasks.list();
      },
    },
  };
  expect(await reconcile(deps)).toMatchObject({ orphansMarked: 0, orphansStopped: 0 });
});
