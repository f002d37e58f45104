/** The erasures: jobs that are under way, and reports of those that are finished. */
import * as z from 'zod';
import type { ErasureView } from '../../contract/bodies/erasure.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { ERASURES_PARTITION, erasedKey, erasedPartition, TTL_ATTRIBUTE, userErasureKey } from '../items.ts';
import { queryAll } from '../query-all.ts';
import type { Write } from '../store.ts';

/** How long the report of a finished erasure is kept. */
const REPORT_SECONDS = 30 * 24 * 3600;

/** A job: what is to be erased, and what was erased so far. */
export const jobSchema = z.object({
  /** The session's id, or the user's. */
  sk: z.string(),
  userId: z.string(),
  /** Of a session. */
  name: z.string().optional(),
  requestedAt: z.int(),
  /** All was erased once. */
  erasedAt: z.int().optional(),
  items: z.int().default(0),
  objects: z.int().default(0),
  keys: z.int().default(0),
  sessionsLeft: z.int().optional(),
});
export type Job = z.infer<typeof jobSchema>;

const reportSchema = jobSchema
  .omit({ sk: true })
  .extend({ finishedAt: z.int(), sessionId: z.string().optional() });

/** For the end of a job: its report. Written again by a repeat of the same end, under the same key. */
export const reportWrite = (job: Job, finishedAt: number): Extract<Write, { kind: 'put' }> => {
  const { sk, ...about } = job;
  const key = erasedKey(job.userId, job.requestedAt, sk);
  const sessionId = job.name === undefined ? {} : { sessionId: sk };
  return {
    kind: 'put',
    key,
    item: {
      ...key,
      ...toItem({ ...about, ...sessionId, finishedAt }),
      [TTL_ATTRIBUTE]: Math.floor(finishedAt / 1000) + REPORT_SECONDS,
    },
  };
};

/** A job as callers see it. */
export const erasureView = (job: Job): ErasureView => ({
  ...common({ ...job, sessionId: job.name === undefined ? undefined : job.sk }),
  state: job.erasedAt === undefined ? 'waiting' : 'erasing',
  erasedAt: null,
});

type Known = Omit<z.infer<typeof reportSchema>, 'finishedAt'>;

const common = ({ userId, name, sessionId, requestedAt, items, objects, keys, sessionsLeft }: Known) => ({
  kind: name === undefined ? ('user' as const) : ('session' as const),
  userId,
  session: name ?? null,
  sessionId: sessionId ?? null,
  requestedAt: new Date(requestedAt).toISOString(),
  items,
  objects,
  keys,
  sessionsLeft: sessionsLeft ?? null,
});

/** A user's erasures, newest first. */
export const listErasures = async (deps: Pick<Deps, 'store'>, userId: string): Promise<ErasureView[]> => {
  const [jobs, ofUser, reports] = await Promise.all([
    queryAll(deps, { partition: ERASURES_PARTITION }),
    deps.store.get(userErasureKey(userId)),
    queryAll(deps, { partition: erasedPartition(userId) }),
  ]);
  const open = [...jobs, ...(ofUser ? [ofUser] : [])]
    .map((item) => jobSchema.parse(item))
    .filter((job) => job.userId === userId)
    .map(erasureView);
  const finished = reports
    .map((item) => reportSchema.parse(item))
    .map((report) => ({
      ...common(report),
      state: 'erased' as const,
      erasedAt: new Date(report.finishedAt).toISOString(),
    }));
  return [...open, ...finished].sort((a, b) => (a.requestedAt < b.requestedAt ? 1 : -1));
};
