/**
 * Whether a worker's silence is its own. A sweep that came to its end proves that heartbeats could be written then:
 *
 *   heartbeat ── database refuses, sweeps fail, every heartbeat grows too old ── answers again ── sweep
 *
 * That sweep would end the whole fleet, healthy as it is. So the worker must have been too late at an earlier sweep
 * already, and since then there was time for another heartbeat. The same protects a worker whose heartbeat arrives a
 * little later than the others after an outage:
 *
 *   outage ── all are late ── end: nearly all report again ── sweep: one has not, yet
 *
 * Heartbeats may be further apart than sweeps. Then the sweep right before proves nothing, and one before that does.
 */
import * as z from 'zod';
import type { LastRun } from '../observability/health.ts';

/** A heartbeat fits between this sweep and the oldest that is kept (infra/environment-schema.ts). */
const KEPT = 4;

const reportSchema = z.object({ braked: z.boolean().optional(), sweepsBefore: z.array(z.int()).optional() });

/**
 * When the last sweeps came to their end (ms), newest first. None from before a sweep that braked, nor that one: it saw
 * an outage.
 */
export const clearSweeps = ({ at, report }: LastRun): readonly number[] => {
  const { braked = false, sweepsBefore = [] } = reportSchema.safeParse(report).data ?? {};
  return braked ? [] : [at, ...sweepsBefore].slice(0, KEPT);
};

/**
 * @param sweeps of clearSweeps; undefined: this is the first
 * @param tooLateAt when the worker's time-out passed (ms)
 */
export const hadTimeForHeartbeat = (
  sweeps: readonly number[] | undefined,
  tooLateAt: number,
  { now, heartbeatMs }: { readonly now: number; readonly heartbeatMs: number },
): boolean => sweeps === undefined || sweeps.some((at) => at >= tooLateAt && at <= now - heartbeatMs);
