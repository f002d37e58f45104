/**
 * The recipient of a message, decided before anything is handed to the page. Each "no" here means that nothing was
 * sent:
 *
 *   number    looked up: WhatsApp names the account that it belongs to (Brazil's ninth digit and Mexico's 1 are in one
 *             spelling and not in the other); a number that has no account is rejected: WhatsApp Web would open a
 *             chat without a recipient
 *   group     must be one that the account is in; if only admins write, it must be an admin
 *   channel   must exist, and the account must be its owner or an admin
 *   Status    takes texts, pictures, videos and voice messages; other broadcast lists are not written to: WhatsApp Web
 *             would publish it as a Status
 *
 * If WhatsApp gives no response in time, the message is handed over unchecked: the page's own answer decides then.
 */
import * as z from 'zod';
import { COMMAND_STAGES_MS } from '../../contract/timeouts.ts';
import { chatKindOf } from '../../contract/whatsapp/chat-kind.ts';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { type Time, withDeadline } from '../base/time.ts';
import { idText } from '../whatsapp/ids.ts';
import type { LibraryClient, LibraryContent, LibraryPage } from '../whatsapp/library.ts';
import { readChannelAccess, readGroupAccess } from '../whatsapp/recipient-page.ts';
import { CommandFailed } from './failure.ts';

type Recipient = {
  /** The chat to send to. */
  readonly id: string;
  /** Whether the page's name of a chat is this recipient's. */
  is(chatId: string): boolean;
};

export type Recipients = {
  /** Throws CommandFailed if nothing may be sent there. Waits `leftMs` at most. */
  resolve(client: LibraryClient, chatId: string, leftMs: number): Promise<Recipient>;
};

const SAYS = {
  person: 'The number is not on WhatsApp',
  group: 'There is no such group, or this account is not a member',
  groupAdmins: 'Only admins can write to this group',
  channel: 'There is no such channel',
  channelRole: 'Only the owner and admins of a channel can write to it',
  broadcast: 'Broadcast lists are not supported',
} as const;
const refused = (why: string): CommandFailed => new CommandFailed('refused', `${why}; nothing was sent.`);

type Asked = { readonly reply_to?: unknown; readonly mentions?: unknown };
const NOT_IN_CHANNELS = ['location', 'cards', 'document', 'event'];
const NOT_IN_STATUS = ['location', 'cards', 'document', 'poll', 'event'];

/** Throws if this kind of message can't go to this kind of chat. The library would answer nothing at all. */
export const refuseKind = (chatId: string, content: LibraryContent, { reply_to }: Asked): void => {
  const kind = chatKindOf(chatId);
  if (kind === 'broadcast') throw refused(SAYS.broadcast);
  if (kind !== 'channel' && kind !== 'status') return;
  const name = kind === 'channel' ? 'A channel' : 'Status';
  const what =
    typeof content === 'string' ? 'text' : content.kind === 'media' ? (content.as ?? 'media') : content.kind;
  if ((kind === 'channel' ? NOT_IN_CHANNELS : NOT_IN_STATUS).includes(what))
    throw refused(`${name} does not support this kind of message (${what})`);
  if (reply_to !== undefined) throw refused(`${name} does not support replies`);
};

const KEEP_MS = 24 * 60 * 60 * 1000;
const MAX_KEPT = 10_000;

export const createRecipients = (options: { readonly time: Time; readonly log: Log }): Recipients => {
  const { time, log } = options;
  /** Looked-up numbers that exist, by the caller's spelling. */
  const known = new Map<string, { readonly id: string; readonly at: number }>();

  const keep = (asked: string, id: string) => {
    known.delete(asked);
    known.set(asked, { id, at: time.now() });
    const [oldest] = known.keys();
    if (known.size > MAX_KEPT && oldest !== undefined) known.delete(oldest);
  };

  const person = async (client: LibraryClient, chatId: string): Promise<string> => {
    if (!chatId.endsWith('@c.us')) return chatId;
    const kept = known.get(chatId);
    if (kept && time.now() - kept.at < KEEP_MS) return kept.id;
    const id = idText(await client.account.numberId(chatId.slice(0, -'@c.us'.length)));
    if (id === undefined) throw refused(SAYS.person);
    keep(chatId, id);
    return id;
  };

  const group = async (page: LibraryPage, chatId: string): Promise<string> => {
    const { found, member, onlyAdmins, admin } = await readGroupAccess(page, chatId);
    if (!found || member === false) throw refused(SAYS.group);
    if (onlyAdmins && admin === false) throw refused(SAYS.groupAdmins);
    return chatId;
  };

  const channel = async (page: LibraryPage, chatId: string): Promise<string> => {
    const { found, role } = await readChannelAccess(page, chatId);
    if (!found) throw refused(SAYS.channel);
    if (role !== null && !/^(owner|admin)$/i.test(role)) throw refused(SAYS.channelRole);
    return chatId;
  };

  const look = async (client: LibraryClient, chatId: string): Promise<string> => {
    const kind = chatKindOf(chatId);
    if (kind === 'person') return await person(client, chatId);
    const page = client.pupPage;
    if (!page || kind === 'status' || kind === 'broadcast') return chatId;
    return kind === 'group' ? await group(page, chatId) : await channel(page, chatId);
  };

  return {
    async resolve(client, chatId, leftMs) {
      const limit = Math.min(COMMAND_STAGES_MS.recipient, leftMs);
      let id = chatId;
      try {
        id = await withDeadline(time, limit, 'looking the recipient up', look(client, chatId));
      } catch (error) {
        if (error instanceof CommandFailed) throw error;
        log.warn('the recipient could not be looked up', {
          errorName: error instanceof Error ? error.name : typeof error,
          shape: error instanceof z.ZodError ? describeError(error) : undefined,
        });
        // The library answers nothing at all for a channel that it can't find: better not to begin.
        if (chatKindOf(chatId) === 'channel')
          throw new CommandFailed(
            'unavailable',
            'The channel could not be looked up; nothing was sent. Try again.',
          );
      }
      return { id, is: (named) => named === id || named === chatId || isHidden(named, chatId) };
    },
  };
};

/** A person's chat may be kept under the hidden id (`@lid`), even if the message was addressed to the number. */
const isHidden = (named: string, chatId: string): boolean =>
  named.endsWith('@lid') && chatKindOf(chatId) === 'person';
