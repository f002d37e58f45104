/**
 * The delivered messages, as far as a later read of the chats needs them: a time, from which on every message that is
 * not named here was not delivered, and the names. A message may come with a time before that of one already
 * delivered (its sender was offline, clocks differ), so names are kept for a while.
 */
import type { ForwardedMark } from '../../contract/worker/protocol.ts';

/** How much older than the newest one a message may be that comes after it. Seconds. */
const WINDOW_SECONDS = 300;
const MAX_IDS = 200;

type Entry = ForwardedMark['ids'][number];

/**
 * The key that identifies a message: its own id, without the chat. The same message is named under the chat's number
 * at one time and under its hidden id (`…@lid`) at another.
 */
export const messageKey = (id: string): string =>
  /^(true|false)_[^@]*@[a-z.]+_([^_]+)/.exec(id)?.slice(1).join('_') ?? id;

export type ForwardedMessages = {
  /** `at` in seconds, as WhatsApp has it. */
  note(id: string, at: number): void;
  has(id: string): boolean;
  /** Messages from here on that `has` does not know were not delivered. Seconds. */
  readonly since: number;
  mark(account: string): ForwardedMark;
};

/**
 * @param since its beginning: no earlier message is ever delivered
 */
export const createForwardedMessages = (since: number, ids: readonly Entry[] = []): ForwardedMessages => {
  let entries: readonly Entry[] = ids;
  const known = new Set(ids.map(({ id }) => id));
  let from = since;
  let newest = Math.max(since, ...ids.map(({ at }) => at));

  /** Forgets the oldest ones, and with each everything up to its time. */
  const shorten = () => {
    entries = entries.toSorted((a, b) => a.at - b.at);
    while (entries.length > 0) {
      const [oldest] = entries;
      if (!oldest || (entries.length <= MAX_IDS && oldest.at >= newest - WINDOW_SECONDS)) break;
      from = Math.max(from, oldest.at + 1);
      entries = entries.slice(1);
      known.delete(oldest.id);
    }
    from = Math.max(from, newest - WINDOW_SECONDS);
  };

  return {
    note(id, at) {
      if (known.has(id)) return;
      known.add(id);
      entries = [...entries, { id, at }];
      newest = Math.max(newest, at);
      shorten();
    },
    has: (id) => known.has(id),
    get since() {
      return from;
    },
    mark: (account) => ({ account, since: from, ids: [...entries] }),
  };
};
