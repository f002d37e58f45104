import fc from 'fast-check';
import { expect, test } from 'vitest';
import { silentLog } from '../../../container/base/log.ts';
import { createOutbox } from '../../../container/control/outbox.ts';
import { createEventForwarder } from '../../../container/whatsapp/event-forwarder.ts';
import { createForwardedMessages, messageKey } from '../../../container/whatsapp/forwarded-messages.ts';
import type { ForwardedMark, WorkerEvent } from '../../../contract/worker/protocol.ts';
import { manualTime } from '../../helpers/manual-time.ts';
import { FakeClient } from './fake-library.ts';

const ME = '491701234567@c.us';
const START = Math.floor(manualTime().now() / 1000);

type Fake = { id: { _serialized: string; fromMe: boolean }; timestamp: number; type?: string };
const message = (n: number, timestamp = START + n, over: object = {}): Fake & Record<string, unknown> => ({
  id: { _serialized: `false_1@c.us_${n}`, fromMe: false },
  timestamp,
  from: '1@c.us',
  to: ME,
  body: `text ${n}`,
  type: 'chat',
  ack: 1,
  hasMedia: false,
  ...over,
});

/** A phone's chats, and workers that come and go over them. */
const phoneFixture = () => {
  const time = manualTime();
  const chats = new Map<string, Fake[]>();
  const accepted: WorkerEvent[] = [];
  let mark: ForwardedMark | undefined;
  let refuse = false;
  const put = (source: Fake, chat = '1@c.us') => chats.set(chat, [...(chats.get(chat) ?? []), source]);

  const worker = (late = { max: 1000, maxAgeSeconds: 7 * 24 * 3600 }) => {
    const client = new FakeClient(() => {});
    client.launched();
    const { pupPage } = client;
    if (pupPage)
      pupPage.evaluate = async () =>
        [...chats].map(([id, messages]) => ({ id, t: Math.max(...messages.map((m) => m.timestamp)) }));
    client.account.messages = async (chatId, limit) => (chats.get(chatId) ?? []).slice(-limit);
    let dead = false;
    const outbox = createOutbox({
      api: {
        events: async ({ events, told }) => {
          if (dead || refuse) return await new Promise(() => {});
          for (const event of events) if (!accepted.some(({ id }) => id === event.id)) accepted.push(event);
          if (told) mark = told;
        },
      },
      time,
      now: time.now,
      log: silentLog,
    });
    const forwarder = createEventForwarder({
      sessionId: 'ses_1',
      outbox,
      time,
      now: time.now,
      log: silentLog,
      forwarded: mark,
      late,
      ignore: () => undefined,
      withMedia: async (_source, one) => one,
      withGroup: async (payload) => payload,
      onActivity: () => {},
    });
    const live = (source: Fake) => {
      put(source);
      forwarder.forward('message_create', [source], false);
      if (!source.id.fromMe) forwarder.forward('message', [source], false);
    };
    return {
      live,
      forwarder,
      works: async () => {
        forwarder.works(client, ME);
        await time.advance(10);
      },
      die: () => {
        dead = true;
        outbox.close();
      },
    };
  };
  const told = (event = 'message') =>
    accepted
      .filter((one) => one.event === event)
      .map(({ payload }) => payload as { body: string; late?: true });
  return {
    time,
    worker,
    put,
    told,
    bodies: (event?: string) => told(event).map(({ body }) => body),
    accepted,
    set refuse(on: boolean) {
      refuse = on;
    },
    get mark() {
      return mark;
    },
  };
};

test('messages that came while no worker ran are delivered once, in order, marked, and before the live ones (F6)', async () => {
  const fixture = phoneFixture();
  fixture.put(message(-5));
  const first = fixture.worker();
  await first.works();
  first.live(message(1));
  await fixture.time.advance(1_000);
  first.die();
  for (const n of [3, 4]) fixture.put(message(n), '2@c.us');
  fixture.put(message(2));
  const second = fixture.worker();
  second.live(message(5, START + 5));
  await second.works();
  second.live(message(6));
  await fixture.time.advance(1_000);
  expect(fixture.told()).toEqual(
    [1, 2, 3, 4, 5, 6].map((n) => expect.objectContaining({ body: `text ${n}` })),
  );
  expect(fixture.told().map(({ late }) => late)).toEqual([undefined, true, true, true, true, undefined]);
  expect(fixture.bodies('message.any')).toEqual(fixture.bodies());
  // A third worker has nothing to make up for.
  second.die();
  await fixture.worker().works();
  await fixture.time.advance(1_000);
  expect(fixture.bodies()).toHaveLength(6);
});

