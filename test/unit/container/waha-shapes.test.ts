/** Events of the library in WAHA's shapes, held against the schemas of WAHA's document. */
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../container/base/log.ts';
import { type Forwarded, forward, type Known } from '../../../container/whatsapp/events.ts';
import { withGroup } from '../../../container/whatsapp/group-events.ts';
import { NOT_IN_ALL } from '../../../contract/bodies/session-config.ts';
import { RELEASE } from '../../../contract/release.ts';
import { type WebhookEvent, webhookBodySchema } from '../../../contract/webhooks/bodies.ts';
import { shownAccount } from '../../../contract/worker/protocol.ts';
import { wahaFaults } from '../../conformance/events.ts';
import { manualTime } from '../../helpers/manual-time.ts';

const ME = '491701234567@c.us';
const ADA = '491712223333@c.us';
const GROUP = '120363000000000001@g.us';
const KNOWN: Known = { isMe: (...ids) => ids.includes(ME) || ids.includes('99@lid'), seconds: 1_700_000_000 };

const key = (fromMe: boolean, remote: string, id: string) => ({
  fromMe,
  remote,
  id,
  _serialized: `${fromMe}_${remote}_${id}`,
});
const message = (more: object = {}) => ({
  id: key(false, ADA, '3EB0A'),
  from: ADA,
  to: ME,
  body: 'hi',
  type: 'chat',
  timestamp: 1_700_000_000,
  hasMedia: false,
  ack: 1,
  ...more,
});

/** The body that a webhook gets, which both documents must allow. */
const bodyOf = ({ event, payload }: Pick<Forwarded, 'event' | 'payload'>) => {
  const body = {
    id: 'evt_01k9zzzzzzzzzzzzzzzzzzzzzz',
    timestamp: 1_700_000_000_000,
    event,
    session: 'shop',
    metadata: {},
    me: shownAccount({ id: ME, pushName: 'Shop' }),
    payload,
    environment: { ...RELEASE, name: 'test' },
    engine: 'WEBJS',
  };
  return JSON.parse(JSON.stringify(body));
};
const forwarded = (name: string, ...values: unknown[]): Forwarded[] => {
  const events = [...forward(name, values, KNOWN)];
  for (const event of events) {
    const body = bodyOf(event);
    // The document lacks the one; the other gets its group afterwards.
    if (event.event !== 'message.waiting' && !event.group) expect(wahaFaults(event.event, body)).toEqual([]);
    expect(webhookBodySchema(event.event as WebhookEvent).safeParse(body).error).toBeUndefined();
  }
  return events;
};
/** Without the events that only a webhook gets that names them. */
const usual = (name: string, ...values: unknown[]) =>
  forwarded(name, ...values).filter(({ event }) => !NOT_IN_ALL.includes(event));
const payloadOf = (name: string, ...values: unknown[]) => {
  const events = usual(name, ...values);
  expect(events).toHaveLength(1);
  return events[0]?.payload;
};

describe('a message', () => {
  it('says that it has no file, and has the engine’s own fields without previews and keys', () => {
    const _data = { notifyName: 'Ada', mediaKey: 'secret', preview: 'AAAA', nested: { thumbnail: 'A' } };
    expect(payloadOf('message', message({ _data }))).toMatchObject({
      media: null,
      _data: { notifyName: 'Ada', nested: {} },
    });
    expect(JSON.stringify(payloadOf('message', message({ _data })))).not.toMatch(/secret|AAAA/);
    const large = { text: 'x'.repeat(20_000) };
    expect(payloadOf('message', message({ _data: large }))).not.toHaveProperty('_data');
  });

  it('has the file of the message that it answers, and a place with its name and address', () => {
    const quotedMsg = { type: 'image', body: 'look', mimetype: 'image/jpeg' };
    expect(payloadOf('message', message({ _data: { quotedStanzaID: '3EB0B', quotedMsg } }))).toMatchObject({
      replyTo: { id: '3EB0B', body: 'look', hasMedia: true, media: { mimetype: 'image/jpeg' } },
    });
    const location = {
      latitude: 52.5,
      longitude: 13.4,
      name: 'Zoo',
      address: 'Street 1',
      url: 'https://e.org',
    };
    expect(payloadOf('message', message({ location, type: 'location' }))).toMatchObject({
      location: { ...location, live: false },
    });
  });

  it('is acknowledged apart in direct chats and in groups', () => {
    const own = message({ id: key(true, ADA, '3EB0C'), from: ME, to: ADA });
    expect(forwarded('message_ack', own, 3).map(({ event }) => event)).toEqual(['message.ack']);
    const inGroup = message({ id: key(true, GROUP, '3EB0D'), from: ME, to: GROUP });
    expect(forwarded('message_ack', inGroup, 3).map(({ event }) => event)).toEqual(['message.ack.group']);
  });

  it('is edited and revoked under its bare id', () => {
    const edited = message({ latestEditSenderTimestampMs: 1 });
    expect(payloadOf('message_edit', edited)).toMatchObject({ editedMessageId: '3EB0A' });
    expect(payloadOf('message_revoke_everyone', message({ type: 'revoked' }), message())).toMatchObject({
      revokedMessageId: '3EB0A',
      before: { body: 'hi' },
    });
  });
});

