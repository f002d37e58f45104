/**
 * The log of a topic: what happened to the sessions of one user, or the session events of all users, for those who
 * follow it over a WebSocket. It is written only while the topic is watched: a connection is open, or ended less than
 * an hour ago.
 *
 * Entries are numbered as those of the feed are (core/events/feed.ts): a writer puts its entry under the next number,
 * if that is free, so numbers have no gaps and entries become visible in their order.
 *
 *   A reads 41 ── B reads 41 ── A puts 42 ── B can't put 42 ── B puts 43 ── topic: 43
 *
 * The topic's item keeps the last number, since old entries expire. A topic that is watched again after it was not gets
 * an entry GAP: a reader whose cursor is before it has missed what was not written.
 */
import * as z from 'zod';
import { LIVE_LIMITS } from '../../contract/bodies/live.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { feedSortKey, liveLogKey, liveLogPartition, liveTopicKey, TTL_ATTRIBUTE } from '../items.ts';
import { absent, eq, lt, or, StoreConflict } from '../store.ts';

type Needs = Pick<Deps, 'store' | 'clock'>;

/** How long an entry is kept, and so how long a cursor is good. */
export const LIVE_KEEP_MS = 3_600_000;
/** A topic is watched for longer than any connection is open. */
const WATCH_MS = LIVE_LIMITS.durationMs + LIVE_KEEP_MS;
/** A watch that lasts at least this much longer is not renewed. */
const RENEW_MS = LIVE_LIMITS.durationMs + LIVE_KEEP_MS / 2;

/** The event of an entry before which something is missing. */
export const GAP = 'gap';
const ERASED = 'erased';

const topicSchema = z.object({ watchedUntil: z.int().default(0), last: z.int().default(0) });
type Topic = z.infer<typeof topicSchema>;

const entrySchema = z.object({
  sk: z.string().regex(/^\d+$/).transform(Number),
  event: z.string(),
  session: z.string(),
  sessionId: z.string(),
  /** JSON of the message without its cursor. */
  body: z.string(),
  /** JSON of the payload's `data`, which only keys get that may link an account. */
  data: z.string().optional(),
});

export type LiveEntry = Readonly<Omit<z.infer<typeof entrySchema>, 'sk'>>;
export type NumberedEntry = LiveEntry & { readonly number: number };

/** The topic as it is now; never watched if there is none. */
export const readTopic = async (deps: Pick<Deps, 'store'>, topic: string): Promise<Topic> =>
  topicSchema.parse((await deps.store.get(liveTopicKey(topic))) ?? {});

/** Others may put theirs at the same time; each that comes first costs one more attempt. */
const ATTEMPTS = 40;

/**
 * Appends entries in their order and returns the last number. Throws a transient fault of the store if some could not
 * be written, or may not have been; a repeat appends all of them again.
 */
export const appendToLog = async (
  deps: Needs,
  topic: string,
  last: number,
  entries: readonly LiveEntry[],
): Promise<number> => {
  const expireAt = Math.ceil((deps.clock() + LIVE_KEEP_MS) / 1000);
  let number = last;
  for (const entry of entries)
    number = await putNext(deps, topic, number, { ...entry, [TTL_ATTRIBUTE]: expireAt });
  await deps.store.write({
    kind: 'update',
    key: liveTopicKey(topic),
    set: { last: number },
    condition: or(absent('last'), lt('last', number)),
  });
  return number;
};

const putNext = async (
  { store }: Needs,
  topic: string,
  last: number,
  entry: LiveEntry & { readonly [TTL_ATTRIBUTE]: number },
): Promise<number> => {
  for (let number = last + 1; number <= last + ATTEMPTS; number++) {
    const key = liveLogKey(topic, number);
    const item = toItem({ ...key, ...entry });
    const { ok } = await store.write({ kind: 'put', key, item, condition: absent('pk') });
    if (ok) return number;
  }
  throw new StoreConflict('too many events at once');
};

/**
 * Has the topic's events written from now on, for longer than a connection can last. Returns a number so that all that
 * happens from now on has a higher one.
 */
export const watchTopic = async (deps: Needs, topic: string): Promise<number> => {
  const now = deps.clock();
  const before = await readTopic(deps, topic);
  if (before.watchedUntil < now + RENEW_MS)
    await deps.store.write({
      kind: 'update',
      key: liveTopicKey(topic),
      set: { watchedUntil: now + WATCH_MS },
      condition: or(absent('watchedUntil'), lt('watchedUntil', now + WATCH_MS)),
    });
  if (before.watchedUntil > now) return before.last;
  // After the write above: an event that is not behind this entry may be missing.
  return appendToLog(deps, topic, before.last, [{ event: GAP, session: '', sessionId: '', body: '' }]);
};

/**
 * After the last connection of a topic ended: its events are written only until every cursor has expired. A client that
 * connects in this moment has renewed the watch, and the condition fails.
 */
export const stopWatching = async (deps: Needs, topic: string): Promise<void> => {
  const { watchedUntil } = await readTopic(deps, topic);
  const until = deps.clock() + LIVE_KEEP_MS;
  if (watchedUntil <= until) return;
  await deps.store.write({
    kind: 'update',
    key: liveTopicKey(topic),
    set: { watchedUntil: until },
    condition: eq('watchedUntil', watchedUntil),
  });
};

/** Entries of one read. */
const PAGE = 100;

/**
 * The entries behind a number, at most a page of them. A number that is missing has expired.
 *
 *   query reads where 41 will be ── 41 put, 42 put ── query reads 42 ── 41 seems to be missing: read again
 *
 * What the first read shows was put before the second one begins, and so were all numbers before it.
 */
export const readLog = async (
  deps: Pick<Deps, 'store'>,
  topic: string,
  after: number,
): Promise<readonly NumberedEntry[]> => {
  const entries = await readPage(deps, topic, after);
  const hasGap = entries.some(({ number }, i) => number > (entries[i - 1]?.number ?? after) + 1);
  const last = entries.at(-1)?.number;
  if (!hasGap || last === undefined) return entries;
  return (await readPage(deps, topic, after)).filter(({ number }) => number <= last);
};

const readPage = async (
  deps: Pick<Deps, 'store'>,
  topic: string,
  after: number,
): Promise<readonly NumberedEntry[]> => {
  const { items } = await deps.store.query({
    partition: liveLogPartition(topic),
    after: feedSortKey(after),
    limit: PAGE,
  });
  return items.map((item) => {
    const { sk: number, ...entry } = entrySchema.parse(item);
    return { number, ...entry };
  });
};

/** Empties the entries of one session, which keep their numbers. Returns how many. */
export const eraseFromLog = async (
  deps: Pick<Deps, 'store'>,
  topic: string,
  sessionId: string,
): Promise<number> => {
  let count = 0;
  let after = 0;
  for (;;) {
    const entries = await readLog(deps, topic, after);
    for (const { number } of entries.filter((entry) => entry.sessionId === sessionId)) {
      await deps.store.write({
        kind: 'update',
        key: liveLogKey(topic, number),
        set: { event: ERASED, session: '', sessionId: '', body: '' },
        remove: ['data'],
        condition: eq('sessionId', sessionId),
      });
      count += 1;
    }
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) return count;
    after = last.number;
  }
};

/** Whether it is an event, and not a gap or the place of one that was erased. */
export const isEvent = ({ event }: LiveEntry): boolean => event !== GAP && event !== ERASED;
