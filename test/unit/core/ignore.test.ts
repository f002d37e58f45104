import { expect, test } from 'vitest';
import { forward } from '../../../container/whatsapp/events.ts';
import { chatKindOf } from '../../../contract/whatsapp/chat-kind.ts';
import { type Ignore, isIgnored } from '../../../contract/whatsapp/ignore.ts';
import { acceptEvents } from '../../../core/lifecycle/worker.ts';
import { load, workingSession } from './session.ts';
import { testSystem } from './test-system.ts';

const ME = '491701234567@c.us';
const CHATS = {
  status: 'status@broadcast',
  groups: '120363000000000001@g.us',
  channels: '120363000000000002@newsletter',
  broadcast: '491701112222@broadcast',
} as const;
const KINDS = Object.keys(CHATS) as (keyof Ignore)[];
const PERSON = '491712223333@c.us';

/** Every event that belongs to a chat, as it is sent for this chat. */
const eventsIn = (chat: string): [string, unknown][] => {
  const message = { id: 'x', from: chat, to: ME, fromMe: false };
  const own = { id: 'x', from: ME, to: chat, fromMe: true };
  return [
    ['message', message],
    ['message.any', message],
    ['message.any', own],
    ['message.ack', own],
    ['message.ack.group', own],
    ['message.reaction', { from: PERSON, to: chat, fromMe: false }],
    ['message.revoked', { after: message, before: null }],
    ['poll.vote', { vote: { from: PERSON, to: chat }, poll: { to: chat } }],
  ];
};

test.each(KINDS)('config.ignore.%s keeps every event of such a chat back, and of no other', (kind) => {
  const ignore: Ignore = { [kind]: true };
  for (const [other, chat] of Object.entries(CHATS))
    for (const [event, payload] of eventsIn(chat))
      expect(isIgnored(ignore, event, payload), `${event} in ${other}`).toBe(
        other === kind || (other === 'status' && kind === 'broadcast'),
      );
  for (const [event, payload] of eventsIn(PERSON)) expect(isIgnored(ignore, event, payload)).toBe(false);
  for (const event of ['session.status', 'engine.event', 'session.expiring'])
    expect(isIgnored(ignore, event, { from: CHATS[kind], to: CHATS[kind] })).toBe(false);
});

test('a group’s own events and calls belong to it', () => {
  const group = { group: { id: CHATS.groups } };
  for (const event of ['group.v2.join', 'group.v2.leave', 'group.v2.update', 'group.v2.participants'])
    expect(isIgnored({ groups: true }, event, group)).toBe(true);
  expect(isIgnored({ groups: true }, 'call.received', { from: PERSON, isGroup: true })).toBe(true);
  expect(isIgnored({ groups: true }, 'call.received', { from: PERSON, isGroup: false })).toBe(false);
});

test('nothing is ignored by default', () => {
  for (const ignore of [undefined, {}, { status: null }, { status: false }])
    expect(isIgnored(ignore, 'message', { from: CHATS.status, fromMe: false })).toBe(false);
});

test('what comes in by Status, a channel or a broadcast list is no use of the session', () => {
  const received = (from: string) => ({
    id: { fromMe: false, remote: from, id: 'A', _serialized: `false_${from}_A` },
    from,
    to: ME,
    body: 'hi',
    timestamp: 1,
  });
  for (const chat of [CHATS.status, CHATS.channels, CHATS.broadcast])
    expect(forward('message', [received(chat)])).toMatchObject([{ event: 'message', activity: false }]);
  for (const chat of [CHATS.groups, PERSON, '12345@lid'])
    expect(forward('message', [received(chat)])).toMatchObject([{ activity: true }]);
  expect(chatKindOf('12345@lid')).toBe('person');
});

test('a configuration that ignores a kind counts from the next event on', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  const message = (body: string) => ({
    id: `evt_${'0'.repeat(25)}${body}`,
    timestamp: 1,
    event: 'message',
    payload: { from: CHATS.status, fromMe: false, body },
  });
  const config = { ...session.config, webhooks: [{ url: 'https://example.com/', events: ['*' as const] }] };
  await acceptEvents(system.deps, { ...session, config }, { events: [message('1')] });
  const ignoring = { ...session, config: { ...config, ignore: { status: true } } };
  await acceptEvents(system.deps, ignoring, {
    events: [message('2'), { ...message('3'), event: 'engine.event' }],
  });
  const bodies = system.queue.map((delivery) => Object(delivery.payload).body);
  expect(bodies).toContain('1');
  expect(bodies).not.toContain('2');
  expect((await load(system)).sessionId).toBe(session.sessionId);
});