test('messages that were not accepted when a worker died are delivered by the next, under their ids (F6)', async () => {
  const fixture = phoneFixture();
  const first = fixture.worker();
  await first.works();
  fixture.refuse = true;
  first.live(message(1));
  await fixture.time.advance(1_000);
  first.die();
  fixture.refuse = false;
  const second = fixture.worker();
  await second.works();
  await fixture.time.advance(1_000);
  expect(fixture.bodies()).toEqual(['text 1']);
  const ids = fixture.accepted.map(({ id }) => id);
  // The same message again, in another life: the same ids.
  const again = phoneFixture();
  const other = again.worker();
  await other.works();
  other.live(message(1));
  await again.time.advance(1_000);
  expect(again.accepted.map(({ id }) => id)).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^evt_[0-9a-hjkmnp-tv-z]{26}$/);
});

test('a restart of the client within a worker misses nothing and repeats nothing (F6)', async () => {
  const fixture = phoneFixture();
  const worker = fixture.worker();
  await worker.works();
  worker.live(message(1));
  worker.forwarder.pauses();
  fixture.put(message(2));
  await worker.works();
  worker.live(message(3));
  await fixture.time.advance(1_000);
  expect(fixture.bodies()).toEqual(['text 1', 'text 2', 'text 3']);
  expect(fixture.told()[1]).toMatchObject({ late: true });
});

test('missed messages are bounded by number and by age, and the answer shows if some are left out (F6)', async () => {
  const fixture = phoneFixture();
  const first = fixture.worker();
  await first.works();
  await fixture.time.advance(1_000);
  first.die();
  for (let n = 1; n <= 6; n++) fixture.put(message(n, START + 100 * n));
  await fixture.time.advance(700_000);
  const second = fixture.worker({ max: 2, maxAgeSeconds: 450 });
  await second.works();
  await fixture.time.advance(1_000);
  expect(fixture.bodies()).toEqual(['text 5', 'text 6']);
  expect(fixture.accepted.find(({ event }) => event === 'engine.event')?.payload).toEqual({
    event: 'late_messages_incomplete',
    data: { leftOut: 2, complete: true },
  });
});

test('notices and placeholders are not messages, and another account’s past is not delivered (F6)', async () => {
  const fixture = phoneFixture();
  const first = fixture.worker();
  await first.works();
  await fixture.time.advance(1_000);
  first.die();
  fixture.put(message(1, START + 1, { type: 'e2e_notification' }));
  fixture.put(message(2, START + 2, { type: 'ciphertext' }));
  fixture.put(message(3));
  const second = fixture.worker();
  second.forwarder.works(new FakeClient(() => {}), '1999@c.us');
  await fixture.time.advance(1_000);
  expect(fixture.bodies()).toEqual([]);
  expect(fixture.mark).toMatchObject({ account: '1999@c.us' });
});

test('for any order of times, no message is delivered twice and none within the window is skipped (F6)', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ step: fc.integer({ min: -250, max: 250 }), restart: fc.boolean() }), {
        maxLength: 300,
      }),
      (steps) => {
        let told = createForwardedMessages(START);
        let now = START + 300;
        for (const [n, { step, restart }] of steps.entries()) {
          // The sender's clock may be behind that of the newest message by less than the window.
          const at = now + Math.min(0, step);
          now = Math.max(now, now + step);
          const id = `m${n}`;
          told.note(id, at);
          if (restart) told = createForwardedMessages(told.mark(ME).since, told.mark(ME).ids);
          expect(told.has(id) || at < told.since).toBe(true);
          expect(told.mark(ME).ids.length).toBeLessThanOrEqual(200);
          // A later message with a time in the window does not count as delivered.
          if (told.mark(ME).ids.length < 200) expect(told.since).toBeLessThanOrEqual(now - 299);
        }
      },
    ),
  );
});

test('a message is recognized under its chat’s number and under its hidden id (F6)', () => {
  const key = messageKey('false_15550001111@c.us_3EB0AA');
  expect(messageKey('false_82049806426448@lid_3EB0AA')).toBe(key);
  expect(messageKey('false_12036@g.us_3EB0AA_15550001111@c.us')).toBe(key);
  expect(messageKey('true_15550001111@c.us_3EB0AA')).not.toBe(key);
  expect(messageKey('of another form')).toBe('of another form');
});
