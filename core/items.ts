/** Keys of every item in the one table, and the names of its index attributes. */
import type { Key } from './store.ts';

const META = 'META';

export const sessionKey = (userId: string, name: string): Key => ({
  pk: `SESSION#${userId}#${name}`,
  sk: META,
});
/** From a session's opaque id to its owner and name; written and removed with the session. */
export const sessionIdKey = (sessionId: string): Key => ({ pk: `SESSIONID#${sessionId}`, sk: META });
export const userQuotaKey = (userId: string): Key => ({ pk: `USER#${userId}`, sk: 'QUOTA' });
/** Puts a user's counter into the index ofUser, under a name that no user can have, so that all can be recounted. */
export const QUOTAS_LISTING = '#quotas';
export const quotaListing = (userId: string) => ({ listUser: QUOTAS_LISTING, listName: userId });
/**
 * One item for each slot held, written and removed in the transactions that count: who holds slots is a consistent
 * query of a few items, and a recount is exact (docs/decisions/2026-11-24-slot-items.md).
 */
export const slotsPartition = (shard: number): string => `SLOT#${shard}`;
export const slotKey = (shard: number, sessionId: string): Key => ({
  pk: slotsPartition(shard),
  sk: sessionId,
});
/** A task that no session owned when it was looked at. */
export const ORPHANS_PARTITION = 'ORPHAN';
export const orphanKey = (taskArn: string): Key => ({ pk: ORPHANS_PARTITION, sk: taskArn });
export const GLOBAL_PARTITION = 'GLOBAL';
export const SHARD_PREFIX = 'SHARD#';
export const shardKey = (shard: number): Key => ({ pk: GLOBAL_PARTITION, sk: `${SHARD_PREFIX}${shard}` });
export const limitsKey: Key = { pk: GLOBAL_PARTITION, sk: 'LIMITS' };
export const idempotencyKey = (userId: string, key: string): Key => ({
  pk: `IDEMPOTENCY#${userId}#${key}`,
  sk: META,
});
/** A command that waits for its session, or the answer that it got. */
export const commandKey = (id: string): Key => ({ pk: `COMMAND#${id}`, sk: META });
/** Ids of the commands that wait for a session's worker. */
export const commandsPartition = (sessionId: string): string => `COMMANDS#${sessionId}`;
export const commandPointerKey = (sessionId: string, id: string): Key => ({
  pk: commandsPartition(sessionId),
  sk: id,
});
/** Ids of all commands that were kept for a session, also settled ones; expire with them. */
export const commandRecordsPartition = (sessionId: string): string => `COMMANDRECORDS#${sessionId}`;
export const commandRecordKey = (sessionId: string, id: string): Key => ({
  pk: commandRecordsPartition(sessionId),
  sk: id,
});
export const apiKeyKey = (hash: string): Key => ({ pk: `KEY#${hash}`, sk: META });
/** The same keys again, so that they can be listed and found by id. */
export const KEYS_PARTITION = 'KEYS';
export const keyListKey = (id: string): Key => ({ pk: KEYS_PARTITION, sk: id });
/** Rate limits that were set: for users in general, and one user's own. Few, and read often. */
export const defaultRateKey: Key = { pk: 'RATES', sk: 'DEFAULT' };
export const userRateKey = (userId: string): Key => ({ pk: 'RATES', sk: `USER#${userId}` });
/** The part of its rate that a user or a key has used; expires. */
export const rateBucketKey = (subject: string): Key => ({ pk: `RATE#${subject}`, sk: META });
/** Requests of a user that wait just now, by when they began; expire. */
export const openWaitsPartition = (userId: string): string => `WAITS#${userId}`;
export const openWaitKey = (userId: string, id: string): Key => ({ pk: openWaitsPartition(userId), sk: id });
/** A sign-in to the dashboard, by the hash of its cookie's token; expires. */
export const signInKey = (hash: string): Key => ({ pk: `SIGNIN#${hash}`, sk: META });
/** The session's messages that were delivered last; expires. */
export const forwardedKey = (sessionId: string): Key => ({ pk: `TOLD#${sessionId}`, sk: META });
/** Files that a session received: what their links lead to; expire with the links. */
export const filesPartition = (sessionId: string): string => `FILES#${sessionId}`;
export const fileKey = (sessionId: string, id: string): Key => ({ pk: filesPartition(sessionId), sk: id });
/** How many bytes of files an epoch of the session has stored; beside the files, so that it is erased with them. */
export const uploadQuotaKey = (sessionId: string, epoch: number): Key => ({
  pk: filesPartition(sessionId),
  sk: `EPOCH#${epoch}`,
});
/** A session's timeline, by event id. */
export const eventsPartition = (sessionId: string): string => `EVENT#${sessionId}`;

