/** The mapping from the library's events to Berth's: own messages, edits, placeholders, view once. */
import { expect, it } from 'vitest';
import { watchOwnMessage } from '../../../container/commands/own-message.ts';
import { forward } from '../../../container/whatsapp/events.ts';
import { sourced } from '../../../container/whatsapp/payloads.ts';
import type { Message } from '../../../contract/whatsapp/messages.ts';
import { manualTime } from '../../helpers/manual-time.ts';
import { commandContext } from './command-context.ts';
import { FakeClient } from './fake-library.ts';

const CHAT = '15550001111@c.us';
const received = (more: object = {}) => ({
  id: { fromMe: false, remote: CHAT, id: 'A', _serialized: `false_${CHAT}_A` },
  from: CHAT,
  to: '491701234567@c.us',
  body: 'hi',
  timestamp: 1,
  hasMedia: false,
  ack: 1,
  ...more,
});
const own = (body: string) => ({
  ...received({ body }),
  id: { fromMe: true, remote: CHAT, id: 'B', _serialized: `true_${CHAT}_B` },
});
const events = (name: string, ...values: unknown[]) => forward(name, values).map(({ event }) => event);

it('an edit is reported as an edit; a text that changes in another way is not', () => {
  const edited = received({ body: 'better', latestEditSenderTimestampMs: 1_700_000_000_000 });
  expect(forward('message_edit', [edited, 'better', 'hi'])).toMatchObject([
    { event: 'message.edited', payload: { body: 'better', editedMessageId: 'A' } },
  ]);
  expect(events('message_edit', received(), 'hi', '')).toEqual([]);
});

it('a message without its content is reported as waiting, and not as a message', () => {
  expect(events('message_ciphertext', received({ body: '', type: 'ciphertext' }))).toEqual([
    'message.waiting',
  ]);
  expect(events('message_ciphertext_failed', received({ body: '' }))).toEqual([]);
});

it('view once is marked: whole if WhatsApp gives it, else with the reason', () => {
  const whole = received({ hasMedia: true, type: 'image', _data: { isViewOnce: true } });
  expect(forward('message', [whole])).toMatchObject([{ payload: { viewOnce: true, hasMedia: true } }]);
  const kept = received({ type: 'ciphertext', _data: { subtype: 'view_once_unavailable_fanout' } });
  const events = forward('message_ciphertext', [kept]);
  expect(events.map(({ event }) => event)).toEqual(['message', 'message.any']);
  for (const { payload } of events)
    expect(payload).toMatchObject({ viewOnce: true, media: { error: expect.stringContaining('phone') } });
  expect(forward('message', [received()])[0]?.payload).not.toHaveProperty('viewOnce');
});

it('an own message says whether a command of this session sent it', () => {
  const context = commandContext(manualTime(), new FakeClient(() => {}));
  const results: boolean[] = [];
  const listen: typeof context.onEvent = (listener) =>
    context.onEvent((name, values) => {
      results.push(listener(name, values));
      return false;
    });
  watchOwnMessage({ ...context, onEvent: listen }, ({ body }) => body === 'sent here');
  context.own(own('typed on the phone'));
  context.own(own('sent here'));
  context.own(own('sent here'));
  expect(results).toEqual([false, true, false]);
  const message = (fromMe: boolean) => ({ fromMe }) as Message;
  expect(sourced(message(true), true).source).toBe('api');
  expect(sourced(message(true), false).source).toBe('app');
  expect(sourced(message(false), false)).not.toHaveProperty('source');
});
