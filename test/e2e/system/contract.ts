/** Every documented operation, really asked: each answer and each webhook is held against the OpenAPI document. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { eventNameSchema, NOT_IN_ALL } from '../../../contract/bodies/session-config.ts';
import { DEFAULT_MAX_BODY_BYTES } from '../../../contract/operation.ts';
import { UNSUPPORTED_OPERATIONS } from '../../../contract/operations/unsupported.ts';
import { OPERATIONS } from '../../../contract/routes.ts';
import { passkeyChallengeSchema } from '../../../contract/whatsapp/passkey.ts';
import { WAHA_EVENTS, wahaFaults } from '../../conformance/events.ts';
import { databaseClient } from '../../helpers/berth-table.ts';
import { type Contract, contractOf } from '../../helpers/contract.ts';
import { sampleOf } from '../../helpers/sample.ts';
import type { System } from '../../helpers/system.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';

const ACCOUNT = '491700000001';
const ADA = '491712223333@c.us';
const BEA = '491714445555@c.us';
const session = 'walk';
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Reported with values that no other step here causes: they need a session that is about to end. */
const NOT_BROUGHT_ABOUT = ['session.expiring', 'session.restarting'];

const EVERY_EVENT = ['*', ...NOT_IN_ALL].map((name) => eventNameSchema.parse(name));

/** Refused here, because they need a business account or another account's channel: acts.ts sees them succeed. */
const SEEN_IN_ACTS = ['followChannel', 'unfollowChannel', 'getLabelChats'];

const idOf = (answer: { json: unknown }): string => z.looseObject({ id: z.string() }).parse(answer.json).id;

