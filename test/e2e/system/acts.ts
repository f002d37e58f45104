/**
 * Actions on messages, chats, people, groups, labels, Status and channels, other than sending: through the client,
 * with the real library in a real browser. The effect is checked on the phone.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { PhoneMessage } from '../../../contract/phone/api.ts';
import type { System } from '../../helpers/system.ts';

const ADA = '491712223333@c.us';
const BEA = '491714445555@c.us';
const FRIEND = '491700000009';
const session = 'shop';
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const file = { data: PNG, mimetype: 'image/png' };
const key = (id: string): string => id.split('_')[2] ?? '';

/**
 * @param open the running system
 * @param account that of its session `shop`, which works
 */
export const acts = (open: () => System, account: string): void => {
  const ME = `${account}@c.us`;
  let system: System;
  beforeAll(() => {
    system = open();
  });

  const onPhone = async (id: string): Promise<PhoneMessage | undefined> =>
    (await system.phone.inbox({ account })).messages.find((message) => message.id === key(id));
  const chatOnPhone = async (id: string) =>
    (await system.phone.chats({ account })).chats.find((chat) => chat.id === id);
  const groupOnPhone = async (id: string) =>
    (await system.phone.groups({ account })).groups.find((group) => group.id === id);
  const status = async (method: string, path: string, body?: object): Promise<number> =>
    (await system.call(method, path, body ? { body } : {})).status;
  const send = (text: string, chatId = ADA) => system.berth.messages.sendText({ session, chatId, text });

  test('messages: looked at with reactions, starred, pinned, forwarded, voted for, an event', async () => {
    const { messages, chats } = system.berth;
    const sent = await send('keep this');
    await system.phone.react({ account, from: ADA, message: key(sent.id), text: '❤️' });
    const reactions = async () =>
      (await chats.message(session, ADA, sent.id)).reactions?.map(({ text }) => text);
    await expect.poll(reactions, { timeout: 20_000 }).toEqual(['❤️']);
    expect(await status('GET', `/api/shop/chats/${BEA}/messages/${sent.id}`)).toBe(404);

    const star = { session, chatId: ADA, messageId: sent.id };
    await messages.starMessage({ ...star, star: true });
    await messages.starMessage({ ...star, star: true });
    expect(await onPhone(sent.id)).toMatchObject({ starred: true });
    await messages.starMessage({ ...star, star: false });
    expect((await onPhone(sent.id))?.starred).toBeUndefined();

    await messages.pin(session, ADA, sent.id, { duration: 604_800 });
    expect(await onPhone(sent.id)).toMatchObject({ pinnedSeconds: 604_800 });
    await messages.unpin(session, ADA, sent.id);
    expect(await onPhone(sent.id)).toMatchObject({ pinnedSeconds: 0 });

    const forwarded = await messages.forwardMessage({ session, chatId: BEA, messageId: sent.id });
    expect(forwarded).toMatchObject({ body: 'keep this', chatId: BEA, fromMe: true });
    expect(await onPhone(forwarded.id)).toMatchObject({ chatId: BEA, body: 'keep this', forwarded: true });

    const poll = await messages.sendPoll({
      session,
      chatId: ADA,
      poll: { name: 'Who?', options: ['I', 'you'] },
    });
    const vote = { session, chatId: ADA, pollMessageId: poll.id };
    await messages.sendPollVote({ ...vote, votes: ['you'] });
    expect((await onPhone(poll.id))?.votes).toEqual([{ voter: ME, options: ['you'] }]);
    expect(await status('POST', '/api/sendPollVote', { ...vote, votes: ['nobody'] })).toBe(400);
    expect(await status('POST', '/api/sendPollVote', { ...vote, pollMessageId: sent.id, votes: ['I'] })).toBe(
      422,
    );

    const event = await messages.sendEvent(session, {
      chatId: ADA,
      event: { name: 'Party', startTime: 2_000_000_000, location: { name: 'Berlin' } },
    });
    expect(await onPhone(event.id)).toMatchObject({
      type: 'event_creation',
      body: 'Party',
      event: { start: 2_000_000_000, location: 'Berlin' },
    });
  });

  test('chats: overview, unread and read, archived, cleared, deleted', async () => {
    const { chats } = system.berth;
    await system.phone.setProfile({ id: ADA, picture: `data:image/png;base64,${PNG}`, about: 'at sea' });
    await send('to Bea', BEA);
    const [ada] = await chats.findOverview(session, { filter: { ids: [ADA] } });
    const { url } = await chats.picture(session, ADA);
    expect(url).toMatch(/^https:\/\//);
    expect(ada).toMatchObject({ picture: url });
    expect((await chats.picture(session, BEA)).url).toBeNull();

    await chats.unread(session, ADA);
    expect(await chatOnPhone(ADA)).toMatchObject({ markedUnread: true });
    await system.phone.send({ account, from: BEA, text: 'read me' });
    await expect
      .poll(async () => (await chats.list(session)).some(({ unreadCount }) => unreadCount > 0), {
        timeout: 20_000,
      })
      .toBe(true);
    expect((await chats.read(session, BEA, {})).ids).toHaveLength(1);
    await chats.read(session, ADA, {});
    const unread = async () =>
      (await system.phone.inbox({ account, chat: BEA })).messages.filter((m) => m.unread);
    await expect.poll(unread).toEqual([]);
    await expect.poll(() => chatOnPhone(ADA)).toMatchObject({ markedUnread: false });

    await chats.archive(session, ADA);
    expect(await chatOnPhone(ADA)).toMatchObject({ archived: true });
    expect((await chats.list(session)).filter(({ archived }) => archived)).toHaveLength(1);
    await chats.unarchive(session, ADA);
    expect(await chatOnPhone(ADA)).toMatchObject({ archived: false });
    for (const act of ['archive', 'unread'])
      expect(await status('POST', `/api/shop/chats/491799999999@c.us/${act}`)).toBe(404);

    await chats.clear(session, BEA);
    expect(await chats.messages(session, BEA)).toEqual([]);
    const left = (await system.phone.inbox({ account, chat: BEA })).messages.filter(
      ({ deleted }) => !deleted,
    );
    expect(left).toEqual([]);
    await chats.delete(session, BEA);
    expect(await chatOnPhone(BEA)).toMatchObject({ deleted: true });
    expect(await status('DELETE', `/api/shop/chats/${BEA}`)).toBe(404);
  });

  test('people: about, picture, blocked, saved; the account itself; its presence; a call', async () => {
    const { contacts, profile, presence, calls } = system.berth;
    expect(await contacts.about(session, ADA)).toEqual({ about: 'at sea' });
    expect((await contacts.picture(session, ADA)).profilePictureURL).toMatch(/^https:/);
    const settings = () => system.phone.settings({ account });
    await contacts.block({ session, contactId: BEA });
    expect((await settings()).blocked).toEqual([BEA]);
    expect(await contacts.get(session, BEA)).toMatchObject({ isBlocked: true });
    await contacts.unblock({ session, contactId: BEA });
    expect((await settings()).blocked).toEqual([]);
    await contacts.save(session, BEA, { firstName: 'Bea', lastName: 'Beale' });
    expect((await settings()).contacts).toContainEqual({ id: BEA, name: 'Bea Beale' });

    await profile.setName(session, { name: 'The shop' });
    await profile.setStatus(session, { status: 'open' });
    expect(await settings()).toMatchObject({ pushName: 'The shop', about: 'open' });
    await profile.setPicture(session, { file });
    expect((await system.phone.profile({ id: ME })).picture).toMatch(/^data:image\/jpeg/);
    const shown = await profile.get(session);
    expect(shown).toMatchObject({ id: ME, name: 'The shop', picture: expect.stringContaining('https:') });
    await profile.deletePicture(session);
    expect((await system.phone.profile({ id: ME })).picture).toBeNull();
    const text = { file: { data: PNG, mimetype: 'text/plain' } };
    expect(await status('PUT', '/api/shop/profile/picture', text)).toBe(415);

    await presence.set(session, { presence: 'offline' });
    expect((await settings()).online).toBe(false);
    await presence.set(session, { presence: 'online' });
    expect((await settings()).online).toBe(true);
    await presence.set(session, { presence: 'recording', chatId: ADA });
    expect((await system.phone.chatStates({ account })).chats).toContainEqual({
      chatId: ADA,
      state: 'recording',
    });
    expect(await status('POST', '/api/shop/presence', { presence: 'typing' })).toBe(400);

    const { callId } = await system.phone.call({ account, from: BEA });
    await calls.reject(session, { from: BEA, id: callId });
    expect((await settings()).rejectedCalls).toEqual([callId]);
  });

  test('groups: named, described, with a picture, restricted, with admins, by invitation; left and deleted', async () => {
    const { groups } = system.berth;
    const { id } = await groups.create(session, { name: 'Board', participants: [{ id: ADA }] });
    await groups.setSubject(session, id, { subject: 'The board' });
    await groups.setDescription(session, id, { description: 'who decides' });
    await groups.setInfoAdminsOnly(session, id, { adminsOnly: true });
    await groups.setMessagesAdminsOnly(session, id, { adminsOnly: true });
    await groups.promote(session, id, { participants: [{ id: ADA }] });
    expect(await groupOnPhone(id)).toMatchObject({
      subject: 'The board',
      description: 'who decides',
      restrict: true,
      announce: true,
      participants: [
        { id: ME, isAdmin: true },
        { id: ADA, isAdmin: true },
      ],
    });
    expect(await groups.infoAdminsOnly(session, id)).toEqual({ adminsOnly: true });
    expect(await groups.messagesAdminsOnly(session, id)).toEqual({ adminsOnly: true });
    await groups.demote(session, id, { participants: [{ id: ADA }] });
    expect((await groupOnPhone(id))?.participants[1]).toEqual({ id: ADA, isAdmin: false });
    expect(await groups.participantsV2(session, id)).toMatchObject([
      { role: 'superadmin' },
      { role: 'participant' },
    ]);
    const stranger = { participants: [{ id: BEA }] };
    expect(await status('POST', `/api/shop/groups/${id}/admin/promote`, stranger)).toBe(422);

    await groups.setPicture(session, id, { file });
    expect((await system.phone.profile({ id })).picture).toMatch(/^data:image\/jpeg/);
    expect((await groups.picture(session, id)).url).toMatch(/^https:/);
    await groups.deletePicture(session, id);
    expect((await system.phone.profile({ id })).picture).toBeNull();

    const code = await groups.inviteCode(session, id);
    expect((await groupOnPhone(id))?.invite).toBe(code);
    const renewed = await groups.revokeInviteCode(session, id);
    expect(renewed).not.toBe(code);
    expect(await groups.joinInfo(session, { code: renewed })).toMatchObject({
      id,
      subject: 'The board',
      size: 2,
    });
    expect(await status('GET', `/api/shop/groups/join-info?code=${code}`)).toBe(404);
    expect(await groups.join(session, { code: renewed })).toEqual({ id });

    const before = (await groups.count(session)).count;
    await groups.leave(session, id);
    expect((await groupOnPhone(id))?.participants.map((one) => one.id)).toEqual([ADA]);
    await groups.leave(session, id);
    await groups.delete(session, id);
    expect(await chatOnPhone(id)).toMatchObject({ deleted: true });
    expect((await groups.count(session)).count).toBe(before - 1);
    expect(await status('POST', `/api/shop/groups/${id}/leave`)).toBe(404);
  });

  test('Status and channels: published, taken back, made, followed, muted, found', async () => {
    const { status: stories, channels } = system.berth;
    const said = await stories.text(session, { text: 'We are open' });
    expect(await onPhone(said.id)).toMatchObject({ chatId: 'status@broadcast', body: 'We are open' });
    const shown = await stories.image(session, { file, caption: 'the shop' });
    expect(await onPhone(shown.id)).toMatchObject({ type: 'image', body: 'the shop' });
    await stories.delete(session, { id: said.id });
    expect(await onPhone(said.id)).toMatchObject({ type: 'revoked' });
    expect(await status('POST', '/api/shop/status/delete', { id: 'true_status@broadcast_3EB0ABSENT' })).toBe(
      404,
    );

    const onChannels = async () => (await system.phone.channels({ account })).channels;
    const own = await channels.create(session, { name: 'Our news', description: 'what is new' });
    expect(await onChannels()).toContainEqual({ id: own.id, name: 'Our news', role: 'owner', muted: false });
    expect(await channels.get(session, own.id)).toMatchObject({ name: 'Our news', role: 'OWNER' });
    await channels.mute(session, own.id);
    expect((await onChannels()).find(({ id }) => id === own.id)).toMatchObject({ muted: true });
    await channels.unmute(session, own.id);
    await channels.delete(session, own.id);
    expect((await onChannels()).map(({ id }) => id)).not.toContain(own.id);

    const { chatId } = await system.phone.createChannel({ account: FRIEND, name: 'Sea weather' });
    const { channels: found } = await channels.findByText(session, { text: 'weather' });
    expect(found).toMatchObject([{ id: chatId, name: 'Sea weather', role: 'GUEST' }]);
    await channels.follow(session, chatId);
    expect((await onChannels()).find(({ id }) => id === chatId)).toMatchObject({ role: 'subscriber' });
    expect((await channels.list(session, { role: 'SUBSCRIBER' })).map(({ id }) => id)).toEqual([chatId]);
    await channels.unfollow(session, chatId);
    expect((await onChannels()).find(({ id }) => id === chatId)).toMatchObject({ role: 'guest' });
    expect(await status('GET', '/api/shop/channels/120363999999999999@newsletter')).toBe(404);
  });

  describe('labels', () => {
    test('of an account that is no business there are none, and none can be given', async () => {
      const { labels } = system.berth;
      expect(await labels.list(session)).toEqual([]);
      expect(await status('PUT', `/api/shop/labels/chats/${ADA}`, { labels: [{ id: '1' }] })).toBe(422);
    });

    test('of a business account are given to chats, and found by', async () => {
      const { labels } = system.berth;
      await system.phone.setLabels({ account, labels: [{ id: '1', name: 'New', color: 3 }] });
      await system.berth.sessions.restart(session);
      await system.berth.sessions.waitForStatus(session, 'WORKING');
      expect(await labels.list(session)).toEqual([{ id: '1', name: 'New', color: 0, colorHex: '#000003' }]);
      await labels.setOfChat(session, ADA, { labels: [{ id: '1' }] });
      expect(await chatOnPhone(ADA)).toMatchObject({ labels: ['1'] });
      expect(await labels.ofChat(session, ADA)).toMatchObject([{ id: '1' }]);
      expect(await labels.chats(session, '1')).toHaveLength(1);
      await labels.setOfChat(session, ADA, { labels: [] });
      expect(await chatOnPhone(ADA)).toMatchObject({ labels: [] });
    });
  });
};
