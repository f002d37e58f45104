import { expect, test } from 'vitest';
import { changeLimits } from '../../../core/admission/limits.ts';
import { sessionKey, shardKey, slotKey, userQuotaKey } from '../../../core/items.ts';
import { release } from '../../../core/lifecycle/release.ts';
import { updateConfig } from '../../../core/lifecycle/update.ts';
import { passCap } from '../../../core/reaping/brake.ts';
import { reconcile } from '../../../core/reconciliation/reconcile.ts';
import { type Item, StoreConflict } from '../../../core/store.ts';
import { admittedSession, load, USER, workingSession } from './session.ts';
import { type Lab, lab } from './test-system.ts';

const set = (place: Lab, key: Parameters<Lab['table']['get']>[0], values: Item) =>
  place.table.write({ kind: 'update', key, set: values });
const active = (place: Lab, key = userQuotaKey(USER)) => place.table.get(key)?.active;

test('a counter that drifted is set to what is held, and the drift is told', async () => {
  const place = lab();
  await admittedSession(place);
  set(place, shardKey(0), { active: 3 });
  set(place, userQuotaKey(USER), { active: 0 });
  expect(await reconcile(place.deps)).toMatchObject({ drift: 3 });
  expect([active(place), active(place, shardKey(0))]).toEqual([1, 1]);
  expect(await reconcile(place.deps)).toMatchObject({ drift: 0 });
});

test('a counter that moves while it is recounted is left alone', async () => {
  const place = lab();
  await admittedSession(place);
  set(place, shardKey(0), { active: 3 });
  place.meanwhile = (call) => {
    if (call === 'write GLOBAL')
      place.table.write({ kind: 'update', key: shardKey(0), add: { active: 1, version: 1 } });
  };
  expect(await reconcile(place.deps)).toMatchObject({ drift: 0 });
  expect(active(place, shardKey(0))).toBe(4);
});

test('a user who is admitted on a new shard during a recount keeps their count', async () => {
  const place = lab({ globalLimit: 3, userLimit: 50 });
  for (const name of ['a', 'b', 'c']) await admittedSession(place, name);
  const { store } = place.deps;
  let raced = false;
  const deps = {
    ...place.deps,
    store: {
      ...store,
      query: async (query: Parameters<typeof store.query>[0]) => {
        // Between the read of the shards and that of the users' counters there are suddenly eight shards.
        if (query.index === 'byUser' && !raced) {
          raced = true;
          await changeLimits(place.deps, { global: 240 });
          for (let i = 0; i < 12; i++) await admittedSession(place, `s${i}`);
        }
        return store.query(query);
      },
    },
  };
  await reconcile(deps);
  expect(raced).toBe(true);
  expect(active(place)).toBe(15);
});

test('a slot comes back although a counter stands at nought, and a recount under way is not fooled by it', async () => {
  const place = lab();
  const session = await admittedSession(place);
  set(place, userQuotaKey(USER), { active: 0 });
  const before = place.table.get(userQuotaKey(USER))?.version;
  expect(await release(place.deps, session, 'user')).toMatchObject({ ended: true });
  expect(place.table.get(slotKey(0, session.sessionId))).toBeUndefined();
  expect(active(place)).toBe(0);
  expect(place.table.get(userQuotaKey(USER))?.version).not.toBe(before);
});

test('however often a slot is released, it is counted once', async () => {
  const place = lab();
  await admittedSession(place, 'b');
  const session = await admittedSession(place);
  const all = await Promise.all([1, 2, 3].map(() => release(place.deps, session, 'user')));
  expect(all.filter((outcome) => outcome.ended)).toHaveLength(1);
  expect([active(place), active(place, shardKey(0))]).toEqual([1, 1]);
});

