/** The answer to a command is true: nothing happened, it happened, or it is unknown. For every command. */
import { describe, expect, it } from 'vitest';
import { ACCOUNT_HANDLERS } from '../../../container/commands/account-table.ts';
import type { CommandContext } from '../../../container/commands/context.ts';
import { HANDLERS } from '../../../container/commands/table.ts';
import type { LibraryAccount } from '../../../container/whatsapp/account.ts';
import { KNOWN_REFUSALS } from '../../../container/whatsapp/refusals.ts';
import { TIMEOUTS_MS } from '../../../contract/timeouts.ts';
import type { CommandName } from '../../../contract/worker/commands.ts';
import { manualTime } from '../../helpers/manual-time.ts';
import { commandContext } from './command-context.ts';
import { FakeClient } from './fake-library.ts';

const CHAT = '15550001111@c.us';
const GROUP = '120363000000000001@g.us';
const MESSAGE_ID = `false_${CHAT}_3EB0A`;
const to = { chatId: CHAT };
const file = { data: Buffer.from('bytes').toString('base64'), mimetype: 'image/png' };
const people = { id: GROUP, participants: [{ id: CHAT }] };
const group = { id: GROUP, name: 'us', groupMetadata: { subject: 'us', participants: [{ id: CHAT }] } };

/** The last call of each command to the library, once all earlier ones were answered. */
const CHANGES = {
  sendText: { args: { ...to, text: 'hi' }, last: 'send' },
  sendImage: { args: { ...to, file }, last: 'send' },
  sendFile: { args: { ...to, file }, last: 'send' },
  sendVideo: { args: { ...to, file: { ...file, mimetype: 'video/mp4' } }, last: 'send' },
  sendVoice: { args: { ...to, file: { ...file, mimetype: 'audio/ogg' } }, last: 'send' },
  sendLocation: { args: { ...to, latitude: 1, longitude: 2 }, last: 'send' },
  sendContactVcard: { args: { ...to, contacts: [{ fullName: 'A', phoneNumber: '+1' }] }, last: 'send' },
  sendPoll: { args: { ...to, poll: { name: 'q', options: ['a', 'b'] } }, last: 'send' },
  setReaction: { args: { messageId: MESSAGE_ID, reaction: '👍' }, last: 'react' },
  sendSeen: { args: to, last: 'sendSeen' },
  startTyping: { args: to, last: 'setTyping' },
  stopTyping: { args: to, last: 'setTyping' },
  createGroup: { args: { name: 'us', participants: people.participants }, last: 'createGroup' },
  addParticipants: { args: people, last: 'addParticipants' },
  removeParticipants: { args: people, last: 'removeParticipants' },
  setGroupSubject: { args: { id: GROUP, subject: 'we' }, last: 'setSubject' },
  setGroupDescription: { args: { id: GROUP, description: 'we' }, last: 'setDescription' },
  setInfoAdminsOnly: { args: { id: GROUP, adminsOnly: true }, last: 'setInfoAdminsOnly' },
  setMessagesAdminsOnly: { args: { id: GROUP, adminsOnly: true }, last: 'setMessagesAdminsOnly' },
  promoteParticipants: { args: people, last: 'setAdmins' },
  revokeInviteCode: { args: { id: GROUP }, last: 'revokeInvite' },
  sendTextStatus: { args: { text: 'hi' }, last: 'send' },
  setProfileName: { args: { name: 'we' }, last: 'setName' },
  setProfileStatus: { args: { status: 'here' }, last: 'setAbout' },
  setPresence: { args: { presence: 'online' }, last: 'setOnline' },
  saveContact: { args: { ...to, firstName: 'A' }, last: 'saveContact' },
  rejectCall: { args: { from: CHAT, id: '1' }, last: 'rejectCall' },
  createChannel: { args: { name: 'news' }, last: 'createChannel' },
} as const satisfies Partial<Record<CommandName, { args: object; last: 'send' | keyof LibraryAccount }>>;

