/** Events of accounts other than messages: rules over the world's records, without I/O. */
import { PhoneRefusal } from '../refusal.ts';
import { userJid } from './jid.ts';
import type { AccountRecord, ChannelRecord, MessageRecord } from './records.ts';
import { ACK, type World } from './world.ts';

/** WhatsApp on Android makes ids of 32 hex digits. */
const PHONE_ID_BYTES = 16;

export type Random = (bytes: number) => string;

/** The account's owner types a message on the phone. `at` in ms. */
export const typeOnPhone = (
  world: World,
  account: AccountRecord,
  chatId: string,
  text: string,
  { random, at }: { readonly random: Random; readonly at: number },
): MessageRecord =>
  world.post(account.phoneNumber, {
    id: random(PHONE_ID_BYTES).toUpperCase(),
    chatId: world.personId(chatId),
    fromMe: true,
    author: userJid(account.phoneNumber),
    type: 'chat',
    body: text,
    ack: ACK.server,
    mentions: [],
    unread: false,
    timestamp: Math.floor(at / 1000),
  });

const messageOf = (world: World, account: AccountRecord, id: string): MessageRecord => {
  const message = world.message(account.phoneNumber, id);
  if (!message) throw new PhoneRefusal('unknown_message', `the account has no message ${id}`);
  return message;
};

/** The author of the message changes its text. */
export const editMessage = (world: World, account: AccountRecord, id: string, text: string): MessageRecord =>
  world.keep({ ...messageOf(world, account, id), body: text, edited: true });

/** The content of a message that waited for it has come. */
export const resolveMessage = (world: World, account: AccountRecord, id: string): MessageRecord => {
  const message = messageOf(world, account, id);
  if (!message.waiting) throw new PhoneRefusal('bad_request', 'the message does not wait for its content');
  return world.keep({ ...message, waiting: false });
};

export const createChannel = (
  world: World,
  account: AccountRecord,
  name: string,
  role: ChannelRecord['role'],
  random: Random,
): ChannelRecord => {
  const digits = BigInt(`0x${random(8)}`)
    .toString()
    .slice(-13)
    .padStart(13, '7');
  const id = `12036${digits}@newsletter`;
  return world.keep({ kind: 'channel', account: account.phoneNumber, id, name, role });
};

/** Messages of long ago, alternately from both sides and a minute apart, newest last. They cause no notification. */
export const fillChat = (
  world: World,
  account: AccountRecord,
  chat: string,
  count: number,
  { random, now }: { readonly random: Random; readonly now: number },
): void => {
  const me = userJid(account.phoneNumber);
  const chatId = world.personId(chat);
  for (let n = 1; n <= count; n++) {
    const fromMe = n % 2 === 0;
    world.post(account.phoneNumber, {
      id: random(PHONE_ID_BYTES).toUpperCase(),
      chatId,
      fromMe,
      author: fromMe ? me : chatId,
      type: 'chat',
      body: `message ${n}`,
      ack: ACK.server,
      mentions: [],
      unread: false,
      timestamp: Math.floor(now / 1000) - (count - n + 1) * 60,
    });
  }
};

/** Groups that the account owns, with one other member each. */
export const fillGroups = (world: World, account: AccountRecord, count: number): void => {
  for (let n = 1; n <= count; n++) world.createGroup(account, `group ${n}`, ['15550002222@c.us']);
};