test('a task that no session owns is marked, looked at again, then stopped; one that is owned never is', async () => {
  const place = lab();
  await workingSession(place);
  place.tasks.set('stray', {
    taskArn: 'stray',
    sessionId: 'ses_gone',
    epoch: 1,
    createdAt: place.now,
    stopped: false,
  });
  expect(await reconcile(place.deps)).toMatchObject({ orphansMarked: 0 });
  place.now += 121_000;
  expect(await reconcile(place.deps)).toMatchObject({ orphansMarked: 1, orphansStopped: 0 });
  expect(await reconcile(place.deps)).toMatchObject({ orphansStopped: 0 });
  place.now += 31_000;
  expect(await reconcile(place.deps)).toMatchObject({ orphansStopped: 1 });
  expect(place.stopCalls).toEqual(['stray']);
});

test('a pass stops no more than a quarter of what runs, or five', async () => {
  expect([0, 5, 20, 24, 100].map(passCap)).toEqual([5, 5, 5, 6, 25]);
  const place = lab();
  for (let i = 0; i < 12; i++) {
    const taskArn = `stray-${i}`;
    place.tasks.set(taskArn, {
      taskArn,
      sessionId: undefined,
      epoch: undefined,
      createdAt: 0,
      stopped: false,
    });
  }
  await reconcile(place.deps);
  place.now += 60_000;
  await reconcile(place.deps);
  expect(place.stopCalls).toHaveLength(5);
});

test('a session whose task is gone is released, and a young one is spared', async () => {
  const place = lab();
  await workingSession(place);
  place.tasks.clear();
  expect(await reconcile(place.deps)).toMatchObject({ released: 0 });
  place.now += 121_000;
  expect(await reconcile(place.deps)).toMatchObject({ released: 1 });
  expect(await load(place)).toMatchObject({ state: 'FAILED', stopReason: 'crashed' });
});

test('a read that fails ends the pass before anything is touched', async () => {
  const place = lab();
  await workingSession(place);
  set(place, shardKey(0), { active: 7 });
  place.now += 121_000;
  const deps = {
    ...place.deps,
    tasks: {
      ...place.deps.tasks,
      list: async () => {
        throw new Error('no answer');
      },
    },
  };
  await expect(reconcile(deps)).rejects.toThrow('no answer');
  expect(active(place, shardKey(0))).toBe(7);
  expect((await load(place)).state).toBe('RUNNING');
});

test('a config is changed although the database refuses at first', async () => {
  const place = lab();
  await admittedSession(place);
  let refused = false;
  place.meanwhile = (call) => {
    if (!call.startsWith('write SESSION#') || refused) return;
    refused = true;
    throw new StoreConflict('conflict');
  };
  await updateConfig(place.deps, USER, 'a', { maxDurationSeconds: 60 });
  expect(place.table.get(sessionKey(USER, 'a'))).toMatchObject({
    config: { maxDurationSeconds: 60 },
    expectedEndAt: place.now - (place.now % 1000) + 60_000,
  });
});

test('a pass over many healthy sessions reads them in batches and asks for none of them alone', async () => {
  const place = lab({ globalLimit: 250, userLimit: 250 });
  for (let i = 0; i < 120; i++) await workingSession(place, `s${i}`);
  place.now += 121_000;
  const calls: string[] = [];
  place.meanwhile = (call) => void calls.push(call);
  expect(await reconcile(place.deps)).toMatchObject({ orphansMarked: 0, released: 0 });
  expect(calls.filter((call) => call.startsWith('get '))).toEqual([]);
  // What a pass asks grows with the number of shards and of users, not of sessions.
  expect(calls.length).toBeLessThan(40);
});

test('a session admitted after the holders were read loses no task', async () => {
  const place = lab();
  const { store, tasks } = place.deps;
  let admitted = false;
  const deps = {
    ...place.deps,
    store,
    tasks: {
      ...tasks,
      list: async () => {
        if (!admitted) {
          admitted = true;
          await workingSession(place);
        }
        // ECS answers late: by now the task would be old enough.
        place.now += 121_000;
        return tasks.list();
      },
    },
  };
  expect(await reconcile(deps)).toMatchObject({ orphansMarked: 0, orphansStopped: 0 });
});
