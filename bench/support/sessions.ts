import { DUE_BUCKETS, sessionIdKey, sessionKey } from '../../core/items.ts';
import { dueAttributes } from '../../core/lifecycle/deadlines.ts';
import type { Settings } from '../../core/settings.ts';
import type { Item } from '../../core/store.ts';

const stored = (userId: string, name: string, createdAt: number) => ({
  ...sessionKey(userId, name),
  listUser: userId,
  listName: name,
  sessionId: `ses_${userId}_${name}`,
  config: {},
  createdAt,
  version: 9,
  epoch: 3,
  startedAt: createdAt,
  me: { id: '491700000000@c.us', pushName: 'Berth' },
});

const pointer = (userId: string, name: string): Item => ({
  ...sessionIdKey(`ses_${userId}_${name}`),
  userId,
  name,
});

/** Sessions that ended: what a table holds most of. 25 for each user. */
export const stoppedSessions = (count: number, now: number): Item[] =>
  Array.from({ length: count }, (_, n) => {
    const [userId, name] = [`old-${n % Math.ceil(count / 25)}`, `s${n}`];
    const session = {
      ...stored(userId, name, now - 86_400_000),
      state: 'STOPPED',
      status: 'STOPPED',
      stopReason: 'user',
    };
    return [session, pointer(userId, name)];
  }).flat();

/** Running sessions of which every `count / due`-th has been idle for too long; the rest was active just now. */
export const runningSessions = (count: number, due: number, settings: Settings, now: number): Item[] =>
  Array.from({ length: count }, (_, n) => {
    const [userId, name] = [`run-${n % Math.ceil(count / 25)}`, `s${n}`];
    const isDue = due > 0 && n % (count / due) === 0;
    const session = {
      ...stored(userId, name, now - 1_800_000),
      state: 'RUNNING' as const,
      status: 'WORKING' as const,
      slotShard: 0,
      taskArn: `arn:aws:ecs:eu-central-1:000000000000:task/berth/${n}`,
      readyAt: now - 1_700_000,
      lastHeartbeatAt: now,
      lastActivityAt: isDue ? now - settings.idleTimeoutSeconds * 1000 - 1000 : now,
    };
    const due_ = {
      dueBucket: DUE_BUCKETS[n % DUE_BUCKETS.length] ?? DUE_BUCKETS[0],
      ...dueAttributes(session, settings),
    };
    return [{ ...session, ...due_ }, pointer(userId, name)];
  }).flat();
