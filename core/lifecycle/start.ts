import { admit } from '../admission/admit.ts';
import type { Admitted } from '../admission/plan.ts';
import type { Deps } from '../deps.ts';
import { untilEnded } from './end.ts';
import { waitsForRestart } from './restart.ts';
import { restartNow } from './restart-launch.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings' | 'metrics'>;

/**
 * Admits a stopped or failed session again. A session that holds its slot is returned as it is: starting is
 * idempotent. One that waits for a restart is started at once. Throws 404, 429 or 503.
 */
export const startSession = async (deps: Needs, userId: string, name: string): Promise<Admitted> => {
  const found = await admit(deps, { kind: 'start', id: deps.ids.eventId(), userId, name });
  if (found.admitted || !waitsForRestart(found.session)) return found;
  return { session: await restartNow(deps, found.session), admitted: false, restartsNow: true };
};

/**
 * As `startSession`, and a session that is stopping is waited for and then admitted: the returned session runs or was
 * admitted, and is never about to end. Throws 503 if the stop takes longer than `budgetMs`: nothing was admitted.
 */
export const startWhenEnded = async (
  deps: Needs,
  userId: string,
  name: string,
  budgetMs: number,
): Promise<Admitted> => {
  const end = deps.clock() + budgetMs;
  for (;;) {
    const started = await startSession(deps, userId, name);
    if (started.session.state !== 'STOPPING') return started;
    await untilEnded(deps, started.session, end - deps.clock());
  }
};
