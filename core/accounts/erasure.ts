/**
 * Erases what a deleted session leaves behind: auth states and received files in all their versions, timeline,
 * deliveries, dead letters, command results, links, its entries in the feed and in the live logs. The delete itself
 * is one transaction, in which a job for this takes the place of the session. So a crash at any moment leaves the
 * session or the job, and a sweep continues:
 *
 *   delete ── session gone, job there ── sweep: all is erased ── writes that were under way ── later sweep: once more ── job gone
 *
 * The second pass is for what was under way at the first: an upload by a signed URL, a delivery that notes its
 * result. Every step can be repeated.
 */
import { ALL_USERS } from '../../contract/bodies/live.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { withoutSession } from '../events/feed.ts';
import {
  commandKey,
  commandRecordsPartition,
  commandsPartition,
  DEAD_LETTERS_PARTITION,
  deliveriesPartition,
  ERASURES_PARTITION,
  erasureKey,
  eventShardOf,
  eventsPartition,
  filesPartition,
  forwardedKey,
  outboxPartition,
  outboxPrefix,
} from '../items.ts';
import { nameOf, type Session, userOf } from '../lifecycle/session.ts';
import { eraseFromLog } from '../live/topics.ts';
import type { ObjectEraser } from '../ports.ts';
import { eq, type Write } from '../store.ts';
import { type Job, jobSchema, reportWrite } from './erasure-report.ts';
import { eraseEach, SECOND_PASS_MS } from './erasure-steps.ts';
import { AUTH_PREFIX, MEDIA_PREFIX } from './storage-keys.ts';

/** A job that is older has met something that does not pass by itself. */
const OVERDUE_MS = 2 * SECOND_PASS_MS;

type Needs = Pick<Deps, 'store' | 'clock' | 'metrics' | 'log'> & { readonly objects: ObjectEraser };

/** For the transaction that deletes the session. */
export const erasureWrite = (deps: Pick<Deps, 'clock'>, session: Session): Write => {
  const key = erasureKey(session.sessionId);
  const about = { userId: userOf(session), name: nameOf(session), requestedAt: deps.clock() };
  return { kind: 'put', key, item: { ...key, ...toItem(about) } };
};

export type ErasureReport = {
  readonly erased: number;
  readonly items: number;
  readonly objects: number;
  /** Jobs that are left for a later sweep. */
  readonly left: number;
  readonly failed: number;
};

const JOBS_A_SWEEP = 200;

/**
 * One sweep: works on all jobs, oldest session ids first, until `budgetMs` has passed. A job that fails is logged and
 * left for the next sweep.
 */
export const eraseDeleted = async (deps: Needs, budgetMs: number): Promise<ErasureReport> => {
  const end = deps.clock() + budgetMs;
  const { items } = await deps.store.query({ partition: ERASURES_PARTITION, limit: JOBS_A_SWEEP });
  const report = { erased: 0, items: 0, objects: 0, left: 0, failed: 0 };
  let overdue = 0;
  for (const item of items) {
    const job = jobSchema.parse(item);
    let done = false;
    try {
      if (deps.clock() < end && isDue(job, deps.clock())) {
        const counts = await eraseOnce(deps, job);
        report.items += counts.items;
        report.objects += counts.objects;
        done = await settle(deps, job, counts);
      }
    } catch (error) {
      report.failed += 1;
      deps.log.error('what a deleted session left could not be erased', {
        sessionId: job.sk,
        error: String(error),
      });
    }
    if (done) report.erased += 1;
    else report.left += 1;
    if (!done && deps.clock() - job.requestedAt > OVERDUE_MS) overdue += 1;
  }
  deps.metrics.count('ErasuresOverdue', overdue);
  return report;
};

const isDue = ({ requestedAt, erasedAt }: Job, now: number): boolean =>
  erasedAt === undefined || now - requestedAt >= SECOND_PASS_MS;

type Counts = { readonly items: number; readonly objects: number };

/** True: it was the last pass, its report is written, and the job is gone. */
const settle = async (deps: Needs, job: Job, { items, objects }: Counts): Promise<boolean> => {
  const key = erasureKey(job.sk);
  const now = deps.clock();
  if (now - job.requestedAt < SECOND_PASS_MS) {
    await deps.store.write({ kind: 'update', key, set: { erasedAt: now }, add: { items, objects } });
    return false;
  }
  await deps.store.write(
    reportWrite({ ...job, items: job.items + items, objects: job.objects + objects }, now),
  );
  await deps.store.write({ kind: 'delete', key });
  deps.log.info('a deleted session is erased', {
    sessionId: job.sk,
    userId: job.userId,
    items: job.items + items,
    objects: job.objects + objects,
    minutes: Math.round((now - job.requestedAt) / 60_000),
  });
  return true;
};

/** Erases all that there is now. */
const eraseOnce = async (deps: Needs, { sk: sessionId, userId, requestedAt }: Job): Promise<Counts> => {
  let objects = 0;
  for (const prefix of [AUTH_PREFIX, MEDIA_PREFIX])
    objects += await deps.objects.erase(`${prefix}${sessionId}/`);
  let items = 0;
  const shard = eventShardOf(userId);
  // Its commands' results first: their records say which they are.
  items += await eraseEach(deps, { partition: commandRecordsPartition(sessionId) }, async ({ sk: id }) => {
    const key = commandKey(id);
    await deps.store.write({ kind: 'delete', key, condition: eq('sessionId', sessionId) });
  });
  for (const partition of [
    commandsPartition(sessionId),
    filesPartition(sessionId),
    eventsPartition(sessionId),
    deliveriesPartition(sessionId),
  ])
    items += await eraseEach(deps, { partition });
  items += await eraseEach(deps, { partition: DEAD_LETTERS_PARTITION, prefix: `${sessionId}#` });
  await deps.store.write({ kind: 'delete', key: forwardedKey(sessionId) });
  items += await withoutSession(deps, shard, sessionId);
  for (const topic of [userId, ALL_USERS]) items += await eraseFromLog(deps, topic, sessionId);
  // The last events of the session are sent before they may go: its webhooks receive its end.
  if (deps.clock() - requestedAt >= SECOND_PASS_MS)
    items += await eraseEach(deps, { partition: outboxPartition(shard), prefix: outboxPrefix(sessionId) });
  return { items, objects };
};
