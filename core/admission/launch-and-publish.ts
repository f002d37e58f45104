import type { Deps } from '../deps.ts';
import { publish } from '../events/outbox.ts';
import { launch, launchAdmitted } from '../lifecycle/launch.ts';
import type { Session } from '../lifecycle/session.ts';
import type { Admitted } from './plan.ts';

/** How long the answer to a caller waits for the launch. The admission before may have taken 12 s of a function's 29. */
const LAUNCH_WAIT_MS = 6_000;

/**
 * The steps after an admission: the task is launched, and the event is published.
 *
 * The session holds its slot whether or not this succeeds, so the caller gets the session and never an error:
 *
 *   admitted ── RunTask ── STARTING
 *      │           └─ throttled, no capacity, no answer, or it could not be written down ── answered as PENDING
 *      └─ the function dies here ── PENDING, unanswered
 *                                      └─ launch_due: the next sweep finds the task, or launches it (launch.ts)
 *
 * @param waitMs the time that is left for the caller's answer
 */
export const launchAndPublish = (
  deps: Needs,
  session: Session,
  waitMs: number = LAUNCH_WAIT_MS,
): Promise<Session> => {
  deps.metrics.count('SessionsAdmitted', 1);
  return launchWhilePublishing(deps, launchAdmitted, session, waitMs);
};

/** The step after a start: the launch of the admitted session, or of a restart that is due at once now. */
export const started = async (
  deps: Needs,
  { session, admitted: isNew, restartsNow = false }: Admitted,
  waitMs: number = LAUNCH_WAIT_MS,
): Promise<Session> => {
  if (isNew) return launchAndPublish(deps, session, waitMs);
  return restartsNow ? launchWhilePublishing(deps, launch, session, waitMs) : session;
};

type Needs = Pick<
  Deps,
  'store' | 'tasks' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics' | 'log'
>;

const launchWhilePublishing = async (
  deps: Needs,
  begin: typeof launchAdmitted,
  session: Session,
  waitMs: number,
): Promise<Session> => {
  const launching = begin(deps, session, deps.clock() + Math.min(waitMs, LAUNCH_WAIT_MS)).catch(
    (error: unknown) => {
      const { sessionId, epoch } = session;
      deps.log.warn('the launch is left to the next sweep', { sessionId, epoch, error: String(error) });
      return session;
    },
  );
  const [launched] = await Promise.all([launching, publish(deps, session)]);
  return launched;
};
