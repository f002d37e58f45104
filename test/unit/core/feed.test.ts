import { expect, test } from 'vitest';
import {
  appendToFeed,
  FEED_KEEP_MS,
  type FeedEntry,
  newestPosition,
  readFeeds,
  trimFeeds,
} from '../../../core/events/feed.ts';
import { positionOf, positionText, serverSentEvents } from '../../../core/events/stream.ts';
import { EVENT_SHARDS, type EventShard, eventShardOf, feedPartition } from '../../../core/items.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const entry = (id: string, userId = 'ann', timestamp = 0): FeedEntry => ({
  id,
  timestamp,
  event: 'session.status',
  sessionId: `ses_${userId}`,
  epoch: 1,
  userId,
  name: 'a',
  payload: { status: 'WORKING' },
});

const annsShards = [eventShardOf('ann')];
const from = (text: string, shards: readonly EventShard[] = annsShards) =>
  positionOf(text, shards) ?? new Map<EventShard, number>();
const idsAfter = async ({ deps }: TestSystem, text: string, shards?: readonly EventShard[]) =>
  (await readFeeds(deps, from(text, shards), () => true)).entries.map((found) => found.entry.id);

test('an entry whose writer was overtaken comes after the one that overtook it, so no reader misses it', async () => {
  const system = testSystem();
  await appendToFeed(system.deps, entry('first'));
  let overtaken = false;
  const slow = {
    store: {
      ...system.deps.store,
      query: async (query: Parameters<typeof system.deps.store.query>[0]) => {
        const page = await system.deps.store.query(query);
        if (!overtaken) {
          overtaken = true;
          await appendToFeed(system.deps, entry('quick'));
          const page = await readFeeds(system.deps, from('1'), () => true);
          expect(positionText(page.position)).toBe('2');
        }
        return page;
      },
    },
  };
  await appendToFeed(slow, entry('slow'));
  expect(await idsAfter(system, '2')).toEqual(['slow']);
  expect(await idsAfter(system, '0')).toEqual(['first', 'quick', 'slow']);
});

test('many writers at once leave no gap and lose nothing', async () => {
  const system = testSystem();
  const names = Array.from({ length: 20 }, (_, i) => `e${i}`);
  await Promise.all(names.map((id) => appendToFeed(system.deps, entry(id))));
  expect((await idsAfter(system, '0')).sort()).toEqual([...names].sort());
  expect(positionText(await newestPosition(system.deps, annsShards))).toBe('20');
});

test('a reader moves on past what is not for it', async () => {
  const system = testSystem();
  await appendToFeed(system.deps, entry('mine'));
  await appendToFeed(system.deps, { ...entry('other'), name: 'b' });
  const page = await readFeeds(system.deps, from('1'), ({ name }) => name === 'a');
  expect(page.entries).toEqual([]);
  expect(positionText(page.position)).toBe('2');
});

test('a reader of all users reads all shards with one position', async () => {
  const system = testSystem();
  const users = ['ann', 'bob', 'cy', 'dora', 'eve', 'finn', 'gil', 'hal'];
  expect(new Set(users.map(eventShardOf)).size).toBeGreaterThan(1);
  for (const [i, user] of users.entries()) await appendToFeed(system.deps, entry(user, user, i));
  const page = await readFeeds(system.deps, from('0', EVENT_SHARDS), () => true);
  expect(page.entries.map((found) => found.entry.id)).toEqual(users);
  for (const [i, { position }] of page.entries.entries()) {
    expect(await idsAfter(system, positionText(position), EVENT_SHARDS)).toEqual(users.slice(i + 1));
  }
});

test('old entries are trimmed, never the newest: the next number follows from it', async () => {
  const system = testSystem();
  for (const id of ['a', 'b', 'c']) await appendToFeed(system.deps, entry(id, 'ann', system.now));
  system.now += FEED_KEEP_MS + 1;
  await trimFeeds(system.deps);
  const [shard = 0] = annsShards;
  expect(system.table.query({ partition: feedPartition(shard), limit: 9 }).items.map(({ id }) => id)).toEqual(
    ['c'],
  );
  await appendToFeed(system.deps, entry('d', 'ann', system.now));
  expect(await idsAfter(system, '3')).toEqual(['d']);
});

test('a reader who was away for too long is notified; one who was not, or who asks for kept events, is not', async () => {
  const system = testSystem();
  for (const id of ['a', 'b', 'c']) await appendToFeed(system.deps, entry(id, 'ann', system.now));
  system.now += FEED_KEEP_MS + 1;
  await trimFeeds(system.deps);
  const missed = async (text: string) => (await readFeeds(system.deps, from(text), () => true)).missed;
  expect([await missed('1'), await missed('2'), await missed('3'), await missed('0')]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test('a position of another view, or none at all, is refused', () => {
  expect(positionOf('57', EVENT_SHARDS)).toBeUndefined();
  expect(positionOf('1.2.3.4', annsShards)).toBeUndefined();
  expect(positionOf('x', annsShards)).toBeUndefined();
  expect(positionOf('1.2.3.4', EVENT_SHARDS)).toEqual(
    new Map([
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
    ]),
  );
});

test('server-sent events have an id each, and a last id that moves on past what others saw', async () => {
  const system = testSystem();
  await appendToFeed(system.deps, entry('one'));
  await appendToFeed(system.deps, { ...entry('two'), name: 'b' });
  const text = serverSentEvents(await readFeeds(system.deps, from('0'), ({ name }) => name === 'a'));
  const data =
    '{"id":"one","timestamp":0,"event":"session.status","userId":"ann","session":"a","epoch":1,"payload":{"status":"WORKING"}}';
  expect(text).toBe(`retry: 1000\n\nid: 1\ndata: ${data}\n\nid: 2\n\n`);
});