it('a reaction, a call and an archived chat have WAHA’s members', () => {
  const reaction = payloadOf('message_reaction', {
    id: key(false, ADA, '3EB0E'),
    msgId: key(true, ADA, '3EB0F'),
    senderId: ADA,
    // As the library has it, of milliseconds.
    timestamp: 1_700_000_000.193,
    reaction: '👍',
  });
  expect(reaction).toMatchObject({ timestamp: 1_700_000_000 });
  payloadOf('call', { id: 'CALL', from: ADA, timestamp: 1_700_000_000, isVideo: false, isGroup: false });
  expect(payloadOf('chat_archived', { id: ADA }, true)).toEqual({
    id: ADA,
    archived: true,
    timestamp: KNOWN.seconds,
  });
});

it('a call that is rejected is reported as it rang', () => {
  const call = { id: 'CALL', from: ADA, timestamp: 1_700_000_000, isVideo: true, isGroup: false };
  expect(payloadOf('call_rejected', call)).toEqual(payloadOf('call', call));
  // It rang before this worker listened.
  expect(payloadOf('call_rejected', { id: 'CALL', from: ADA })).toMatchObject({ id: 'CALL', from: ADA });
});

it('the state of the connection is reported under its old name as well', () => {
  expect(forwarded('change_state', 'OPENING').map(({ event, payload }) => [event, payload])).toEqual([
    ['engine.event', { event: 'change_state', data: { state: 'OPENING' } }],
    ['state.change', { state: 'OPENING' }],
  ]);
});

it('labels, and the chats that get and lose them, have WAHA’s members', () => {
  const label = { id: '1', name: 'New', color: 3, hexColor: '#ff9485' };
  const shown = { id: '1', name: 'New', color: 3, colorHex: '#ff9485' };
  expect(payloadOf('page_label', label)).toEqual(shown);
  expect(payloadOf('page_label_deleted', label)).toEqual(shown);
  const change = { chatId: { _serialized: '9@lid', pn: ADA }, labelId: '1', label };
  expect(usual('page_chat_label', { ...change, added: true })).toMatchObject([
    { event: 'label.chat.added', payload: { labelId: '1', chatId: '9@lid', chatPn: ADA, label: shown } },
  ]);
  expect(usual('page_chat_label', { ...change, added: false, label: null })).toMatchObject([
    { event: 'label.chat.deleted', payload: { label: null } },
  ]);
  expect(usual('page_label', { name: 'without an id' })).toEqual([]);
});

it('presence names the chat, and of a group each person', () => {
  const state = (id: string, type: string, t = 0) => ({ id, type, t });
  const of = (id: string, ...states: object[]) => payloadOf('page_presence', { id, isOnline: true, states });
  expect(of(ADA, state(ADA, 'composing'))).toEqual({
    id: ADA,
    presences: [{ participant: ADA, lastKnownPresence: 'typing' }],
  });
  expect(of(ADA, state(ADA, 'unavailable', 1_700_000_000))).toMatchObject({
    presences: [{ lastSeen: 1_700_000_000, lastKnownPresence: 'offline' }],
  });
  expect(
    of(GROUP, state(ADA, 'recording_audio'), state(ME, 'available'), state(ME, 'unheard of')),
  ).toMatchObject({
    id: GROUP,
    presences: [
      { participant: ADA, lastKnownPresence: 'recording' },
      { participant: ME, lastKnownPresence: 'online' },
    ],
  });
});