const READS = {
  getChats: { args: {}, last: 'chats' },
  getMessages: { args: to, last: 'messages' },
  checkNumber: { args: { phone: '15550001111' }, last: 'numberId' },
  getContact: { args: { contactId: CHAT }, last: 'contact' },
  getContacts: { args: {}, last: 'contacts' },
  getLids: { args: {}, last: 'knownLids' },
  countLids: { args: {}, last: 'knownLids' },
  findNumberByLid: { args: { lid: '123@lid' }, last: 'lidAndNumber' },
  findLidByNumber: { args: { phoneNumber: '15550001111' }, last: 'lidAndNumber' },
  getGroups: { args: {}, last: 'chats' },
  getGroup: { args: { id: GROUP }, last: 'chat' },
  getParticipants: { args: { id: GROUP }, last: 'chat' },
  getParticipantsV2: { args: { id: GROUP }, last: 'chat' },
  getInviteCode: { args: { id: GROUP }, last: 'inviteCode' },
  getInviteInfo: { args: { code: 'abcdefgh' }, last: 'inviteInfo' },
  countGroups: { args: {}, last: 'chats' },
  getContactAbout: { args: { contactId: CHAT }, last: 'about' },
  getContactPicture: { args: { contactId: CHAT }, last: 'pictureUrl' },
  getLabels: { args: {}, last: 'labels' },
  getChannels: { args: {}, last: 'channels' },
  findChannelsByText: { args: { text: 'news' }, last: 'searchChannels' },
} as const satisfies Partial<Record<CommandName, { args: object; last: keyof LibraryAccount }>>;

const table = <T extends object>(rows: T) => Object.entries(rows) as [CommandName, T[keyof T]][];

/** A working session whose library does `last` for the command's effect. */
const open = (last: string, does: () => Promise<unknown>) => {
  const time = manualTime();
  const client = new FakeClient(() => {});
  const calls: string[] = [];
  const before: Record<string, () => Promise<unknown>> = {
    numberId: async () => ({ _serialized: CHAT }),
    message: async () => ({}),
    chat: async () => group,
  };
  const account = Object.fromEntries(
    Object.keys(client.account).map((name) => [
      name,
      async () => {
        calls.push(name);
        return name === last ? await does() : await before[name]?.();
      },
    ]),
  );
  Object.assign(client.account, account);
  client.send = async () => {
    calls.push('send');
    return await does();
  };
  const context = commandContext(time, client);
  const run = (command: CommandName, args: object) => {
    const until = time.now() + TIMEOUTS_MS.command;
    const answer = { ...ACCOUNT_HANDLERS, ...HANDLERS }
      [command]({ ...context, until } satisfies CommandContext, args)
      .then(
        (result) => ({ result }),
        (error: unknown) => error as { code?: string; message?: string; result?: undefined },
      );
    return { answer, after: (ms: number) => time.advance(ms).then(() => answer) };
  };
  return { time, client, calls, context, run };
};

describe('handed to the page without a clear answer', () => {
  it.each(table(CHANGES))(
    '%s is unknown, for any error, and without an answer in time',
    async (name, { args, last }) => {
      for (const error of [
        new Error('Target closed'),
        new Error("Runtime.callFunctionOn timed out. Increase the 'protocolTimeout' setting"),
        new TypeError("Cannot read properties of undefined (reading '403')"),
        'a string',
      ]) {
        const { run, calls } = open(last, () => Promise.reject(error));
        expect(await run(name, args).after(TIMEOUTS_MS.command)).toMatchObject({ code: 'unknown' });
        expect(
          calls.filter((call) => call === last),
          'never repeated',
        ).toHaveLength(1);
      }
      const silent = open(last, () => new Promise(() => {}));
      expect(await silent.run(name, args).after(TIMEOUTS_MS.command + 1)).toMatchObject({ code: 'unknown' });
    },
  );

  it.each(table(READS))('%s says that nothing was changed', async (name, { args, last }) => {
    const { run, context } = open(last, () => Promise.reject(new Error('Target closed')));
    expect(await run(name, args).after(TIMEOUTS_MS.command)).toMatchObject({
      code: 'unknown',
      message: expect.stringContaining('Nothing was changed'),
    });
    expect(context.uses()).toBe(0);
  });
});

