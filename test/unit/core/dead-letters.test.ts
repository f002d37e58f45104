import { expect, test } from 'vitest';
import { createSession } from '../../../core/admission/create.ts';
import { listDeadLetters, redrive } from '../../../core/events/dead-letters.ts';
import { deliver } from '../../../core/events/deliver.ts';
import { recentDeliveries } from '../../../core/events/deliveries.ts';
import type { PostResult, QueuedDelivery } from '../../../core/events/delivery.ts';
import { acquirePermit, releasePermit } from '../../../core/events/share.ts';
import { webhookId } from '../../../core/events/webhooks.ts';
import { endpointsPartition } from '../../../core/items.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { updateConfig } from '../../../core/lifecycle/update.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const hook = {
  url: 'https://example.com/hook?token=t',
  events: ['*' as const],
  hmac: { key: 'hmac-key' },
  retries: { policy: 'constant' as const, delaySeconds: 3, attempts: 2 },
};

const hooked = async ({ deps }: TestSystem, name = 'a'): Promise<Session> =>
  (await createSession(deps, { userId: 'ann', name, config: { webhooks: [hook] }, start: false })).session;

const event = ({ deps }: TestSystem, session: Session, n: number): QueuedDelivery => ({
  id: `evt_${n}`,
  timestamp: n,
  event: 'message',
  payload: { body: 'a secret' },
  sessionId: session.sessionId,
  userId: 'ann',
  name: session.listName,
  me: null,
  webhook: webhookId(hook, deps.sha256),
});

const down: PostResult = { ok: false, permanent: false, status: 500, detail: 'the endpoint answered 500' };
const up: PostResult = { ok: true, status: 200 };
const attempt = async (system: TestSystem, delivery: QueuedDelivery, result: PostResult, n = 1) => {
  // The circuit breaker has its own tests (breaker.test.ts).
  for (const { pk, sk } of system.table.query({ partition: endpointsPartition('ann'), limit: 10 }).items)
    system.table.write({ kind: 'delete', key: { pk: String(pk), sk: String(sk) } });
  return deliver(system.deps, async () => result, delivery, {
    receives: n,
    queuedMs: 0,
    sequence: String(delivery.timestamp).padStart(20, '0'),
  });
};

const die = async (system: TestSystem, delivery: QueuedDelivery) => {
  expect(await attempt(system, delivery, down, 1)).toEqual({ kind: 'retry', afterSeconds: 3 });
  expect(await attempt(system, delivery, down, 2)).toMatchObject({ kind: 'dead' });
};
const dead = async ({ deps }: TestSystem, filter = {}) =>
  (await listDeadLetters(deps, filter, { limit: 100 })).letters;
/** The next message that the deliverer takes from the queue. */
const taken = (system: TestSystem): QueuedDelivery[] => system.queue.splice(0);

test('an event given up on is listed with what an operator needs, and neither body nor key', async () => {
  const system = testSystem();
  const session = await hooked(system);
  await die(system, event(system, session, 1));
  const letters = await dead(system);
  expect(letters).toEqual([
    {
      eventId: 'evt_1',
      event: 'message',
      userId: 'ann',
      session: 'a',
      webhook: { id: webhookId(hook, system.deps.sha256), url: hook.url },
      attempts: 2,
      error: 'the endpoint answered 500',
      deadAt: '2026-01-01T00:00:00.000Z',
      redrives: 0,
      redrivenAt: null,
    },
  ]);
  expect(JSON.stringify(letters)).not.toMatch(/secret|hmac-key/);
});

test('a redrive sends what is dead again in its order, once however often it is requested', async () => {
  const system = testSystem();
  const session = await hooked(system);
  for (const n of [2, 1, 3]) await die(system, event(system, session, n));
  const reports = await Promise.all([1, 2].map(() => redrive(system.deps, {}, 10_000)));
  expect(reports[0]).toEqual({ redriven: 3, underway: 0, more: false });
  // Two at once may both send; the queue knows the second of each by its redrive.
  const seen = new Map(taken(system).map((delivery) => [`${delivery.id} ${delivery.redrives}`, delivery]));
  expect([...seen.keys()]).toEqual(['evt_1 1', 'evt_2 1', 'evt_3 1']);
  expect(await redrive(system.deps, {}, 10_000)).toEqual({ redriven: 0, underway: 3, more: false });
  expect(taken(system)).toEqual([]);
  for (const delivery of seen.values())
    expect(await attempt(system, delivery, up)).toEqual({ kind: 'delivered' });
  expect(await dead(system)).toEqual([]);
});

