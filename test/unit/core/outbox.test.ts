import { expect, test } from 'vitest';
import { WEBHOOK_PAYLOADS } from '../../../contract/webhooks/bodies.ts';
import { createSession } from '../../../core/admission/create.ts';
import { launchAndPublish } from '../../../core/admission/launch-and-publish.ts';
import { sweepOutbox } from '../../../core/events/outbox.ts';
import { deleteSession } from '../../../core/lifecycle/end.ts';
import { release } from '../../../core/lifecycle/release.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import { acceptEvents, report } from '../../../core/lifecycle/worker.ts';
import { reap } from '../../../core/reaping/reap.ts';
import { bootstrapped, load, USER } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const hooked = async ({ deps }: TestSystem, name = 'a'): Promise<Session> => {
  const webhooks = [{ url: 'https://example.com/hook', events: ['*' as const] }];
  return (await createSession(deps, { userId: USER, name, config: { webhooks }, start: true })).session;
};

/** The queue takes nothing. */
const refusing = ({ deps }: TestSystem) => ({
  ...deps,
  events: {
    send: async () => {
      throw new Error('SQS did not answer');
    },
    wake: async () => {},
  },
});

const sent = (system: TestSystem) => system.queue.map(({ event }) => event);
const ids = (system: TestSystem) => system.queue.map(({ id }) => id);
const outbox = ({ table }: TestSystem) =>
  [...table.items()].filter(({ pk }) => String(pk).startsWith('OUTBOX#'));
const feed = ({ table }: TestSystem) => [...table.items()].filter(({ pk }) => String(pk).startsWith('FEED#'));

test('an event is in the outbox as soon as its change is committed, and the next sweep sends it if the function crashes', async () => {
  const system = testSystem();
  const session = await hooked(system);
  expect(outbox(system)).toMatchObject([{ event: 'session.admitted', sessionId: session.sessionId }]);
  system.now += 11_000;
  await reap(system.deps);
  expect(sent(system)).toEqual(['session.admitted', 'session.status']);
  expect(outbox(system)).toEqual([]);
});

test('what the queue refused is sent later with the same id, and once', async () => {
  const system = testSystem();
  const session = await hooked(system);
  await launchAndPublish(refusing(system), session);
  const [waiting] = outbox(system);
  system.now += 11_000;
  expect(await sweepOutbox(system.deps)).toBe(0);
  expect(await sweepOutbox(system.deps)).toBe(0);
  expect(ids(system)).toEqual([waiting?.id, Object(waiting?.status).id]);
  expect(feed(system)).toMatchObject([{ id: waiting?.id, event: 'session.admitted' }]);
});

test('a sweep that cannot send reports it, and keeps all events', async () => {
  const system = testSystem();
  await hooked(system, 'a');
  await hooked(system, 'b');
  system.now += 11_000;
  expect(await sweepOutbox(refusing(system))).toBe(2);
  expect(outbox(system)).toHaveLength(2);
  expect(await sweepOutbox(system.deps)).toBe(0);
  expect(sent(system)).toEqual(['session.admitted', 'session.status', 'session.admitted', 'session.status']);
});

test('a sweep leaves to the function that made a change the first ten seconds', async () => {
  const system = testSystem();
  await hooked(system);
  await sweepOutbox(system.deps);
  expect(sent(system)).toEqual([]);
});

test('a sender also sends the events that waited before, in their order', async () => {
  const system = testSystem();
  const session = await hooked(system);
  const launched = await launchAndPublish(refusing(system), session);
  const up = await bootstrapped(system, launched);
  await report(refusing(system), up, { seq: 1, status: 'SCAN_QR_CODE' });
  await release(system.deps, await load(system), 'user');
  expect(sent(system)).toEqual([
    'session.admitted',
    'session.status',
    'session.status',
    'session.stopped',
    'session.status',
  ]);
  expect(system.queue.at(-2)?.payload).toEqual({ stopReason: 'user', state: 'STOPPED', status: 'STOPPED' });
  const statuses = ['STARTING', 'SCAN_QR_CODE', 'STOPPED'].map((status) =>
    expect.objectContaining({ status, timestamp: expect.any(Number) }),
  );
  expect(system.queue.at(-1)?.payload).toEqual({ name: 'a', status: 'STOPPED', statuses });
  expect(outbox(system)).toEqual([]);
});

test("a worker's events stay behind what the control plane published before", async () => {
  const system = testSystem();
  const session = await hooked(system);
  await launchAndPublish(refusing(system), session);
  const message = {
    id: 'evt_00000000000000000000000001',
    timestamp: 1,
    event: 'message',
    payload: { body: 'x' },
  };
  await acceptEvents(system.deps, session, { events: [message] });
  expect(sent(system)).toEqual(['session.admitted', 'session.status', 'message']);
  await expect(acceptEvents(refusing(system), session, { events: [message] })).rejects.toThrow(/SQS/);
});

test('timeline and feed get the event of a session that will expire, but not its messages', async () => {
  const system = testSystem();
  const session = await hooked(system);
  const event = (id: number, name: string, payload: unknown) => ({
    id: `evt_${String(id).padStart(26, '0')}`,
    timestamp: system.now,
    event: name,
    payload,
  });
  const events = [
    event(1, 'message', { body: 'secret' }),
    event(2, 'session.expiring', { reason: 'idle', at: 5, more: 'secret' }),
  ];
  await acceptEvents(system.deps, session, { events });
  expect(feed(system).map(({ event: name, payload }) => [name, payload])).toEqual([
    ['session.admitted', { epoch: 1 }],
    ['session.expiring', { reason: 'idle', at: 5 }],
  ]);
  expect(JSON.stringify([...system.table.items()])).not.toContain('secret');
});

test('the last event of a session that was deleted before it was sent is still in the feed', async () => {
  const system = testSystem();
  const session = await hooked(system);
  await release(refusing(system), session, 'user');
  await deleteSession(system.deps, await load(system));
  system.now += 11_000;
  expect(await sweepOutbox(system.deps)).toBe(0);
  expect(sent(system)).toEqual([]);
  expect(feed(system).map(({ event }) => event)).toEqual(['session.admitted', 'session.stopped']);
});

test('each new QR code is published as a status, and a repeated report is not', async () => {
  const system = testSystem();
  const session = await hooked(system);
  const up = await bootstrapped(system, await launchAndPublish(system.deps, session));
  const statuses = () =>
    system.queue
      .filter(({ event }) => event === 'session.status')
      .map(({ payload }) => WEBHOOK_PAYLOADS['session.status'].payload.parse(payload).status);
  const shows = (seq: number, qrCodes: number) =>
    report(system.deps, up, { seq, status: 'SCAN_QR_CODE', qrCodes });
  await shows(1, 1);
  await shows(2, 1);
  await shows(3, 2);
  expect(statuses()).toEqual(['STARTING', 'SCAN_QR_CODE', 'SCAN_QR_CODE']);
});
