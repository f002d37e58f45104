import { expect, test } from 'vitest';
import { createSession } from '../../../core/admission/create.ts';
import { changeLimits } from '../../../core/admission/limits.ts';
import { readCapacity } from '../../../core/admission/read-capacity.ts';
import { sessionKey, userQuotaKey } from '../../../core/items.ts';
import { release } from '../../../core/lifecycle/release.ts';
import { startSession } from '../../../core/lifecycle/start.ts';
import { updateConfig } from '../../../core/lifecycle/update.ts';
import { StoreAmbiguous } from '../../../core/store.ts';
import { admittedSession, load, USER } from './session.ts';
import { testSystem } from './test-system.ts';

const create = (key: string, name = 'a') => ({
  userId: USER,
  name,
  config: {},
  start: true,
  idempotency: { key, requestHash: `${key}${name}` },
});

test('a repeated request gets its first answer although the limit is reached by then', async () => {
  const { deps } = testSystem({ userLimit: 1 });
  const first = await createSession(deps, create('k'));
  const again = await createSession(deps, create('k'));
  expect(again).toMatchObject({ admitted: false, session: { sessionId: first.session.sessionId } });
  await expect(createSession(deps, create('other', 'b'))).rejects.toMatchObject({ code: 'too_many' });
});

test('the same idempotency key for another request is rejected, with or without free slots', async () => {
  const { deps } = testSystem({ userLimit: 1 });
  await createSession(deps, create('k'));
  const other = { ...create('k'), idempotency: { key: 'k', requestHash: 'another' } };
  await expect(createSession(deps, other)).rejects.toMatchObject({ code: 'unprocessable' });
});

test('a name that exists is refused as such although the limit is reached', async () => {
  const { deps } = testSystem({ userLimit: 1 });
  await createSession(deps, create('k'));
  await expect(createSession(deps, create('other'))).rejects.toMatchObject({ code: 'unprocessable' });
});

test('a config that changes while a session is admitted again is the one that it is admitted under', async () => {
  const system = testSystem();
  const session = await admittedSession(system);
  await release(system.deps, session, 'user');
  const { store } = system.deps;
  let changed = false;
  const deps = {
    ...system.deps,
    store: {
      ...store,
      transact: async (...call: Parameters<typeof store.transact>) => {
        if (!changed) {
          changed = true;
          await updateConfig(system.deps, USER, 'a', { idleTimeoutSeconds: 60 });
        }
        return store.transact(...call);
      },
    },
  };
  const again = await startSession(deps, USER, 'a');
  // Deadlines and the event's webhooks follow from it.
  expect(again).toMatchObject({ admitted: true, session: { epoch: 2, config: { idleTimeoutSeconds: 60 } } });
});

test('a write that lands after its caller gave up on it counts as the caller’s own', async () => {
  const system = testSystem();
  const { store } = system.deps;
  const late: (() => Promise<unknown>)[] = [];
  let first = true;
  const deps = {
    ...system.deps,
    store: {
      ...store,
      transact: async (...call: Parameters<typeof store.transact>) => {
        const admission = call[0].some(({ key }) => key.pk.startsWith('SESSION#'));
        for (const land of late.splice(0)) await land();
        if (!admission || !first) return store.transact(...call);
        first = false;
        late.push(() => store.transact(...call));
        throw new StoreAmbiguous('no answer');
      },
    },
  };
  const created = await createSession(deps, { userId: USER, name: 'a', config: {}, start: true });
  expect(created.admitted).toBe(true);
});

test('no admission passes a default limit that was lowered after it was read', async () => {
  const system = testSystem({ userLimit: 2 });
  await admittedSession(system, 'a');
  let lowered: Promise<unknown> | undefined;
  const { deps } = system;
  system.meanwhile = (call) => {
    if (call !== 'transact' || lowered) return;
    lowered = Promise.resolve();
    system.meanwhile = () => {};
  };
  const store = deps.store;
  const racing = {
    ...deps,
    store: {
      ...store,
      transact: async (...call: Parameters<typeof store.transact>) => {
        if (call[0].some(({ key }) => key.pk.startsWith('SESSION#')))
          await changeLimits(deps, { userDefault: 1 });
        return store.transact(...call);
      },
    },
  };
  await expect(
    createSession(racing, { userId: USER, name: 'b', config: {}, start: true }),
  ).rejects.toMatchObject({ code: 'too_many', extras: { scope: 'user', limit: 1, active: 1 } });
});

test('a user’s own limit replaces the default, up and down', async () => {
  const system = testSystem({ userLimit: 1, globalLimit: 10 });
  await changeLimits(system.deps, { user: { userId: USER, limit: 2 } });
  await admittedSession(system, 'a');
  await admittedSession(system, 'b');
  await expect(admittedSession(system, 'c')).rejects.toMatchObject({ extras: { scope: 'user', limit: 2 } });
  await changeLimits(system.deps, { user: { userId: USER, limit: null } });
  await expect(admittedSession(system, 'c')).rejects.toMatchObject({ extras: { scope: 'user', limit: 1 } });
});

test('a lowered global limit stops no session and admits none until there is room', async () => {
  const system = testSystem({ userLimit: 9, globalLimit: 3 });
  for (const name of ['a', 'b', 'c']) await admittedSession(system, name);
  await changeLimits(system.deps, { global: 2 });
  expect((await readCapacity(system.deps))?.active).toBe(3);
  await release(system.deps, await load(system, 'a'), 'user');
  await expect(admittedSession(system, 'd')).rejects.toMatchObject({ extras: { scope: 'global', limit: 2 } });
  await release(system.deps, await load(system, 'b'), 'user');
  expect((await admittedSession(system, 'd')).state).toBe('PENDING');
});

test('room that lies in another shard is found', async () => {
  const system = testSystem({ userLimit: 99, globalLimit: 201 });
  for (let i = 0; i < 12; i++) await admittedSession(system, `s${i}`);
  await changeLimits(system.deps, { global: 12 });
  await release(system.deps, await load(system, 's3'), 'user');
  await admittedSession(system, 'again');
  await expect(admittedSession(system, 'more')).rejects.toMatchObject({
    extras: { scope: 'global', active: 12 },
  });
});

test('starting a session that holds its slot changes nothing', async () => {
  const system = testSystem();
  const session = await admittedSession(system);
  const before = system.table.get(sessionKey(USER, 'a'));
  expect(await startSession(system.deps, USER, 'a')).toMatchObject({ admitted: false });
  expect(system.table.get(sessionKey(USER, 'a'))).toEqual(before);
  expect(system.table.get(userQuotaKey(USER))).toMatchObject({ active: 1 });
  expect(session.epoch).toBe(1);
});