describe('refused in a way that is known', () => {
  it.each(KNOWN_REFUSALS.map((row) => [String(row.pattern), row] as const))('%s', async (_pattern, row) => {
    const text = {
      'could not get the quoted message': 'Error: Could not get the quoted message.',
      'no lid for user': 'Error: No LID for user',
      'wid error': 'Error: wid error: invalid wid',
      'media-fault': 'Error: media-fault: sendToChat filehash undefined',
      ServerStatusCodeError: '',
      'rate-': 'Error: IQErrorRateOverlimit: 429 rate-overlimit',
      'only whatsapp business': 'Error: [LT01] Only Whatsapp business',
    };
    const words = Object.entries(text).find(([start]) => row.pattern.source.startsWith(start))?.[1];
    const [, status] = /\(([^|)]+)/.exec(row.pattern.source) ?? [];
    const error = words
      ? new Error(words.replace('Error: ', ''))
      : Object.assign(new Error(status), { name: 'ServerStatusCodeError' });
    const { run } = open('send', () => Promise.reject(error));
    expect(await run('sendText', { ...to, text: 'hi' }).after(0)).toMatchObject({ code: row.code });
  });

  it('a message that WhatsApp’s server refuses afterwards is refused', async () => {
    const { run, context, calls, time } = open('send', async () => own(0));
    const sending = run('sendText', { ...to, text: 'hi' });
    await time.advance(1);
    context.emit('message_ack', own(-1), -1);
    expect(await sending.answer).toMatchObject({ code: 'refused' });
    expect(calls).toContain('send');
  });
});

const own = (ack: number) => ({
  id: { fromMe: true, remote: CHAT, id: '3EB0B', _serialized: `true_${CHAT}_3EB0B` },
  from: '491701234567@c.us',
  to: CHAT,
  body: 'hi',
  timestamp: 1,
  hasMedia: false,
  ack,
});

describe('reported by the page', () => {
  it('a message at the server is a success, however the library’s call ended', async () => {
    const { run, context } = open('send', async () => {
      context.own(own(0));
      context.emit('message_ack', own(1), 1);
      throw new Error('Target closed');
    });
    expect(await run('sendText', { ...to, text: 'hi' }).after(0)).toMatchObject({
      result: { id: `true_${CHAT}_3EB0B`, ack: 1 },
    });
  });

  it('a message that the library calls sent is a success only once the server has it', async () => {
    const { run, context, time } = open('send', async () => own(0));
    const sending = run('sendText', { ...to, text: 'hi' });
    let answered = false;
    void sending.answer.then(() => {
      answered = true;
    });
    await time.advance(5_000);
    expect(answered).toBe(false);
    context.emit('message_ack', own(1), 1);
    expect(await sending.answer).toMatchObject({ result: { ack: 1, ackName: 'SERVER' } });

    const never = open('send', async () => own(0));
    expect(await never.run('sendText', { ...to, text: 'hi' }).after(TIMEOUTS_MS.command)).toMatchObject({
      code: 'unknown',
    });
  });

  it('the account’s own reaction is a success, however the library’s call ended', async () => {
    const { run, context } = open('react', async () => {
      context.emit('message_reaction', {
        id: { fromMe: true, remote: CHAT, id: 'R', _serialized: `true_${CHAT}_R` },
        msgId: { _serialized: MESSAGE_ID },
        senderId: '491701234567@c.us',
        reaction: '👍',
      });
      throw new Error('Target closed');
    });
    expect(await run('setReaction', CHANGES.setReaction.args).after(0)).toMatchObject({ result: {} });
  });

  it('two sends of the same text do not overlap: one report is not taken for both', async () => {
    const { run, context, calls, time } = open('send', () => new Promise(() => {}));
    const first = run('sendText', { ...to, text: 'hi' });
    const second = run('sendText', { ...to, text: 'hi' });
    await time.advance(1_000);
    expect(calls.filter((call) => call === 'send')).toHaveLength(1);
    context.own(own(1));
    await time.advance(TIMEOUTS_MS.command);
    expect(await first.answer).toMatchObject({ result: { ack: 1 } });
    expect(await second.answer).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('nothing was sent'),
    });
    expect(calls.filter((call) => call === 'send')).toHaveLength(1);
  });
});