/** A few partitions for what all sessions write to, so that none of them is one hot key. A user's are all in one. */
export const EVENT_SHARDS = [0, 1, 2, 3] as const;
export type EventShard = (typeof EVENT_SHARDS)[number];
export const eventShardOf = (userId: string): EventShard =>
  EVENT_SHARDS[
    [...userId].reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) % 65_521, 7) %
      EVENT_SHARDS.length
  ] ?? 0;
/** Events in the order in which they are read, numbered without gaps. */
export const feedPartition = (shard: EventShard): string => `FEED#${shard}`;
export const feedSortKey = (number: number): string => String(number).padStart(15, '0');
export const feedKey = (shard: EventShard, number: number): Key => ({
  pk: feedPartition(shard),
  sk: feedSortKey(number),
});
/** Events that were not sent yet, by session and, within it, by the session's version that they report. */
export const outboxPartition = (shard: EventShard): string => `OUTBOX#${shard}`;
export const outboxPrefix = (sessionId: string): string => `${sessionId}#`;
export const outboxKey = (userId: string, sessionId: string, version: number): Key => ({
  pk: outboxPartition(eventShardOf(userId)),
  sk: outboxPrefix(sessionId) + String(version).padStart(12, '0'),
});
/** Live events (core/live): a topic is a user, or `*` for all users. */
export const liveTopicKey = (topic: string): Key => ({ pk: `LIVETOPIC#${topic}`, sk: META });
/** The events of a topic while it was watched, numbered; expires. */
export const liveLogPartition = (topic: string): string => `LIVE#${topic}`;
export const liveLogKey = (topic: string, number: number): Key => ({
  pk: liveLogPartition(topic),
  sk: feedSortKey(number),
});
/** Open WebSocket connections of a topic; expire. */
export const connectionsPartition = (topic: string): string => `CONNECTIONS#${topic}`;
export const connectionKey = (topic: string, id: string): Key => ({
  pk: connectionsPartition(topic),
  sk: id,
});
/** Replaces an API key in one connect, by the hash of its token; expires. */
export const ticketKey = (hash: string): Key => ({ pk: `TICKET#${hash}`, sk: META });
/** The latest attempt of each recent event, by event and webhook. */
export const deliveriesPartition = (sessionId: string): string => `DELIVERY#${sessionId}`;
/** A user's webhook endpoints whose latest attempt failed; expire. */
export const endpointsPartition = (userId: string): string => `ENDPOINTS#${userId}`;
export const endpointKey = (userId: string, id: string): Key => ({ pk: endpointsPartition(userId), sk: id });
/** Which of a user's deliveries are under way; expires. */
export const deliveringKey = (userId: string): Key => ({ pk: `DELIVERING#${userId}`, sk: META });
/** Administrative acts, by event id, so in the order of time; expire. */
export const AUDIT_PARTITION = 'AUDIT';
export const auditKey = (id: string): Key => ({ pk: AUDIT_PARTITION, sk: id });
/** Events that a webhook's policy gave up on. */
export const DEAD_LETTERS_PARTITION = 'DEAD';
/** One item for each hour, by `2026-01-31T05` (UTC). */
export const STATS_PARTITION = 'STATS';
/** How full it was, one item for each minute with a sweep, by `2026-01-31T05:07` (UTC); expire. */
export const HISTORY_PARTITION = 'HISTORY';
/** Builds of WhatsApp Web: the ruling on which one starts use, and the builds whose HTML is stored. */
export const ENGINE_PARTITION = 'ENGINE';
export const rulingKey: Key = { pk: ENGINE_PARTITION, sk: 'RULING' };
export const SAVED_BUILD = 'BUILD#';
export const savedBuildKey = (version: string): Key => ({ pk: ENGINE_PARTITION, sk: SAVED_BUILD + version });
/** How starts ended, one item for each build and hour, by `2026-01-31T05#2.3000.1` (UTC); expire. */
export const BUILD_HOURS_PARTITION = 'BUILDHOURS';
/** The rollout that runs, or the last one. */
export const rolloutKey: Key = { pk: 'ROLLOUT', sk: META };
/** Deleted sessions of which something is left to erase, by their id. */
export const ERASURES_PARTITION = 'ERASURES';
export const erasureKey = (sessionId: string): Key => ({ pk: ERASURES_PARTITION, sk: sessionId });
/** Standby tasks by their ids, and beside them the plan: how many there are to be. */
export const STANDBY_PARTITION = 'STANDBY';
export const STANDBY_TASK = 'TASK#';
export const standbyKey = (id: string): Key => ({ pk: STANDBY_PARTITION, sk: STANDBY_TASK + id });
export const standbyPlanKey: Key = { pk: STANDBY_PARTITION, sk: 'PLAN' };
/** Users of whom something is left to erase. */
export const USER_ERASURES_PARTITION = 'USERERASURES';
export const userErasureKey = (userId: string): Key => ({ pk: USER_ERASURES_PARTITION, sk: userId });
/** Reports of a user's finished erasures, by when they were ordered; expire. */
export const erasedPartition = (userId: string): string => `ERASED#${userId}`;
export const erasedKey = (userId: string, requestedAt: number, id: string): Key => ({
  pk: erasedPartition(userId),
  sk: `${String(requestedAt).padStart(15, '0')}#${id}`,
});
/** The record of a scheduled function's last run. */
export const scheduleKey = (name: string): Key => ({ pk: 'SCHEDULE', sk: name });

