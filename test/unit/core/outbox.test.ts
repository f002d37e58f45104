import { expect, test } from 'vitest';
import { createSession } from '../../../core/admission/create.ts';
import { launchAndPublish } from '../../../core/admission/launch-and-publish.ts';
import { sweepOutbox } from '../../../core/events/outbox.ts';
import { deleteSession } from '../../../core/lifecycle/end.ts';
import { release } from '../../../core/lifecycle/release.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { acceptEvents, report } from '../../../core/lifecycle/worker.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { bootstrapped, load, USER } from './session.ts';
import { type Lab, lab } from './test-system.ts';

const hooked = async ({ deps }: Lab, name = 'a'): Promise<Session> => {
  const webhooks = [{ url: 'https://example.com/hook', events: ['*' as const] }];
  return (await createSession(deps, { userId: USER, name, config: { webhooks }, start: true })).session;
};

/** The queue takes nothing. */
const refusing = ({ deps }: Lab) => ({
  ...deps,
  events: {
    send: async () => {
      throw new Error('SQS did not answer');
    },
  },
});

const sent = (place: Lab) => place.queue.map(({ event }) => event);
const ids = (place: Lab) => place.queue.map(({ id }) => id);
const outbox = ({ table }: Lab) => [...table.items()].filter(({ pk }) => String(pk).startsWith('OUTBOX#'));
const feed = ({ table }: Lab) => [...table.items()].filter(({ pk }) => String(pk).startsWith('FEED#'));

test('an event is in the outbox as soon as its change is committed, whoever dies then, and the next sweep sends it', async () => {
  const place = lab();
  const session = await hooked(place);
  expect(outbox(place)).toMatchObject([{ event: 'session.admitted', sessionId: session.sessionId }]);
  place.now += 11_000;
  await reap(place.deps);
  expect(sent(place)).toEqual(['session.admitted']);
  expect(outbox(place)).toEqual([]);
});

test('what the queue refused is sent later with the same id, and once', async () => {
  const place = lab();
  const session = await hooked(place);
  await launchAndPublish(refusing(place), session);
  const [waiting] = outbox(place);
  place.now += 11_000;
  expect(await sweepOutbox(place.deps)).toBe(0);
  expect(await sweepOutbox(place.deps)).toBe(0);
  expect(ids(place)).toEqual([waiting?.id]);
  expect(feed(place)).toMatchObject([{ id: waiting?.id, event: 'session.admitted' }]);
});

test('a sweep that can not send says so, and leaves everything where it is', async () => {
  const place = lab();
  await hooked(place, 'a');
  await hooked(place, 'b');
  place.now += 11_000;
  expect(await sweepOutbox(refusing(place))).toBe(2);
  expect(outbox(place)).toHaveLength(2);
  expect(await sweepOutbox(place.deps)).toBe(0);
  expect(sent(place)).toEqual(['session.admitted', 'session.admitted']);
});

test('a sweep leaves to the function that made a change the first ten seconds', async () => {
  const place = lab();
  await hooked(place);
  await sweepOutbox(place.deps);
  expect(sent(place)).toEqual([]);
});

test('whoever sends takes what waited before along, in the order in which it happened', async () => {
  const place = lab();
  const session = await hooked(place);
  const launched = await launchAndPublish(refusing(place), session);
  const up = await bootstrapped(place, launched);
  await report(refusing(place), up, { seq: 1, status: 'SCAN_QR_CODE' });
  await release(place.deps, await load(place), 'user');
  expect(sent(place)).toEqual(['session.admitted', 'session.status', 'session.stopped']);
  expect(place.queue.at(-1)?.payload).toEqual({ stopReason: 'user', state: 'STOPPED', status: 'STOPPED' });
  expect(outbox(place)).toEqual([]);
});

test("a worker's events stay behind what the control plane told before", async () => {
  const place = lab();
  const session = await hooked(place);
  await launchAndPublish(refusing(place), session);
  const message = {
    id: 'evt_00000000000000000000000001',
    timestamp: 1,
    event: 'message',
    payload: { body: 'x' },
  };
  await acceptEvents(place.deps, session, { events: [message] });
  expect(sent(place)).toEqual(['session.admitted', 'message']);
  await expect(acceptEvents(refusing(place), session, { events: [message] })).rejects.toThrow(/SQS/);
});

test('timeline and feed hear of a session that will expire, and nothing of its messages', async () => {
  const place = lab();
  const session = await hooked(place);
  const event = (id: number, name: string, payload: unknown) => ({
    id: `evt_${String(id).padStart(26, '0')}`,
    timestamp: place.now,
    event: name,
    payload,
  });
  const events = [
    event(1, 'message', { body: 'secret' }),
    event(2, 'session.expiring', { reason: 'idle', at: 5, more: 'secret' }),
  ];
  await acceptEvents(place.deps, session, { events });
  expect(feed(place).map(({ event: name, payload }) => [name, payload])).toEqual([
    ['session.admitted', { epoch: 1 }],
    ['session.expiring', { reason: 'idle', at: 5 }],
  ]);
  expect(JSON.stringify([...place.table.items()])).not.toContain('secret');
});

test('the last event of a session that was deleted before it was sent is still in the feed', async () => {
  const place = lab();
  const session = await hooked(place);
  await release(refusing(place), session, 'user');
  await deleteSession(place.deps, await load(place));
  place.now += 11_000;
  expect(await sweepOutbox(place.deps)).toBe(0);
  expect(sent(place)).toEqual([]);
  expect(feed(place).map(({ event }) => event)).toEqual(['session.admitted', 'session.stopped']);
});