test('a redrive for a user whose deliveries are all under way is refused by its bound, and changes nothing', async () => {
  const system = testSystem({ deliveriesPerUser: 2 });
  const { deps } = system;
  const session = await hooked(system);
  await die(system, event(system, session, 1));
  const redriveOf = (userId: string) => redrive(deps, { userId }, 10_000);
  const permits = [await acquirePermit(deps, 'ann', 2), await acquirePermit(deps, 'ann', 2)];
  await expect(redriveOf('ann')).rejects.toMatchObject({
    status: 429,
    extras: { scope: 'deliveries', limit: 2, active: 2, retryAfterSeconds: 20 },
  });
  expect(taken(system)).toEqual([]);
  expect(await redriveOf('bob')).toMatchObject({ redriven: 0 });
  for (const permit of permits) if (permit && permit !== 'full') await releasePermit(deps, 'ann', permit);
  expect(await redriveOf('ann')).toMatchObject({ redriven: 1 });
  // What it sent takes the deliveries; the next call of the same redrive is not refused for them.
  await die(system, event(system, session, 2));
  await Promise.all([acquirePermit(deps, 'ann', 2), acquirePermit(deps, 'ann', 2)]);
  expect(await redriveOf('ann')).toMatchObject({ redriven: 1, underway: 1 });
});

test('a user whose deliverers died is refused no longer than their leases last', async () => {
  const system = testSystem({ deliveriesPerUser: 1 });
  await die(system, event(system, await hooked(system), 1));
  await acquirePermit(system.deps, 'ann', 1);
  // By its session, too: all of it is of one user.
  for (const filter of [{ userId: 'ann' }, { session: 'a' }])
    await expect(redrive(system.deps, filter, 10_000)).rejects.toMatchObject({ status: 429 });
  system.now += 20_000;
  expect(await redrive(system.deps, { userId: 'ann' }, 10_000)).toMatchObject({ redriven: 1 });
});

test('an event given up on again keeps its place, and its next redrive is another one', async () => {
  const system = testSystem();
  const session = await hooked(system);
  await die(system, event(system, session, 1));
  await redrive(system.deps, {}, 10_000);
  const [again] = taken(system);
  if (!again) throw new Error('nothing was redriven');
  await die(system, event(system, session, 2));
  await die(system, again);
  expect((await dead(system)).map(({ eventId, redrives }) => [eventId, redrives])).toEqual([
    ['evt_1', 1],
    ['evt_2', 0],
  ]);
  await redrive(system.deps, {}, 10_000);
  expect(taken(system).map(({ id, redrives }) => [id, redrives])).toEqual([
    ['evt_1', 2],
    ['evt_2', 1],
  ]);
});

test('a redrive that crashes before it records the result loses nothing, and a late one restores nothing', async () => {
  const system = testSystem();
  const session = await hooked(system);
  await die(system, event(system, session, 1));
  const { store } = system.deps;
  const dying = {
    ...system.deps,
    store: {
      ...store,
      write: async () => {
        throw new Error('died');
      },
    },
  };
  await expect(redrive(dying, {}, 10_000)).rejects.toThrow('died');
  expect(await dead(system)).toMatchObject([{ eventId: 'evt_1', redrivenAt: null }]);
  const [sent] = taken(system);
  if (!sent) throw new Error('nothing was sent');
  let delivered = false;
  const late = {
    ...system.deps,
    store: {
      ...store,
      write: async (write: Parameters<typeof store.write>[0]) => {
        if (!delivered) {
          delivered = true;
          await attempt(system, sent, up);
        }
        return store.write(write);
      },
    },
  };
  await redrive(late, {}, 10_000);
  expect(await dead(system)).toEqual([]);
});

test('a redrive can be of one session or one webhook, and stops when its time has passed', async () => {
  const system = testSystem();
  const a = await hooked(system, 'a');
  const b = await hooked(system, 'b');
  for (const session of [a, b]) for (const n of [1, 2]) await die(system, event(system, session, n));
  expect(await redrive(system.deps, { session: 'b' }, 10_000)).toMatchObject({ redriven: 2 });
  expect(taken(system).map(({ name }) => name)).toEqual(['b', 'b']);
  expect(await redrive(system.deps, { webhook: '0'.repeat(16) }, 10_000)).toMatchObject({ redriven: 0 });
  expect(await redrive(system.deps, {}, 0)).toEqual({ redriven: 0, underway: 2, more: true });
  expect(await dead(system, { session: 'a' })).toHaveLength(2);
});

