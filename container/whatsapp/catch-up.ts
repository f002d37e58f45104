/**
 * Messages that came while no client listened: read from the chats once the client works, and delivered in order
 * after the earlier ones. Its limits and their reasons: docs/late-messages.md.
 */
import * as z from 'zod';
import type { Message } from '../../contract/whatsapp/messages.ts';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { type Time, withDeadline } from '../base/time.ts';
import { messageKey } from './forwarded-messages.ts';
import type { LibraryClient } from './library.ts';
import { recentChats } from './page.ts';
import { messagePayload } from './payloads.ts';

/** Of the whole; live events wait for so long. */
const LIMIT_MS = 20_000;
/** Messages asked of a chat at first, and at most. */
const FIRST = 50;
const MOST = 800;

/** No message that a person wrote: notices, and placeholders whose text is still to come. */
const NOT_WRITTEN: readonly (string | undefined)[] = [
  'ciphertext',
  'e2e_notification',
  'gp2',
  'notification',
  'notification_template',
  'protocol',
];

type Missed = { readonly source: unknown; readonly message: Message };

type CaughtUp = {
  /** In the order of their times; those of one second and chat as the chat has them. */
  readonly missed: readonly Missed[];
  /** So many older ones were left out. */
  readonly cut: number;
  /** False: not all chats could be read. */
  readonly complete: boolean;
};

const rawType = (source: unknown): string | undefined =>
  z.object({ type: z.string() }).safeParse(source).data?.type;

/**
 * The messages of the chats from `since` on that `isForwarded` does not know.
 *
 * @param since in seconds, as WhatsApp has its times
 * @param max of these the newest
 */
export const catchUp = async (options: {
  readonly client: LibraryClient;
  readonly since: number;
  readonly isForwarded: (id: string) => boolean;
  readonly max: number;
  readonly time: Time;
  readonly log: Log;
}): Promise<CaughtUp> => {
  const { client, since, isForwarded, max, time, log } = options;
  const until = time.now() + LIMIT_MS;
  const bounded = <T>(what: string, work: Promise<T>): Promise<T> =>
    withDeadline(time, Math.max(1, until - time.now()), what, work);
  let complete = true;
  const missed: Missed[] = [];

  const messagesOf = async (chatId: string): Promise<Missed[]> => {
    for (let limit = FIRST; ; limit *= 4) {
      const sources = await bounded('reading a chat', client.account.messages(chatId, Math.min(limit, MOST)));
      const found = sources.flatMap((source) => {
        const message = messagePayload(source);
        return message ? [{ source, message }] : [];
      });
      const whole = found.length < limit || found.some(({ message }) => message.timestamp < since);
      if (!whole && limit < MOST) continue;
      if (!whole) complete = false;
      return found;
    }
  };

  try {
    const page = client.pupPage;
    if (!page) return { missed, cut: 0, complete: false };
    const chats = await bounded('listing the chats', recentChats(page, since));
    for (const chatId of chats) {
      try {
        missed.push(...(await messagesOf(chatId)));
      } catch (error) {
        complete = false;
        log.warn('a chat could not be read for missed messages', { error: describeError(error) });
        if (time.now() >= until) break;
      }
    }
  } catch (error) {
    complete = false;
    log.warn('missed messages could not be read', { error: describeError(error) });
  }
  const missing = new Map(
    missed
      .filter(
        ({ source, message }) =>
          message.timestamp >= since &&
          !isForwarded(messageKey(message.id)) &&
          !NOT_WRITTEN.includes(rawType(source)),
      )
      .map((one) => [messageKey(one.message.id), one]),
  );
  const sorted = [...missing.values()].sort((a, b) => a.message.timestamp - b.message.timestamp);
  const cut = Math.max(0, sorted.length - max);
  return { missed: sorted.slice(cut), cut, complete };
};
