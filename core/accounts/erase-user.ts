/**
 * Erases everything of a user. The request writes a job; sweeps work on it until nothing is left:
 *
 *   job ── each sweep: keys revoked ── sessions stopped, those that ended deleted (each with its own job, erasure.ts)
 *       └─ no session and no job of one is left, and a second pass found nothing new ── the user's own items ── report
 *
 * Every step can be repeated, so a crash at any moment leaves the job, and the next sweep continues. A session or a
 * key that is made meanwhile is found by the next sweep.
 */
import * as z from 'zod';
import type { ErasureView } from '../../contract/bodies/erasure.ts';
import { Problem } from '../../contract/errors.ts';
import { isTerminal } from '../../contract/lifecycle.ts';
import { deleteApiKey, listApiKeys } from '../access/keys.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import {
  deliveringKey,
  ERASURES_PARTITION,
  endpointsPartition,
  openWaitsPartition,
  rateBucketKey,
  USER_ERASURES_PARTITION,
  userErasureKey,
  userQuotaKey,
  userRateKey,
} from '../items.ts';
import { removeSession } from '../lifecycle/end.ts';
import { findSession } from '../lifecycle/load.ts';
import { nameOf, userOf } from '../lifecycle/session.ts';
import { stopSession } from '../lifecycle/stop.ts';
import { queryAll } from '../query-all.ts';
import { absent, eq, type Key, or, type Write } from '../store.ts';
import { erasureView, type Job, jobSchema, reportWrite } from './erasure-report.ts';
import { eraseEach, SECOND_PASS_MS } from './erasure-steps.ts';

type Needs = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

/**
 * Orders the erasure of a user, or answers the one that is under way.
 *
 * @param by the user whose key asks: a key does not erase its own user: the report could not be read with it
 * @throws Problem 422 for the caller's own user
 */
export const orderUserErasure = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  userId: string,
  by: string,
): Promise<ErasureView> => {
  if (userId === by)
    throw new Problem('unprocessable', 'A key cannot erase its own user; use an admin key of another user.');
  const key = userErasureKey(userId);
  const job = { userId, requestedAt: deps.clock(), items: 0, objects: 0, keys: 0 };
  const written = await deps.store.write({
    kind: 'put',
    key,
    item: { ...key, ...toItem(job) },
    condition: absent('pk'),
  });
  return erasureView(jobSchema.parse(written.ok ? { ...key, ...job } : written.item));
};

export type UserErasures = { readonly erased: number; readonly left: number; readonly failed: number };

/** One sweep over all jobs of users. One that fails is logged and left for the next sweep. */
export const eraseUsers = async (deps: Needs, end: number): Promise<UserErasures> => {
  const report = { erased: 0, left: 0, failed: 0 };
  let overdue = 0;
  for (const item of await queryAll(deps, { partition: USER_ERASURES_PARTITION })) {
    const job = jobSchema.parse(item);
    let isDone = false;
    try {
      if (deps.clock() < end) isDone = await eraseUserOnce(deps, job, end);
    } catch (error) {
      report.failed += 1;
      deps.log.error('a user could not be erased', { userId: job.userId, error: String(error) });
    }
    report[isDone ? 'erased' : 'left'] += 1;
    if (!isDone && deps.clock() - job.requestedAt > OVERDUE_MS) overdue += 1;
  }
  deps.metrics.count('ErasuresOverdue', overdue);
  return report;
};

/** Its sessions end first, and their own erasures take 20 minutes. */
const OVERDUE_MS = 3 * SECOND_PASS_MS;

/** True: nothing is left, and the job is gone. */
const eraseUserOnce = async (deps: Needs, job: Job, end: number): Promise<boolean> => {
  const { userId, requestedAt } = job;
  const keys = await revokeKeys(deps, userId);
  const sessionsLeft = await deleteSessions(deps, userId, end);
  const now = deps.clock();
  const isLast = sessionsLeft === 0 && keys === 0 && now - requestedAt >= SECOND_PASS_MS;
  const items = isLast ? await eraseOwnItems(deps, userId) : 0;
  const known = {
    ...job,
    sessionsLeft,
    keys: job.keys + keys,
    items: job.items + items,
    erasedAt: job.erasedAt ?? now,
  };
  const key = userErasureKey(userId);
  if (!isLast) {
    const { erasedAt } = known;
    await deps.store.write({
      kind: 'update',
      key,
      set: { sessionsLeft, ...(sessionsLeft === 0 ? { erasedAt } : {}) },
      add: { keys },
      condition: eq('requestedAt', requestedAt),
    });
    return false;
  }
  await deps.store.write(reportWrite(known, now));
  await deps.store.write({ kind: 'delete', key, condition: eq('requestedAt', requestedAt) });
  deps.log.info('a user is erased', { userId, keys: known.keys, items: known.items });
  return true;
};

/** How many there were. */
const revokeKeys = async (deps: Pick<Deps, 'store' | 'ids'>, userId: string): Promise<number> => {
  const keys = (await listApiKeys(deps)).filter((key) => key.userId === userId);
  for (const { id } of keys) await deleteApiKey(deps, id);
  return keys.length;
};

/** Stops the user's sessions and deletes those that have ended; how many exist or are being erased. */
const deleteSessions = async (deps: Needs, userId: string, end: number): Promise<number> => {
  const listed = await queryAll(deps, { index: 'ofUser', partition: userId });
  for (const { listName } of listed) {
    if (deps.clock() >= end) break;
    // The index may be behind: the item decides.
    const session = await findSession(deps, userId, z.string().parse(listName));
    if (!session || userOf(session) !== userId) continue;
    const stopped = await stopSession(deps, session, 'user');
    if (!isTerminal(stopped.state)) continue;
    const isGone = await removeSession(deps, stopped);
    if (!isGone)
      deps.log.info('a session changed while it was deleted', { userId, session: nameOf(stopped) });
  }
  const jobs = await queryAll(deps, { partition: ERASURES_PARTITION });
  const left = await queryAll(deps, { index: 'ofUser', partition: userId });
  return left.length + jobs.filter((item) => item.userId === userId).length;
};

/** The data of the user and not of a session: limits, rates, waits, endpoints. The counter stays while it counts. */
const eraseOwnItems = async (deps: Pick<Deps, 'store'>, userId: string): Promise<number> => {
  const own: Key[] = [userRateKey(userId), rateBucketKey(`USER#${userId}`), deliveringKey(userId)];
  const writes: Extract<Write, { kind: 'delete' }>[] = [
    ...own.map((key) => ({ kind: 'delete' as const, key })),
    { kind: 'delete', key: userQuotaKey(userId), condition: or(absent('active'), eq('active', 0)) },
  ];
  let count = 0;
  for (const write of writes) {
    const before = await deps.store.get(write.key);
    if (before && (await deps.store.write(write)).ok) count += 1;
  }
  for (const partition of [openWaitsPartition(userId), endpointsPartition(userId)])
    count += await eraseEach(deps, { partition });
  return count;
};