/** @param open the running system; it is left without a session of the caller's */
export const contractWalk = (open: () => System): void => {
  let system: System;
  let hooks: WebhookReceiver;
  let contract: Contract;
  let ask: Contract['ask'];

  beforeAll(async () => {
    system = open();
    hooks = await startWebhookReceiver();
    contract = contractOf(system);
    ask = contract.ask;
  });
  afterAll(() => hooks?.close());

  describe.sequential('what needs no worker', () => {
    test('health and the document itself', async () => {
      await ask('ping', 200, { key: '' });
      await ask('getHealth', 200, { key: '' });
      await ask('getHealthDetail', 200);
      for (const id of ['getServerVersion', 'getVersion', 'getServerStatus', 'getServerEnvironment'])
        await ask(id, 200);
      const { json } = await ask('getOpenApi', 200, { key: '' });
      expect(Object.keys(Object(json).paths).sort()).toEqual(Object.keys(contract.document.paths).sort());
      await ask('getDocs', 200, { key: '' });
    });

    test('keys, and who one is', async () => {
      await ask('getCaller', 200);
      const made = await ask('createKey', 201, {
        body: { userId: 'ada', sessions: ['shop'], label: 'shop', expiresInSeconds: 3600 },
      });
      await ask('listKeys', 200);
      const control = await ask('createControlKey', 201, { body: { session: 'shop' } });
      const media = await ask('createMediaKey', 201, { body: { session: 'shop' } });
      await ask('updateKey', 200, {
        params: { id: idOf(control) },
        body: { isActive: false, actions: { read: true } },
      });
      await ask('updateKey', 404, { params: { id: 'none' }, body: { isActive: false } });
      for (const key of [control, media]) await ask('deleteKey', 200, { params: { id: idOf(key) } });
      await ask('deleteKey', 200, { params: { id: idOf(made) } });
      await ask('deleteKey', 404, { params: { id: idOf(made) } });
    });

    test('limits, statistics, history, cleanup', async () => {
      await ask('setLimits', 200, { body: { global: 60, user: { userId: 'ada', limit: 3 } } });
      await ask('getLimits', 200, { query: { userId: 'ada' } });
      await system.stack.trigger('reaper');
      await ask('getStats', 200);
      await ask('getHistory', 200, { query: { hours: 1 } });
      const metrics = await ask('getMetrics', 200);
      expect(metrics.bytes.toString()).toContain('\nberth_slots_limit 60\n');
      await ask('cleanUp', 200, { body: { mode: 'emergency', dryRun: true } });
      await ask('drain', 200, { body: { dryRun: true } });
    });

    test('a rollout: started, shown, canceled, and what is refused', async () => {
      await ask('cancelRollout', 404);
      await ask('startRollout', 400, { body: { wave: 0 } });
      await ask('startRollout', 200, { body: { dryRun: true } });
      await ask('startRollout', 200, { body: { wave: 2, pauseSeconds: 0 } });
      await ask('startRollout', 409, { body: {} });
      await ask('getRollout', 200);
      await ask('cancelRollout', 200);
    });

    test('builds of WhatsApp Web: stored, pinned, unpinned, removed, and what is refused', async () => {
      const version = '2.3000.1043565534';
      const html = '<!DOCTYPE html><script>{"client_revision":1043565534}</script>';
      const params = { version };
      await ask('getEngine', 200);
      await ask('setEngine', 422, { body: { pinned: version } });
      await ask('saveBuild', 400, { params, body: { html: '<!DOCTYPE html>' } });
      await ask('saveBuild', 422, { params, body: { html, expiresAt: '2026-01-01T00:00:00Z' } });
      await ask('saveBuild', 200, { params, body: { html, expiresAt: '2099-01-01T00:00:00Z' } });
      await ask('setEngine', 200, { body: { pinned: version, probePercent: 20 } });
      await ask('removeBuild', 422, { params });
      await ask('setEngine', 200, { body: { pinned: null } });
      await ask('removeBuild', 200, { params });
      await ask('removeBuild', 404, { params });
    });

    test('standby tasks: the plan, what is refused, and the way back', async () => {
      await ask('getStandby', 200);
      await ask('setStandby', 422, { body: { target: 99 } });
      await ask('setStandby', 400, { body: { hours: [{ from: 7, to: 7, target: 1 }] } });
      await ask('setStandby', 200, { body: { hours: [{ from: 7, to: 19, target: 2 }] } });
      await ask('setStandby', 200, { body: { target: null } });
    });

    test('a path with a trailing slash, if WAHA has the path', async () => {
      const listed = await system.call('GET', '/api/sessions/?all=true');
      expect([listed.status, listed.redirected]).toEqual([200, true]);
      const body = { session: 'unknown', chatId: ADA, text: 'to no session' };
      const sent = await system.call('POST', '/api/sendText/', { body });
      expect([sent.status, sent.redirected]).toEqual([404, true]);
      expect(await sent.json()).toMatchObject({ detail: expect.stringContaining('"unknown"') });
      const own = await system.call('GET', '/api/limits/');
      expect([own.status, own.redirected]).toEqual([404, false]);
    });

    test('events and dead letters', async () => {
      await ask('followEvents', 200, {
        query: { after: '0', wait: 0 },
        headers: { accept: 'application/json' },
      });
      const stream = await ask('followEvents', 200, { query: { after: '0', wait: 0 } });
      expect(stream.type).toMatch(/^text\/event-stream/);
      await ask('createLiveTicket', 200);
      await ask('listDeadLetters', 200);
      await ask('listErasures', 200);
      await ask('eraseUser', 201, { body: { userId: 'unknown-user' } });
      await ask('eraseUser', 422, { body: { userId: 'admin' } });
      await ask('listAudit', 200, { query: { limit: 1000 } });
      await ask('redriveDeadLetters', 200, { body: {} });
    });

    test('a session whose task is never born: created, started again, stopped, deleted', async () => {
      system.stack.faults.ecs.holdStarts(4);
      const params = { name: 'unborn' };
      await ask('createSession', 201, { body: { name: 'unborn', start: false } });
      await ask('createSession', 422, { body: { name: 'unborn' } });
      await ask('startSession', 201, { params });
      await ask('getQr', 422, { params: { session: 'unborn' } });
      await ask('restartSession', 201, { params });
      await ask('stopSession', 201, { params });
      await ask('deleteSession', 200, { params });
      await ask('getSession', 404, { params });
      const metadata = { team: 'sales' };
      for (const config of [{}, { metadata }])
        await ask('startSessionByName', 201, { body: { ...params, config } });
      const { json } = await ask('getSession', 200, { params });
      expect(json).toMatchObject({ state: 'STARTING', epoch: 1, config: { metadata } });
      const client = { deviceName: 'Shop' };
      const changed = await ask('updateSession', 200, { params, body: { config: { metadata, client } } });
      expect(changed.json).toMatchObject({ state: 'STARTING', epoch: 2, config: { client } });
      const same = await ask('updateSession', 200, { params, body: { config: { client } } });
      expect(same.json).toMatchObject({ epoch: 2 });
      await ask('stopSessionByName', 201, { body: params });
      await ask('stopSessionByName', 201, { body: { ...params, logout: true } });
      await ask('stopSessionByName', 404, { body: params });
      for (const _ of ['absent', 'still absent']) await ask('logoutSessionByName', 201, { body: params });
      system.stack.faults.ecs.clear();
    });
  });

  describe.sequential('a linked session', () => {
    const params = { name: session };

    test('is created, shows its codes, and is linked by one', async () => {
      await ask('createSession', 201, {
        body: {
          name: session,
          config: {
            metadata: { team: 'sales' },
            webhooks: [{ url: hooks.url, events: EVERY_EVENT, hmac: { key: 'walk' } }],
          },
        },
        headers: { 'idempotency-key': 'walk' },
      });
      await system.berth.sessions.waitForStatus(session, 'SCAN_QR_CODE');
      const qr = (accept: string, query: Record<string, string | number> = {}) =>
        ask('getQr', 200, { params: { session }, query: { wait: 20, ...query }, headers: { accept } });
      expect((await qr('image/png')).type).toBe('image/png');
      expect((await qr('image/svg+xml')).type).toBe('image/svg+xml');
      await qr('application/json');
      await qr('application/json', { format: 'raw' });
      await ask('sendText', 422, { body: { session, chatId: ADA, text: 'too early' } });
      await ask('getMe', 200, { params });

      const { json } = await ask('requestCode', 201, {
        params: { session },
        body: { phoneNumber: `+${ACCOUNT}` },
      });
      await system.phone.setPasskey({ account: ACCOUNT, required: true, confirm: true });
      await system.phone.enterPairingCode({ code: z.object({ code: z.string() }).parse(json).code });
    });

    test('asks for the passkey of the account, and for a code to be compared', async () => {
      const about = { params: { session } };
      await system.berth.sessions.waitForStatus(session, 'PASSKEY_REQUIRED');
      const { json } = await ask('getPasskeyChallenge', 200, { ...about, query: { wait: 20 } });
      await ask('getPasskeyConfirmation', 422, about);
      await ask('confirmPasskey', 422, about);
      const { challenge } = passkeyChallengeSchema.parse(json);
      const other = await system.phone.signPasskey({ challenge, origin: 'https://example.com' });
      await ask('submitPasskey', 422, { ...about, body: other });
      const body = await system.phone.signPasskey({ challenge });
      await ask('submitPasskey', 400, { ...about, body: { ...body, rawId: 'other' } });
      await ask('submitPasskey', 201, { ...about, body });
      await ask('submitPasskey', 409, { ...about, body });
      await system.berth.sessions.waitForStatus(session, 'PASSKEY_CONFIRMATION_REQUIRED');
      const shown = await ask('getPasskeyConfirmation', 200, { ...about, query: { wait: 20 } });
      const { codes } = await system.phone.passkeyCodes({ account: ACCOUNT });
      expect(shown.json).toEqual({ code: codes[0] });
      await ask('confirmPasskey', 201, about);
      await system.berth.sessions.waitForStatus(session, 'WORKING');

      const statusEvent = (status: string) =>
        hooks.event((e) => e.event === 'session.status' && e.payload.status === status);
      expect((await statusEvent('PASSKEY_REQUIRED')).payload.data).toMatchObject({ challenge });
      expect((await statusEvent('PASSKEY_CONFIRMATION_REQUIRED')).payload.data).toEqual({ code: codes[0] });
      const events = await ask('listSessionEvents', 200, { params });
      expect(JSON.stringify(events.json)).toContain('PASSKEY_REQUIRED');
      expect(JSON.stringify(events.json)).not.toContain(challenge);
    });

    test('is shown, listed and configured', async () => {
      await ask('getSession', 200, { params, query: { wait: 'status=WORKING', timeout: 20 } });
      await ask('getMe', 200, { params });
      await ask('startSession', 201, { params });
      expect((await ask('listSessions', 200, { query: { all: true } })).json).toHaveLength(1);
      await ask('updateSession', 200, {
        params,
        body: { config: { ...(await configOf()), idleTimeoutSeconds: 600 } },
      });
      await ask('listSessionEvents', 200, { params, query: { limit: 10 } });
    });

    test('sends every kind of message, once for a key', async () => {
      const to = { session, chatId: ADA };
      const file = { data: PNG, mimetype: 'image/png' };
      const sent = await ask('sendText', 201, { body: { ...to, text: 'Hello' } });
      await ask('sendText', 201, { body: { ...to, text: 'again', reply_to: idOf(sent) } });
      await ask('sendImage', 201, { body: { ...to, file, caption: 'a pixel' } });
      await ask('sendImage', 415, { body: { ...to, file: { ...file, mimetype: 'text/plain' } } });
      await ask('sendFile', 201, { body: { ...to, file: { ...file, filename: 'pixel.png' } } });
      await ask('sendVideo', 201, { body: { ...to, file: { ...file, mimetype: 'video/mp4' } } });
      await ask('sendVoice', 201, { body: { ...to, file: { ...file, mimetype: 'audio/ogg; codecs=opus' } } });
      await ask('sendLocation', 201, { body: { ...to, latitude: 52.5, longitude: 13.4, title: 'Berlin' } });
      await ask('sendContactVcard', 201, {
        body: { ...to, contacts: [{ fullName: 'Bea', phoneNumber: '+49 171 4445555' }] },
      });
      const slip = await ask('sendText', 201, { body: { ...to, text: 'slip' } });
      const params = { session, chatId: ADA, messageId: idOf(slip) };
      await ask('editMessage', 200, { params, body: { text: 'no slip' } });
      await ask('deleteMessage', 200, { params, query: { for: 'everyone' } });
      await ask('editMessage', 422, { params, body: { text: 'again' } });
      await ask('editMessage', 404, { params: { ...params, messageId: 'none' }, body: { text: 'again' } });
      const poll = await ask('sendPoll', 201, {
        body: { ...to, poll: { name: 'When?', options: ['a', 'b'] } },
      });
      await ask('startTyping', 201, { body: to });
      await ask('stopTyping', 201, { body: to });
      await ask('sendSeen', 201, { body: to });

      const account = ACCOUNT;
      const received = (await system.phone.send({ account, from: ADA, name: 'Ada', text: 'hi' })).message;
      const messageId = `false_${ADA}_${received.id}`;
      // The event names the chat by hidden id; the id by the number is good for the reaction all the same.
      await hooks.event((e) => e.event === 'message' && e.payload.fromPn === ADA && e.payload.body === 'hi');
      await ask('setReaction', 200, { body: { session, messageId, reaction: '👍' } });

      await system.phone.edit({ account, message: received.id, text: 'hello' });
      await system.phone.send({ account, from: BEA, name: 'Bea', text: 'later', waiting: true });

      const last = (id: string) => id.split('_').at(-1) ?? '';
      await system.phone.react({ account, from: ADA, message: last(idOf(sent)), text: '❤️' });
      await system.phone.vote({ account, from: ADA, message: last(idOf(poll)), options: ['a'] });
      await system.phone.ack({ account, ack: 'read' });
      await system.phone.revoke({ account, message: received.id });
      await system.phone.call({ account, from: BEA });
    });

    test('returns the outcome of a waiting command', async () => {
      const body = { session, chatId: ADA, text: 'kept' };
      const asked = { body, query: { wake: true }, headers: { 'idempotency-key': 'kept' } };
      const [first, second] = [await ask('sendText', 201, asked), await ask('sendText', 201, asked)];
      expect(second.json).toEqual(first.json);
      await ask('getCommand', 200, { params: { id: await keptCommand() }, query: { wait: 5 } });
      await ask('getCommand', 404, { params: { id: 'none' } });
    });

    test('shows chats, messages and contacts', async () => {
      await ask('getChats', 200, { params: { session }, query: { limit: 10 } });
      await ask('getMessages', 200, {
        params: { session, chatId: ADA },
        query: { limit: 50, downloadMedia: false },
      });
      await ask('getContacts', 200, { query: { session } });
      await ask('getContact', 200, { query: { session, contactId: ADA } });
      await ask('getLids', 200, { params: { session }, query: { limit: 10 } });
      await ask('countLids', 200, { params: { session } });
      await ask('findLidByNumber', 200, { params: { session, phoneNumber: '491712223333' } });
      await ask('findNumberByLid', 200, { params: { session, lid: '12345678901234@lid' } });
      await ask('findNumberByLid', 404, { params: { session, lid: 'nobody' } });
      await ask('checkNumber', 200, { query: { session, phone: '491712223333' } });
    });

    test('makes and changes groups', async () => {
      const group = idOf(
        await ask('createGroup', 201, {
          params: { session },
          body: { name: 'Team', participants: [{ id: ADA }] },
        }),
      );
      const of = { session, id: group };
      await ask('getGroups', 200, { params: { session } });
      await ask('getGroup', 200, { params: of });
      await ask('addParticipants', 200, { params: of, body: { participants: [{ id: BEA }] } });
      await ask('getParticipants', 200, { params: of });
      await ask('removeParticipants', 200, { params: of, body: { participants: [{ id: BEA }] } });
      await system.phone.changeGroup({ account: ACCOUNT, chat: group, subject: 'The team' });
      await hooks.event((e) => e.event === 'group.v2.update');
    });

    test('acts on messages', async () => {
      const to = { session, chatId: ADA };
      const sent = await ask('sendText', 201, { body: { ...to, text: 'remember' } });
      const poll = await ask('sendPoll', 201, {
        body: { ...to, poll: { name: 'Who?', options: ['I', 'you'] } },
      });
      const of = { session, chatId: ADA, messageId: idOf(sent) };
      await ask('getMessage', 200, { params: of, query: { downloadMedia: false } });
      await ask('starMessage', 200, { body: { ...to, messageId: idOf(sent), star: true } });
      await ask('pinMessage', 201, { params: of, body: { duration: 86_400 } });
      await ask('pinMessage', 400, { params: of, body: { duration: 1 } });
      await ask('unpinMessage', 201, { params: of });
      await ask('forwardMessage', 201, { body: { session, chatId: BEA, messageId: idOf(sent) } });
      await ask('sendPollVote', 201, { body: { ...to, pollMessageId: idOf(poll), votes: ['I'] } });
      await ask('sendEvent', 201, {
        params: { session },
        body: { chatId: ADA, event: { name: 'Party', startTime: 2_000_000_000 } },
      });
      await ask('getNewMessageId', 200, { params: { session } });
      await ask('getNewStatusId', 200, { params: { session } });
      await ask('sendTextByQuery', 200, { query: { session, phone: '491712223333', text: 'by query' } });
      await ask('reply', 201, { body: { ...to, text: 'a reply', reply_to: idOf(sent) } });
      await ask('sendLinkPreview', 201, { body: { ...to, url: 'https://example.org', title: 'Look' } });
      await ask('listMessages', 200, { query: { session, chatId: ADA } });
      await ask('checkNumberStatus', 200, { query: { session, phone: '491712223333' } });
    });

    test('acts on chats, people and itself', async () => {
      const file = { data: PNG, mimetype: 'image/png' };
      const of = { session, chatId: ADA };
      await ask('getChatsOverview', 200, { params: { session }, query: { limit: 5 } });
      await ask('findChatsOverview', 201, { params: { session }, body: { filter: { ids: [ADA] } } });
      await ask('getChatPicture', 200, { params: of });
      await ask('markChatUnread', 201, { params: of });
      await ask('readChat', 201, { params: of });
      await ask('archiveChat', 201, { params: of });
      await ask('unarchiveChat', 201, { params: of });
      await ask('getContactAbout', 200, { query: { session, contactId: ADA } });
      await ask('getContactPicture', 200, { query: { session, contactId: ADA } });
      await ask('blockContact', 201, { body: { session, contactId: BEA } });
      await ask('unblockContact', 201, { body: { session, contactId: BEA } });
      await ask('getContactById', 200, { params: { session, id: ADA } });
      await ask('saveContact', 200, { params: of, body: { firstName: 'Ada', lastName: 'L' } });
      await ask('setProfileName', 200, { params: { session }, body: { name: 'Shop' } });
      await ask('setProfileStatus', 200, { params: { session }, body: { status: 'open' } });
      await ask('setProfilePicture', 200, { params: { session }, body: { file } });
      await ask('getProfile', 200, { params: { session } });
      await ask('deleteProfilePicture', 200, { params: { session } });
      await ask('setPresence', 201, { params: { session }, body: { presence: 'online' } });
      const { callId } = await system.phone.call({ account: ACCOUNT, from: BEA });
      await system.phone.showPresence({ account: ACCOUNT, from: ADA, state: 'online' });
      await ask('getPresence', 200, { params: of });
      await ask('subscribePresence', 201, { params: of });
      await ask('getPresences', 200, { params: { session } });
      await ask('rejectCall', 201, { params: { session }, body: { from: BEA, id: callId } });
      await ask('getScreenshot', 200, { query: { session } });
      await ask('clearChat', 200, { params: { session, chatId: BEA } });
      await ask('deleteChat', 200, { params: { session, chatId: BEA } });
      await ask('deleteChat', 404, { params: { session, chatId: BEA } });
    });

    test('acts on groups', async () => {
      const file = { data: PNG, mimetype: 'image/png' };
      const made = await ask('createGroup', 201, {
        params: { session },
        body: { name: 'Board', participants: [{ id: ADA }] },
      });
      const of = { session, id: idOf(made) };
      await ask('countGroups', 200, { params: { session } });
      await ask('refreshGroups', 200, { params: { session } });
      await ask('setGroupSubject', 200, { params: of, body: { subject: 'The board' } });
      await ask('setGroupDescription', 200, { params: of, body: { description: 'us' } });
      await ask('setGroupPicture', 200, { params: of, body: { file } });
      await ask('getGroupPicture', 200, { params: of });
      await ask('deleteGroupPicture', 200, { params: of });
      await ask('promoteParticipants', 200, { params: of, body: { participants: [{ id: ADA }] } });
      await ask('demoteParticipants', 200, { params: of, body: { participants: [{ id: ADA }] } });
      await ask('setInfoAdminsOnly', 200, { params: of, body: { adminsOnly: true } });
      await ask('getInfoAdminsOnly', 200, { params: of });
      await ask('setMessagesAdminsOnly', 200, { params: of, body: { adminsOnly: true } });
      await ask('getMessagesAdminsOnly', 200, { params: of });
      await ask('getParticipantsV2', 200, { params: of });
      await ask('getInviteCode', 200, { params: of });
      const { json: code } = await ask('revokeInviteCode', 200, { params: of });
      await ask('getInviteInfo', 200, { params: { session }, query: { code: String(code) } });
      await ask('joinGroup', 200, { params: { session }, body: { code: String(code) } });
      await ask('leaveGroup', 200, { params: of });
      await ask('joinGroup', 200, { params: { session }, body: { code: String(code) } });
      await hooks.event((e) => e.event === 'group.v2.join');
      const said = await ask('sendText', 201, { body: { session, chatId: of.id, text: 'back again' } });
      await system.phone.ack({ account: ACCOUNT, message: idOf(said).split('_')[2] ?? '', ack: 'read' });
      await hooks.event((e) => e.event === 'message.ack.group');
      await ask('leaveGroup', 200, { params: of });
      await ask('deleteGroup', 200, { params: of });
      await ask('deleteGroup', 404, { params: of });
    });

    test('acts on Status, channels and labels, and says what the engine cannot do', async () => {
      const file = { data: PNG, mimetype: 'image/png' };
      const params = { session };
      const said = await ask('sendTextStatus', 201, { params, body: { text: 'open' } });
      await ask('sendImageStatus', 201, { params, body: { file } });
      await ask('sendVideoStatus', 201, { params, body: { file: { ...file, mimetype: 'video/mp4' } } });
      await ask('sendVoiceStatus', 201, { params, body: { file: { ...file, mimetype: 'audio/ogg' } } });
      await ask('deleteStatus', 422, { params, body: {} });
      await ask('deleteStatus', 201, { params, body: { id: idOf(said) } });
      for (const [labels, of] of [
        [[{ id: '7', name: 'Urgent', color: 5 }], ['7']],
        [[], []],
      ] as const) {
        await system.phone.setLabels({ account: ACCOUNT, labels: [...labels] });
        await system.phone.labelChat({ account: ACCOUNT, chat: ADA, labels: [...of] });
      }
      await hooks.event((e) => e.event === 'label.chat.deleted');
      await ask('getLabels', 200, { params });
      await ask('getChatLabels', 200, { params: { session, chatId: ADA } });
      await ask('setChatLabels', 200, { params: { session, chatId: ADA }, body: { labels: [] } });
      await ask('getLabelChats', 404, { params: { session, labelId: '1' } });

      const of = { session, id: idOf(await ask('createChannel', 201, { params, body: { name: 'News' } })) };
      await ask('getChannels', 200, { params });
      await ask('getChannel', 200, { params: of });
      await ask('previewChannel', 200, { params: of });
      await ask('muteChannel', 201, { params: of });
      await ask('unmuteChannel', 201, { params: of });
      await ask('findChannelsByView', 200, { params, body: {} });
      await ask('findChannelsByText', 200, { params, body: { text: 'news' } });
      await ask('followChannel', 422, { params: of });
      await ask('unfollowChannel', 422, { params: of });
      await ask('deleteChannel', 200, { params: of });
      for (const { id, body } of Object.values(UNSUPPORTED_OPERATIONS)) {
        const names = { session, chatId: ADA, labelId: '1', id: '1' };
        await ask(id, 501, { params: names, ...(body ? { body: { session } } : {}) });
      }
    });

    test('is logged out, and reported to webhooks as the document says', async () => {
      await ask('listDeliveries', 200, { params });
      await ask('listWebhookEndpoints', 200, { query: { session } });
      await ask('listWebhookEndpoints', 404, { query: { session: 'nobody' } });
      await system.phone.state({ target: ACCOUNT, state: 'OPENING' });
      await hooks.event((e) => e.event === 'engine.event');
      for (const event of ['message.edited', 'message.waiting']) await hooks.event((e) => e.event === event);
      await system.phone.state({ target: ACCOUNT, state: 'CONNECTED' });
      await ask('logoutSession', 201, { params });
      await hooks.event((e) => e.event === 'session.stopped');
      await ask('stopSession', 201, { params });

      for (const { event, raw } of hooks.received) {
        contract.checkWebhook(event, JSON.parse(raw));
        if (WAHA_EVENTS.includes(event)) expect(wahaFaults(event, JSON.parse(raw))).toEqual([]);
      }
      expect([...new Set(hooks.received.map(({ event }) => event))].sort()).toEqual(
        Object.keys(contract.document.webhooks)
          .filter((event) => !NOT_BROUGHT_ABOUT.includes(event))
          .sort(),
      );
      await ask('deleteSession', 200, { params });
    });

    const configOf = async () => ({ webhooks: [{ url: hooks.url, events: EVERY_EVENT }] });
  });

  /** The id of the one command in the table. */
  const keptCommand = async (): Promise<string> => {
    const database = databaseClient(system.stack.databaseUrl);
    const { Items = [] } = await database.send(
      new ScanCommand({
        TableName: z.string().parse(system.stack.model.tables[0]?.name),
        FilterExpression: 'begins_with(pk, :prefix)',
        ExpressionAttributeValues: { ':prefix': { S: 'COMMAND#' } },
      }),
    );
    database.destroy();
    return z.string().parse(Items[0]?.pk?.S).replace('COMMAND#', '');
  };

  describe('what is refused is refused as the document says', () => {
    const documented = OPERATIONS.filter(({ tag }) => tag !== undefined);

    /** With all other parameters that the operation's schemas require. */
    const about = ({ params, query, body }: (typeof OPERATIONS)[number], named = 'absent') => ({
      params: texts(params ? { ...Object(sampleOf(params)), ...only(params.shape, named) } : {}),
      query: texts(query ? { ...Object(sampleOf(query)), ...only(query.shape, named) } : {}),
      ...(body ? { body: sampleOf(body) } : {}),
    });
    const only = (shape: object, named: string) =>
      Object.fromEntries(['name', 'session'].filter((name) => name in shape).map((name) => [name, named]));
    const texts = (values: object): Record<string, string> =>
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

    test('401 without a key, by every operation that asks for one', async () => {
      for (const operation of documented.filter(({ auth }) => auth !== 'none'))
        await ask(operation.id, 401, { ...about(operation), key: '' });
    });

    test('403 with a user’s key, by every operation for admins', async () => {
      const { key } = await system.berth.keys.create({ userId: 'ada' });
      for (const operation of documented.filter(({ auth }) => auth === 'admin'))
        await ask(operation.id, 403, { ...about(operation), key });
    });

    test('404 for a session that is not there, by every operation whose path names one', async () => {
      // As WAHA has it, deleting what is not there is done.
      for (const operation of documented.filter(({ path }) => /\{(name|session)\}/.test(path)))
        await ask(operation.id, operation.id === 'deleteSession' ? 200 : 404, about(operation));
    });

    test('400 for a query that it has not, by every operation of Berth’s own that asks for a key', async () => {
      for (const operation of documented.filter(({ auth, waha }) => auth !== 'none' && !waha))
        await ask(operation.id, 400, { ...about(operation), query: { nonsense: 1 } });
    });

    test('415 and 413 by every operation with a body', async () => {
      for (const operation of documented.filter(({ body }) => body !== undefined)) {
        const headers = { 'content-type': 'text/plain' };
        await ask(operation.id, 415, { ...about(operation), body: 'text', headers });
        const { maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = operation;
        await ask(operation.id, 413, { ...about(operation), body: ' '.repeat(maxBodyBytes + 1) });
      }
    });
  });

  test('every administrative act that was walked is in the audit log, with who, when and from where', async () => {
    const acts = await system.berth.audit({ limit: 1000 });
    for (const { id } of OPERATIONS.filter(({ audited }) => audited))
      expect(acts, id).toContainEqual(
        expect.objectContaining({
          action: id,
          outcome: 'done',
          who: { userId: 'admin', keyId: expect.any(String), via: 'key' },
          from: { ip: '127.0.0.1', userAgent: expect.anything() },
        }),
      );
    // Keys and secrets of what was walked are not in it.
    expect(JSON.stringify(acts)).not.toContain(system.adminKey);
  });

  test('every operation of the document was walked', () => {
    const succeeds = (status: number) => status < 300 || status === 501;
    // live.ts walks the WebSocket.
    const elsewhere = [...SEEN_IN_ACTS, 'connectLive'];
    const here = contract.operations.filter(({ id }) => !elsewhere.includes(id));
    const walked = [...contract.walked].filter(([, statuses]) => [...statuses].some(succeeds));
    expect(walked.map(([id]) => id).sort()).toEqual(here.map(({ id }) => id).sort());
  });
};