describe('not handed to the page', () => {
  it('a number that is not on WhatsApp is refused, and nothing is sent', async () => {
    const { run, client, calls } = open('send', async () => own(1));
    Object.assign(client.account, { numberId: async () => null });
    for (const name of ['sendText', 'sendSeen', 'startTyping'] as const) {
      const { args } = CHANGES[name];
      expect(await run(name, args).after(0)).toMatchObject({ code: 'refused' });
    }
    expect(calls).toEqual([]);
  });

  it('the account that WhatsApp names for a number is written to, and the answer says so', async () => {
    const { run, client } = open('send', async () => ({ ...own(1), to: '553188887777@c.us' }));
    Object.assign(client.account, { numberId: async () => ({ _serialized: '553188887777@c.us' }) });
    const answer = await run('sendText', { chatId: '5531988887777@c.us', text: 'hi' }).after(0);
    expect(answer).toMatchObject({ result: { to: '553188887777@c.us' } });
    expect(client.sent.map(({ chatId }) => chatId)).toEqual(['553188887777@c.us']);
  });

  it('who is not in the group is not called removed', async () => {
    const { run, calls } = open('removeParticipants', async () => ({ status: 200 }));
    const stranger = { id: GROUP, participants: [{ id: '15559990000@c.us' }] };
    expect(await run('removeParticipants', stranger).after(0)).toMatchObject({ code: 'refused' });
    expect(calls).not.toContain('removeParticipants');
    expect(await run('removeParticipants', people).after(0)).toMatchObject({ result: {} });
  });

  it('people of countries with two spellings come into a group under the one that WhatsApp knows', async () => {
    const { run, client } = open('createGroup', async () => 'never');
    const made: unknown[] = [];
    Object.assign(client.account, {
      numberId: async (digits: string) =>
        digits.endsWith('0000') ? null : { _serialized: '553188887777@c.us' },
      createGroup: async (_name: string, ids: readonly string[]) => {
        made.push(ids);
        return { title: 'us', gid: { _serialized: GROUP }, participants: {} };
      },
    });
    const participants = ['5531988887777@c.us', '5531988880000@c.us', CHAT].map((id) => ({ id }));
    await run('createGroup', { name: 'us', participants }).after(0);
    expect(made).toEqual([['553188887777@c.us', '5531988880000@c.us', CHAT]]);
  });

  it('a look-up without an answer does not keep a message from being sent', async () => {
    const { run, client } = open('send', async () => own(1));
    Object.assign(client.account, { numberId: () => new Promise(() => {}) });
    expect(await run('sendText', { ...to, text: 'hi' }).after(10_000)).toMatchObject({ result: { ack: 1 } });
  });

  it('kinds that a channel, Status or a broadcast list does not take are refused', async () => {
    const { run, calls } = open('send', async () => own(1));
    const place = { latitude: 1, longitude: 2 };
    const text = { text: 'hi' };
    const poll = { poll: { name: 'q', options: ['a', 'b'] } };
    for (const [name, args] of [
      ['sendLocation', { chatId: '120363@newsletter', ...place }],
      ['sendFile', { chatId: '120363@newsletter', file }],
      ['sendText', { chatId: '120363@newsletter', ...text, reply_to: MESSAGE_ID }],
      ['sendPoll', { chatId: 'status@broadcast', ...poll }],
      ['sendContactVcard', { chatId: 'status@broadcast', contacts: [{ fullName: 'A', phoneNumber: '+1' }] }],
      ['sendText', { chatId: '1234567@broadcast', ...text }],
    ] as const)
      expect(await run(name, args).after(0), name).toMatchObject({ code: 'refused' });
    expect(calls).toEqual([]);
  });
});

describe('marking as read', () => {
  it('is not done by a send unless it is configured, and its failure does not keep the message back', async () => {
    const plain = open('send', async () => own(1));
    await plain.run('sendText', { ...to, text: 'hi' }).after(0);
    expect(plain.calls).not.toContain('sendSeen');
    expect(plain.client.sent[0]?.options.sendSeen).toBe(false);

    for (const seen of [() => Promise.reject(new Error('sendSeen')), () => new Promise(() => {})]) {
      const { client, context, time } = open('send', async () => own(1));
      let asked = 0;
      Object.assign(client.account, {
        sendSeen: () => {
          asked += 1;
          return seen();
        },
      });
      const answer = HANDLERS.sendText({ ...context, marksSeen: true }, { ...to, text: 'hi' });
      await time.advance(5_000);
      expect(await answer).toMatchObject({ ack: 1 });
      expect(asked).toBe(1);
      expect(client.sent[0]?.options.sendSeen).toBe(false);
    }
  });
});