/**
 * Index attributes. ofUser: partition `listUser`, sort `listName`: sessions, and the users' counters under QUOTAS_LISTING;
 * projects LIST_PROJECTION.
 * due: partition `dueBucket`, sort `nextDeadlineAt` (number, ms), present only while a slot is held; also projects
 * DUE_PROJECTION.
 */
export const INDEXES = {
  ofUser: { partition: 'listUser', sort: 'listName' },
  due: { partition: 'dueBucket', sort: 'nextDeadlineAt' },
} as const;

/**
 * The attributes of a session in a list; DynamoDB projects 20 attributes into an index at most. Without the session's
 * version and the time of its last heartbeat, so that a heartbeat writes nothing here, and without any secret of its
 * worker.
 */
export const LIST_PROJECTION = [
  'sessionId',
  'config',
  'createdAt',
  'state',
  'status',
  'stopReason',
  'detail',
  'epoch',
  'startedAt',
  'restartAt',
  'restarts',
  'restartReason',
  'lastActivityAt',
  'qrSince',
  'passkeySince',
  'me',
  'dialogs',
  'build',
  'authState',
  'authStateUnusable',
] as const;

export const DUE_PROJECTION = ['listUser', 'listName', 'expectedEndAt'] as const;

/**
 * Several partitions so that a sweep's index never is one hot key; a sweep asks each of them. One heartbeat of three moves
 * its session within its bucket, which costs two writes of the index, and a partition takes 1,000 writes a second: at a
 * heartbeat every 20 s each bucket is good for 30,000 sessions, at one every 60 s for 90,000.
 */
export const DUE_BUCKETS = ['DUE#0', 'DUE#1', 'DUE#2', 'DUE#3'] as const;

/** Items with this attribute (seconds since the epoch) expire. Never set on anything that holds a slot. */
export const TTL_ATTRIBUTE = 'expireAt';