it('a vote names the poll, who voted, and where', () => {
  const poll = message({ id: key(true, GROUP, '3EB0P'), from: ME, to: GROUP });
  const vote = (voter: string) =>
    payloadOf('vote_update', {
      voter,
      selectedOptions: [{ name: 'a' }],
      interractedAtTs: 1_700_000_000_000,
      parentMsgKey: poll.id,
      parentMessage: poll,
    });
  expect(vote(ADA)).toMatchObject({
    vote: { id: `false_${GROUP}_3EB0P_${ADA}`, fromMe: false, participant: ADA, to: GROUP },
    poll: { id: `true_${GROUP}_3EB0P`, from: ME, to: GROUP, fromMe: true },
  });
  expect(vote(ME)).toMatchObject({ vote: { fromMe: true } });
});

describe('a group', () => {
  const notification = (type: string, recipientIds: unknown[], body = '') => ({
    id: key(false, GROUP, 'N'),
    chatId: GROUP,
    author: ADA,
    recipientIds,
    timestamp: 1_700_000_000,
    type,
    body,
  });

  it('a join or leave of the account is reported as such, and of others as participants', async () => {
    const [joined, others] = forwarded('group_join', notification('add', [ME, ADA]));
    expect(joined).toMatchObject({ event: 'group.v2.join', group: true, payload: { group: { id: GROUP } } });
    expect(others).toMatchObject({
      event: 'group.v2.participants',
      payload: { type: 'join', participants: [{ id: ADA, role: 'participant' }] },
    });
    const hidden = { user: '99', server: 'lid', _serialized: '99@lid' };
    expect(usual('group_leave', notification('remove', [hidden])).map(({ event }) => event)).toEqual([
      'group.v2.leave',
    ]);
    expect(forwarded('group_leave', notification('leave', [ADA])).at(-1)).toMatchObject({
      event: 'group.leave',
      payload: { chatId: GROUP, author: ADA, recipientIds: [ADA], type: 'leave' },
    });
    expect(payloadOf('group_leave', notification('leave', [ADA]))).toMatchObject({
      type: 'leave',
      participants: [{ id: ADA, role: 'left' }],
    });
  });

  it('has new admins, and another name', () => {
    expect(payloadOf('group_admin_changed', notification('demote', [ADA]))).toMatchObject({
      type: 'demote',
      participants: [{ id: ADA, role: 'participant' }],
    });
    expect(payloadOf('group_update', notification('subject', [], 'New'))).toMatchObject({
      group: { id: GROUP, subject: 'New' },
    });
    expect(payloadOf('group_update', notification('announce', [], 'on'))).toMatchObject({
      group: { membersCanSendMessages: false },
    });
  });

  it('is read whole for the account’s own joining, and named by its id if it cannot be read', async () => {
    const chat = {
      id: GROUP,
      name: 'Team',
      groupMetadata: {
        subject: 'Team',
        desc: null,
        owner: ADA,
        creation: 1,
        announce: true,
        participants: [{ id: ADA, isAdmin: true, isSuperAdmin: false }],
      },
    };
    const needs = (readChat: () => Promise<unknown>) => ({ time: manualTime(), log: silentLog, readChat });
    const [joined] = forwarded('group_join', notification('add', [ME]));
    const payload = await withGroup(
      needs(async () => chat),
      joined?.payload,
    );
    expect(payload).toMatchObject({
      group: {
        id: GROUP,
        subject: 'Team',
        description: '',
        membersCanSendMessages: false,
        participants: [{ id: ADA, pn: ADA, role: 'admin' }],
      },
    });
    const body = bodyOf({ event: 'group.v2.join', payload });
    expect(wahaFaults('group.v2.join', body)).toEqual([]);
    const failing = async () => {
      throw new Error('the page is gone');
    };
    expect(await withGroup(needs(failing), joined?.payload)).toEqual(joined?.payload);
  });
});
