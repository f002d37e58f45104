/** Every event that the engine can produce, brought about from the phone and held against WAHA's document and Berth's own. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventNameSchema } from '../../../contract/bodies/session-config.ts';
import { WAHA_EVENTS, wahaFaults } from '../../conformance/events.ts';
import { type Contract, contractOf } from '../../helpers/contract.ts';
import type { System } from '../../helpers/system.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';

const ADA = '491712223333@c.us';
const BEA = '491714445555@c.us';
const session = 'shop';

/** Events of WAHA that the engine cannot report (docs/decisions/2026-11-29-events-of-the-page.md). */
const NEVER = ['poll.vote.failed', 'call.accepted', 'event.response', 'event.response.failed'];

/**
 * @param open the running system
 * @param account that of its session `shop`, which works
 */
export const eventShapes = (open: () => System, account: string): void => {
  let system: System;
  let hooks: WebhookReceiver;
  let contract: Contract;
  const received = (event: string) => hooks.event((one) => one.event === event);
  const last = (id: string): string => id.split('_').at(2) ?? '';

  beforeAll(async () => {
    system = open();
    contract = contractOf(system);
    hooks = await startWebhookReceiver();
    const events = eventNameSchema.options.filter((name) => name !== '*');
    await system.berth.sessions.update(session, { config: { webhooks: [{ url: hooks.url, events }] } });
  });
  afterAll(() => hooks.close());

  test('messages, reactions, votes, calls', async () => {
    const { phone, berth } = system;
    const { message } = await phone.send({ account, from: ADA, text: 'hi' });
    await received('message');
    await phone.edit({ account, message: message.id, text: 'hello' });
    await phone.send({ account, from: BEA, text: 'later', waiting: true });
    const sent = await berth.messages.sendText({ session, chatId: ADA, text: 'yes' });
    await phone.react({ account, from: ADA, message: last(sent.id), text: '❤️' });
    await phone.ack({ account, message: last(sent.id), ack: 'read' });
    await phone.revoke({ account, message: message.id });
    const poll = { name: 'When?', options: ['a', 'b'] };
    const asked = await berth.messages.sendPoll({ session, chatId: ADA, poll });
    await phone.vote({ account, from: ADA, message: last(asked.id), options: ['a'] });
    const { callId } = await phone.call({ account, from: BEA, video: true });
    await received('call.received');
    await berth.calls.reject(session, { from: BEA, id: callId });
    expect((await received('call.rejected')).payload).toMatchObject({ id: callId, isVideo: true });
  });

  test('groups: the account, other members, the group itself', async () => {
    const { phone, berth } = system;
    const { id } = await berth.groups.create(session, { name: 'Crew', participants: [{ id: ADA }] });
    await phone.changeGroup({ account, chat: id, subject: 'The crew', add: [BEA], promote: [ADA] });
    const said = await berth.messages.sendText({ session, chatId: id, text: 'all aboard' });
    await phone.ack({ account, message: last(said.id), ack: 'read' });
    const code = await berth.groups.inviteCode(session, id);
    await berth.groups.leave(session, id);
    await received('group.v2.leave');
    await berth.groups.join(session, { code });
    await received('group.v2.join');
  });

  test('chats, labels, presence, the connection', async () => {
    const { phone, berth } = system;
    await berth.chats.archive(session, ADA);
    await berth.chats.unarchive(session, ADA);
    const label = { id: '7', name: 'Urgent', color: 5 };
    await phone.setLabels({ account, labels: [label] });
    await phone.labelChat({ account, chat: ADA, labels: ['7'] });
    expect((await received('label.chat.added')).payload).toMatchObject({ labelId: '7', label });
    await phone.labelChat({ account, chat: ADA, labels: [] });
    await phone.setLabels({ account, labels: [] });
    const deleted = await hooks.event(
      ({ event, payload }) => event === 'label.deleted' && payload.id === label.id,
    );
    expect(deleted.payload).toMatchObject(label);

    await phone.showPresence({ account, from: BEA, state: 'online' });
    const seen = await berth.presence.get(session, BEA);
    expect(seen.presences).toMatchObject([{ lastKnownPresence: 'online' }]);
    await berth.presence.subscribe(session, ADA);
    await phone.showPresence({ account, from: ADA, state: 'typing' });
    const typing = await hooks.event(
      ({ event, payload }) => event === 'presence.update' && JSON.stringify(payload).includes('typing'),
    );
    const ids = [typing.payload.id, typing.payload.idPn];
    expect(ids).toContain(ADA);
    expect(await berth.presence.list(session)).toHaveLength(2);

    await phone.state({ target: account, state: 'OPENING' });
    await received('state.change');
    await phone.state({ target: account, state: 'CONNECTED' });
    await berth.sessions.restart(session);
    await received('session.status');
    await berth.sessions.waitForStatus(session, 'WORKING');
  });

  test('are all delivered, each in its shape', async () => {
    for (const event of WAHA_EVENTS.filter((name) => !NEVER.includes(name))) await received(event);
    for (const { event, raw } of hooks.received) {
      contract.checkWebhook(event, JSON.parse(raw));
      if (WAHA_EVENTS.includes(event)) expect(wahaFaults(event, JSON.parse(raw))).toEqual([]);
    }
    expect(hooks.received.filter(({ event }) => NEVER.includes(event))).toEqual([]);
  });
};