test('a dead letter of a webhook that was removed goes when it is redriven', async () => {
  const system = testSystem();
  const session = await hooked(system);
  await die(system, event(system, session, 1));
  await updateConfig(system.deps, 'ann', 'a', {});
  await redrive(system.deps, {}, 10_000);
  for (const delivery of taken(system))
    expect(await attempt(system, delivery, up)).toEqual({ kind: 'dropped' });
  expect(await dead(system)).toEqual([]);
});

test('an event given up on that is too large for an item is for the queue of dead letters', async () => {
  const system = testSystem();
  const session = await hooked(system);
  const large = { ...event(system, session, 1), payload: { body: 'ä'.repeat(200_000) } };
  await attempt(system, large, down);
  expect(await attempt(system, large, down, 2)).toMatchObject({ kind: 'dead', kept: false });
  await attempt(system, event(system, session, 2), down);
  expect(await attempt(system, event(system, session, 2), down, 2)).toMatchObject({ kept: true });
  expect(await dead(system)).toHaveLength(1);
});

test("a session's deliveries show the latest attempt of each event, newest first", async () => {
  const system = testSystem();
  const session = await hooked(system);
  await attempt(system, event(system, session, 1), { ok: false, permanent: false, detail: 'ECONNRESET' });
  await attempt(system, event(system, session, 1), up, 2);
  await attempt(system, event(system, session, 2), down);
  await attempt(system, event(system, session, 3), { ok: false, permanent: true, detail: 'private address' });
  const found = await recentDeliveries(system.deps, session.sessionId, 50);
  expect(
    found.map(({ eventId, outcome, attempts, status, error }) => [eventId, outcome, attempts, status, error]),
  ).toEqual([
    ['evt_3', 'dead', 1, null, 'private address'],
    ['evt_2', 'retrying', 1, 500, 'the endpoint answered 500'],
    ['evt_1', 'delivered', 2, 200, null],
  ]);
  expect(found[1]).toMatchObject({
    webhook: { host: 'example.com' },
    nextAttemptAt: '2026-01-01T00:00:03.000Z',
  });
  expect(JSON.stringify(found)).not.toMatch(/token|secret/);
});

test('a delivery whose record can not be written counts all the same; a dead letter that can not be kept does not', async () => {
  const system = testSystem();
  const session = await hooked(system);
  await attempt(system, event(system, session, 1), down);
  system.meanwhile = (call) => {
    if (call.startsWith('write')) throw new Error('no database');
  };
  expect(await attempt(system, event(system, session, 2), up)).toEqual({ kind: 'delivered' });
  await expect(attempt(system, event(system, session, 1), down, 2)).rejects.toThrow('no database');
});

test('a message that the queue handed out often without an attempt has all attempts of its policy still to come', async () => {
  const system = testSystem();
  const session = await hooked(system);
  const delivery = event(system, session, 1);
  // Lambda throttled the deliverer: receives went up, nothing was posted. The policy allows two attempts.
  expect(await attempt(system, delivery, down, 50)).toEqual({ kind: 'retry', afterSeconds: 3 });
  expect(await recentDeliveries(system.deps, session.sessionId, 10)).toMatchObject([
    { outcome: 'retrying', attempts: 1 },
  ]);
  expect(await attempt(system, delivery, down, 60)).toMatchObject({ kind: 'dead' });
  expect((await dead(system)).map(({ attempts }) => attempts)).toEqual([2]);
});

test('an event that was sent again has the attempts of its policy again', async () => {
  const system = testSystem();
  const session = await hooked(system);
  await die(system, event(system, session, 1));
  await redrive(system.deps, {}, 10_000);
  const [again] = taken(system);
  if (!again) throw new Error('nothing was sent again');
  expect(await attempt(system, again, down, 7)).toMatchObject({ kind: 'retry' });
  expect(await attempt(system, again, down, 8)).toMatchObject({ kind: 'dead' });
});

test('an event whose success was recorded before its message left the queue is not sent a second time', async () => {
  const system = testSystem();
  const session = await hooked(system);
  const delivery = event(system, session, 1);
  expect(await attempt(system, delivery, up)).toEqual({ kind: 'delivered' });
  // A second post would fail, and be reported as a retry.
  expect(await attempt(system, delivery, down, 2)).toEqual({ kind: 'delivered' });
});
