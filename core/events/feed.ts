/**
 * The feed: what happened to sessions, in an order in which nothing is ever inserted, so that a reader who continues
 * from its position misses nothing. An entry is put under the number after the newest one, if that is still free:
 *
 *   A reads 41 ── B reads 41 ── A puts 42 ── reader takes 42 ── B can't put 42 ── B puts 43
 *
 * So numbers have no gaps and entries become visible in their order, for any clocks. For that the newest entry must
 * stay: there is no TTL on entries, the sweep trims the old ones and never the newest. Events of one user are in one
 * of a few shards; a reader of all users reads all shards.
 */
import * as z from 'zod';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import {
  EVENT_SHARDS,
  type EventShard,
  eventShardOf,
  feedKey,
  feedPartition,
  feedSortKey,
} from '../items.ts';
import { absent, eq, type Item, StoreConflict } from '../store.ts';

const entrySchema = z.object({
  sk: z.string().regex(/^\d+$/).transform(Number),
  id: z.string(),
  timestamp: z.int(),
  event: z.string(),
  sessionId: z.string(),
  epoch: z.int(),
  userId: z.string(),
  name: z.string(),
  payload: z.record(z.string(), z.json()),
});

export type FeedEntry = Readonly<Omit<z.infer<typeof entrySchema>, 'sk'>>;

/** In the place of an entry whose session was erased: the numbers of a feed have no gaps. */
const ERASED = 'erased';

/** Others may put theirs at the same time; each that comes first costs one more attempt. */
const ATTEMPTS = 30;

/** Appends an entry. Throws a passing fault of the store if it could not be, or may not have been. */
export const appendToFeed = async (deps: Pick<Deps, 'store'>, entry: FeedEntry): Promise<void> => {
  const shard = eventShardOf(entry.userId);
  let number = (await newestNumber(deps, shard)) + 1;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++, number++) {
    const key = feedKey(shard, number);
    const written = await deps.store.write({
      kind: 'put',
      key,
      item: toItem({ ...key, ...entry }),
      condition: absent('pk'),
    });
    if (written.ok) return;
  }
  throw new StoreConflict('too many events at once');
};

/** 0 in a feed that never had an entry. */
const newestNumber = async (deps: Pick<Deps, 'store'>, shard: EventShard): Promise<number> => {
  const { items } = await deps.store.query({ partition: feedPartition(shard), descending: true, limit: 1 });
  return items[0] ? Number(items[0].sk) : 0;
};

/** How far a reader has read, in each of its shards. */
export type FeedPosition = ReadonlyMap<EventShard, number>;

/** The position of a reader that wants only later events. */
export const newestPosition = async (
  deps: Pick<Deps, 'store'>,
  shards: readonly EventShard[],
): Promise<FeedPosition> =>
  new Map(await Promise.all(shards.map(async (shard) => [shard, await newestNumber(deps, shard)] as const)));

export type FeedPage = {
  /** In the order of each feed; with the position that a reader has after each. */
  readonly entries: readonly { readonly entry: FeedEntry; readonly position: FeedPosition }[];
  /** After all that was looked at, wanted or not. */
  readonly position: FeedPosition;
  /** Entries after the position had been trimmed already: the reader was away for too long. */
  readonly missed: boolean;
  /** More is there already. */
  readonly more: boolean;
};

/** Entries of one read of one feed. */
const PAGE = 100;

/** What `wanted` of the feeds holds after a position. */
export const readFeeds = async (
  deps: Pick<Deps, 'store'>,
  from: FeedPosition,
  wanted: (entry: FeedEntry) => boolean,
): Promise<FeedPage> => {
  const pages = await Promise.all(
    [...from].map(async ([shard, after]) => {
      const { items } = await deps.store.query({
        partition: feedPartition(shard),
        after: feedSortKey(after),
        limit: PAGE,
      });
      return { shard, after, items: items.map(parse) };
    }),
  );
  const found = pages
    .flatMap(({ shard, items }) => items.map((item) => ({ shard, ...item })))
    .sort((a, b) => a.entry.timestamp - b.entry.timestamp);
  return feedPageOf(from, inShardOrder(found), wanted, pages);
};

type Read = { readonly shard: EventShard; readonly number: number; readonly entry: FeedEntry };

/** Sorted by time over all feeds, yet never against the order of one: clocks are not to be believed that far. */
const inShardOrder = (read: readonly Read[]): Read[] => {
  const next = new Map<EventShard, Read[]>();
  for (const { shard } of read) {
    if (!next.has(shard)) {
      next.set(
        shard,
        read.filter((r) => r.shard === shard).sort((a, b) => a.number - b.number),
      );
    }
  }
  return read.flatMap(({ shard }) => next.get(shard)?.splice(0, 1) ?? []);
};

const feedPageOf = (
  from: FeedPosition,
  read: readonly Read[],
  wanted: (entry: FeedEntry) => boolean,
  pages: readonly { readonly after: number; readonly items: readonly { readonly number: number }[] }[],
): FeedPage => {
  let position = from;
  const entries: { entry: FeedEntry; position: FeedPosition }[] = [];
  for (const { shard, number, entry } of read) {
    position = new Map([...position, [shard, number]]);
    if (entry.event !== ERASED && wanted(entry)) entries.push({ entry, position });
  }
  return {
    entries,
    position,
    missed: pages.some(
      ({ after, items }) => after > 0 && items[0] !== undefined && items[0].number > after + 1,
    ),
    more: pages.some(({ items }) => items.length === PAGE),
  };
};

const parse = (item: Item): { number: number; entry: FeedEntry } => {
  const { sk: number, ...entry } = entrySchema.parse(item);
  return { number, entry };
};

/** Entries that are kept for readers who come back. */
export const FEED_KEEP_MS = 24 * 3600 * 1000;
/** Of each feed in one sweep: more than the most that a sweep's time brings, day by day. */
const TRIM = 200;

/** Removes old entries, never the newest: the next number follows from it. */
export const trimFeeds = async (deps: Pick<Deps, 'store' | 'clock'>): Promise<void> => {
  const before = deps.clock() - FEED_KEEP_MS;
  await Promise.all(
    EVENT_SHARDS.map(async (shard) => {
      const { items } = await deps.store.query({ partition: feedPartition(shard), limit: TRIM });
      const old = items.slice(0, -1).filter((item) => parse(item).entry.timestamp < before);
      for (const item of old) {
        await deps.store.write({ kind: 'delete', key: { pk: String(item.pk), sk: String(item.sk) } });
      }
    }),
  );
};

/** Empties the entries of one session; how many. */
export const withoutSession = async (
  deps: Pick<Deps, 'store'>,
  shard: EventShard,
  sessionId: string,
): Promise<number> => {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await deps.store.query({
      partition: feedPartition(shard),
      limit: TRIM,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const item of page.items.filter((each) => each.sessionId === sessionId)) {
      const key = { pk: String(item.pk), sk: String(item.sk) };
      const set = { event: ERASED, userId: '', sessionId: '', epoch: 0, name: '', payload: {} };
      await deps.store.write({ kind: 'update', key, set, condition: eq('sessionId', sessionId) });
      count += 1;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
};
