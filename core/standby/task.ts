/**
 * The item of a standby task.
 *
 *   put, then RunTask ── starting ── its worker reports ── ready ── claimed by one epoch of one session, once
 *                            └── too old, silent, of another revision, one too many: retired
 *
 * A claim is written in one transaction with the session; a retired one cannot be claimed, and a claimed one is never
 * offered again. The item stays until the task is gone: the event that a task stopped says its standby id and no session.
 */
import * as z from 'zod';
import { standbyDepthSchema } from '../../contract/bodies/standby.ts';
import type { Deps } from '../deps.ts';
import { STANDBY_PARTITION, STANDBY_TASK, standbyKey } from '../items.ts';
import { queryAll } from '../query-all.ts';
import { absent, and, exists, type Item, type Key } from '../store.ts';

export const standbyTaskSchema = z.object({
  sk: z.string(),
  createdAt: z.int(),
  /** What it was launched from (core/ports.ts). */
  revision: z.string(),
  /** Hash of the token that it was launched with: single-use. */
  tokenHash: z.string(),
  depth: standbyDepthSchema.default('browser'),
  taskArn: z.string().optional(),
  /** Of the worker that exchanged the token. */
  workerSecretHash: z.string().optional(),
  commandSecret: z.string().optional(),
  address: z.string().optional(),
  chromiumBuild: z.string().optional(),
  readyAt: z.int().optional(),
  heartbeatAt: z.int().optional(),
  retiredAt: z.int().optional(),
  claimedAt: z.int().optional(),
  claimedBy: z.object({ sessionId: z.string(), epoch: z.int() }).optional(),
});
export type StandbyTask = z.infer<typeof standbyTaskSchema>;

export const idOf = ({ sk }: Pick<StandbyTask, 'sk'>): string => sk.slice(STANDBY_TASK.length);
export const keyOf = (task: Pick<StandbyTask, 'sk'>): Key => standbyKey(idOf(task));

/** All items of the partition: tasks and the plan. */
export const readStandby = (deps: Pick<Deps, 'store'>): Promise<Item[]> =>
  queryAll(deps, { partition: STANDBY_PARTITION });

/** The tasks among them, oldest first. */
export const tasksIn = (items: readonly Item[]): StandbyTask[] =>
  items
    .filter(({ sk }) => String(sk).startsWith(STANDBY_TASK))
    .map((item) => standbyTaskSchema.parse(item))
    .sort((a, b) => a.createdAt - b.createdAt);

export const findStandby = async (
  deps: Pick<Deps, 'store'>,
  id: string,
): Promise<StandbyTask | undefined> => {
  const item = await deps.store.get(standbyKey(id));
  return item && standbyTaskSchema.parse(item);
};

/** It waits for a session, or is about to. */
export const isOpen = ({ claimedBy, retiredAt }: StandbyTask): boolean =>
  claimedBy === undefined && retiredAt === undefined;

/** The condition under which a task may be claimed, retired or report. */
export const STILL_OPEN = and(exists('pk'), absent('claimedBy'), absent('retiredAt'));

/** Its worker reported lately. */
export const isFresh = (task: StandbyTask, { clock, settings }: Pick<Deps, 'clock' | 'settings'>): boolean =>
  task.readyAt !== undefined && ageOf(task.heartbeatAt, clock()) <= settings.heartbeatTimeoutSeconds * 1000;

const ageOf = (at: number | undefined, now: number): number =>
  at === undefined ? Number.POSITIVE_INFINITY : now - at;
