import { expect, test } from 'vitest';
import { createSession } from '../../../core/admission/create.ts';
import { listDeadLetters, redrive } from '../../../core/events/dead-letters.ts';
import { deliver } from '../../../core/events/deliver.ts';
import { recentDeliveries } from '../../../core/events/deliveries.ts';
import type { PostResult, QueuedDelivery } from '../../../core/events/delivery.ts';
import { webhookId } from '../../../core/events/webhooks.ts';
import { endpointsPartition } from '../../../core/items.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { updateConfig } from '../../../core/lifecycle/update.ts';
import { type Lab, lab } from './test-system.ts';

const hook = {
  url: 'https://example.com/hook?token=t',
  events: ['*' as const],
  hmac: { key: 'hmac-key' },
  retries: { policy: 'constant' as const, delaySeconds: 3, attempts: 2 },
};

const hooked = async ({ deps }: Lab, name = 'a'): Promise<Session> =>
  (await createSession(deps, { userId: 'ann', name, config: { webhooks: [hook] }, start: false })).session;

const event = ({ deps }: Lab, session: Session, n: number): QueuedDelivery => ({
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
const attempt = async (place: Lab, delivery: QueuedDelivery, result: PostResult, n = 1) => {
  // The circuit breaker has tests of its own (breaker.test.ts).
  for (const { pk, sk } of place.table.query({ partition: endpointsPartition('ann'), limit: 10 }).items)
    place.table.write({ kind: 'delete', key: { pk: String(pk), sk: String(sk) } });
  return deliver(place.deps, async () => result, delivery, {
    receives: n,
    queuedMs: 0,
    sequence: String(delivery.timestamp).padStart(20, '0'),
  });
};

const die = async (place: Lab, delivery: QueuedDelivery) => {
  expect(await attempt(place, delivery, down, 1)).toEqual({ kind: 'retry', afterSeconds: 3 });
  expect(await attempt(place, delivery, down, 2)).toMatchObject({ kind: 'dead' });
};
const dead = async ({ deps }: Lab, filter = {}) =>
  (await listDeadLetters(deps, filter, { limit: 100 })).letters;
/** What the deliverer takes from the queue next. */
const taken = (place: Lab): QueuedDelivery[] => place.queue.splice(0);

test('an event given up on is listed with what an operator needs, and neither body nor key', async () => {
  const place = lab();
  const session = await hooked(place);
  await die(place, event(place, session, 1));
  const letters = await dead(place);
  expect(letters).toEqual([
    {
      eventId: 'evt_1',
      event: 'message',
      userId: 'ann',
      session: 'a',
      webhook: { id: webhookId(hook, place.deps.sha256), url: hook.url },
      attempts: 2,
      error: 'the endpoint answered 500',
      deadAt: '2026-01-01T00:00:00.000Z',
      redrives: 0,
      redrivenAt: null,
    },
  ]);
  expect(JSON.stringify(letters)).not.toMatch(/secret|hmac-key/);
});

test('a redrive sends what is dead again in its order, once however often it is asked for', async () => {
  const place = lab();
  const session = await hooked(place);
  for (const n of [2, 1, 3]) await die(place, event(place, session, n));
  const reports = await Promise.all([1, 2].map(() => redrive(place.deps, {}, 10_000)));
  expect(reports[0]).toEqual({ redriven: 3, underway: 0, more: false });
  // Two at once may both send; the queue knows the second of each by its redrive.
  const seen = new Map(taken(place).map((delivery) => [`${delivery.id} ${delivery.redrives}`, delivery]));
  expect([...seen.keys()]).toEqual(['evt_1 1', 'evt_2 1', 'evt_3 1']);
  expect(await redrive(place.deps, {}, 10_000)).toEqual({ redriven: 0, underway: 3, more: false });
  expect(taken(place)).toEqual([]);
  for (const delivery of seen.values())
    expect(await attempt(place, delivery, up)).toEqual({ kind: 'delivered' });
  expect(await dead(place)).toEqual([]);
});

test('an event given up on again keeps its place, and its next redrive is another one', async () => {
  const place = lab();
  const session = await hooked(place);
  await die(place, event(place, session, 1));
  await redrive(place.deps, {}, 10_000);
  const [again] = taken(place);
  if (!again) throw new Error('nothing was redriven');
  await die(place, event(place, session, 2));
  await die(place, again);
  expect((await dead(place)).map(({ eventId, redrives }) => [eventId, redrives])).toEqual([
    ['evt_1', 1],
    ['evt_2', 0],
  ]);
  await redrive(place.deps, {}, 10_000);
  expect(taken(place).map(({ id, redrives }) => [id, redrives])).toEqual([
    ['evt_1', 2],
    ['evt_2', 1],
  ]);
});

test('a redrive that dies before it wrote that down loses nothing, and one that comes late brings nothing back', async () => {
  const place = lab();
  const session = await hooked(place);
  await die(place, event(place, session, 1));
  const { store } = place.deps;
  const dying = {
    ...place.deps,
    store: {
      ...store,
      write: async () => {
        throw new Error('died');
      },
    },
  };
  await expect(redrive(dying, {}, 10_000)).rejects.toThrow('died');
  expect(await dead(place)).toMatchObject([{ eventId: 'evt_1', redrivenAt: null }]);
  const [sent] = taken(place);
  if (!sent) throw new Error('nothing was sent');
  let delivered = false;
  const late = {
    ...place.deps,
    store: {
      ...store,
      write: async (write: Parameters<typeof store.write>[0]) => {
        if (!delivered) {
          delivered = true;
          await attempt(place, sent, up);
        }
        return store.write(write);
      },
    },
  };
  await redrive(late, {}, 10_000);
  expect(await dead(place)).toEqual([]);
});

test('a redrive can be of one session or one webhook, and stops when its time is over', async () => {
  const place = lab();
  const a = await hooked(place, 'a');
  const b = await hooked(place, 'b');
  for (const session of [a, b]) for (const n of [1, 2]) await die(place, event(place, session, n));
  expect(await redrive(place.deps, { session: 'b' }, 10_000)).toMatchObject({ redriven: 2 });
  expect(taken(place).map(({ name }) => name)).toEqual(['b', 'b']);
  expect(await redrive(place.deps, { webhook: '0'.repeat(16) }, 10_000)).toMatchObject({ redriven: 0 });
  expect(await redrive(place.deps, {}, 0)).toEqual({ redriven: 0, underway: 2, more: true });
  expect(await dead(place, { session: 'a' })).toHaveLength(2);
});

test('a dead letter of a webhook that was removed goes when it is redriven', async () => {
  const place = lab();
  const session = await hooked(place);
  await die(place, event(place, session, 1));
  await updateConfig(place.deps, 'ann', 'a', {});
  await redrive(place.deps, {}, 10_000);
  for (const delivery of taken(place))
    expect(await attempt(place, delivery, up)).toEqual({ kind: 'dropped' });
  expect(await dead(place)).toEqual([]);
});

test('an event given up on that is too large for an item is for the queue of dead letters', async () => {
  const place = lab();
  const session = await hooked(place);
  const large = { ...event(place, session, 1), payload: { body: 'ä'.repeat(200_000) } };
  await attempt(place, large, down);
  expect(await attempt(place, large, down, 2)).toMatchObject({ kind: 'dead', kept: false });
  await attempt(place, event(place, session, 2), down);
  expect(await attempt(place, event(place, session, 2), down, 2)).toMatchObject({ kept: true });
  expect(await dead(place)).toHaveLength(1);
});

test("a session's deliveries show the latest attempt of each event, newest first", async () => {
  const place = lab();
  const session = await hooked(place);
  await attempt(place, event(place, session, 1), { ok: false, permanent: false, detail: 'ECONNRESET' });
  await attempt(place, event(place, session, 1), up, 2);
  await attempt(place, event(place, session, 2), down);
  await attempt(place, event(place, session, 3), { ok: false, permanent: true, detail: 'private address' });
  const found = await recentDeliveries(place.deps, session.sessionId, 50);
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
  const place = lab();
  const session = await hooked(place);
  await attempt(place, event(place, session, 1), down);
  place.meanwhile = (call) => {
    if (call.startsWith('write')) throw new Error('no database');
  };
  expect(await attempt(place, event(place, session, 2), up)).toEqual({ kind: 'delivered' });
  await expect(attempt(place, event(place, session, 1), down, 2)).rejects.toThrow('no database');
});

test('a message that the queue handed out often without an attempt has all attempts of its policy still to come', async () => {
  const place = lab();
  const session = await hooked(place);
  const delivery = event(place, session, 1);
  // Lambda throttled the deliverer: receives went up, nothing was posted. The policy allows two attempts.
  expect(await attempt(place, delivery, down, 50)).toEqual({ kind: 'retry', afterSeconds: 3 });
  expect(await recentDeliveries(place.deps, session.sessionId, 10)).toMatchObject([
    { outcome: 'retrying', attempts: 1 },
  ]);
  expect(await attempt(place, delivery, down, 60)).toMatchObject({ kind: 'dead' });
  expect((await dead(place)).map(({ attempts }) => attempts)).toEqual([2]);
});

test('an event that was sent again has the attempts of its policy again', async () => {
  const place = lab();
  const session = await hooked(place);
  await die(place, event(place, session, 1));
  await redrive(place.deps, {}, 10_000);
  const [again] = taken(place);
  if (!again) throw new Error('nothing was sent again');
  expect(await attempt(place, again, down, 7)).toMatchObject({ kind: 'retry' });
  expect(await attempt(place, again, down, 8)).toMatchObject({ kind: 'dead' });
});

test('an event whose success was recorded before its message left the queue is not sent a second time', async () => {
  const place = lab();
  const session = await hooked(place);
  const delivery = event(place, session, 1);
  expect(await attempt(place, delivery, up)).toEqual({ kind: 'delivered' });
  // A second post would fail, and be told as a retry.
  expect(await attempt(place, delivery, down, 2)).toEqual({ kind: 'delivered' });
});
