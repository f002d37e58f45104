import pMap from 'p-map';
import type * as z from 'zod';
import type { CleanupReport, cleanupRequestSchema } from '../../contract/bodies/admin.ts';
import { isTerminal, type StopReason } from '../../contract/lifecycle.ts';
import { listHolders } from '../admission/holders.ts';
import type { Deps } from '../deps.ts';
import { deadlinesOf, isLaunchDeadline } from '../lifecycle/deadlines.ts';
import { nameOf, type Session, userOf } from '../lifecycle/session.ts';
import { stopSession } from '../lifecycle/stop.ts';

type Needs = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;
type Request = z.infer<typeof cleanupRequestSchema>;

/**
 * Ends sessions by a filter. Regular: only those past one of their deadlines (or, with an age, older than it).
 * Emergency: all that the filter names. Auth state is kept: every session can be started again without a QR code.
 */
export const cleanUp = async (deps: Needs, request: Request): Promise<CleanupReport> => {
  const holders = await listHolders(deps);
  const chosen = holders.flatMap((session) => {
    const reason = reasonToEnd(deps, session, request);
    return reason && matches(deps, session, request.filter) ? [{ session, reason }] : [];
  });
  const sessions = await pMap(
    chosen,
    async ({ session, reason }): Promise<CleanupReport['sessions'][number]> => {
      const about = {
        userId: userOf(session),
        name: nameOf(session),
        state: session.state,
        startedAt: session.startedAt === undefined ? null : new Date(session.startedAt).toISOString(),
        reason,
      };
      if (request.dryRun) return { ...about, action: 'would_stop' };
      try {
        const after = await stopSession(deps, session, reason);
        return { ...about, state: after.state, action: isTerminal(after.state) ? 'released' : 'stopping' };
      } catch (error) {
        return { ...about, action: 'failed', detail: error instanceof Error ? error.message : 'unknown' };
      }
    },
    { concurrency: 8 },
  );
  return { mode: request.mode, dryRun: request.dryRun, sessions, active: holders.length };
};

const reasonToEnd = (deps: Needs, session: Session, { mode, filter }: Request): StopReason | undefined => {
  if (session.state === 'STOPPING') return undefined;
  if (mode === 'emergency') return 'emergency';
  if (filter.olderThanSeconds !== undefined) return 'limit_admin';
  const due = deadlinesOf(session, deps.settings).find((d) => d.at <= deps.clock());
  return due && due.reason !== 'stop_grace' && !isLaunchDeadline(due.reason) ? due.reason : undefined;
};

const matches = (deps: Needs, session: Session, filter: Request['filter']): boolean =>
  (filter.userId === undefined || filter.userId === userOf(session)) &&
  (filter.state === undefined || filter.state === session.state) &&
  (filter.olderThanSeconds === undefined ||
    (session.startedAt ?? 0) <= deps.clock() - filter.olderThanSeconds * 1000);
