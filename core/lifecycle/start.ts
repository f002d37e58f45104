import { Problem } from '../../contract/errors.ts';
import { isTerminal } from '../../contract/lifecycle.ts';
import { admit } from '../admission/admit.ts';
import type { Deps } from '../deps.ts';
import { sessionKey } from '../items.ts';
import { absent, and, eq, oneOf } from '../store.ts';
import type { Admitted } from './commit.ts';
import { untilEnded } from './end.ts';
import { findSession } from './load.ts';
import { waitsForRestart } from './restart.ts';
import { restartNow } from './restart-launch.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings' | 'metrics'>;

/**
 * Admits a stopped or failed session again. A session that holds its slot is returned as it is: starting is
 * idempotent. One that waits for a restart is started at once. Throws 404, 429 or 503.
 */
export const startSession = async (deps: Needs, userId: string, name: string): Promise<Admitted> => {
  const found = await findSession(deps, userId, name);
  if (!found) throw new Problem('not_found', `There is no session "${name}".`);
  if (waitsForRestart(found))
    return { session: await restartNow(deps, found), admitted: false, restartsNow: true };
  if (!isTerminal(found.state)) return { session: found, admitted: false };

  const tokens = new Set<string | undefined>();
  return admit(
    deps,
    found,
    (session, change) => {
      tokens.add(session.bootstrapToken);
      return [
        {
          kind: 'update',
          key: sessionKey(userId, name),
          condition: and(
            eq('sessionId', found.sessionId),
            eq('epoch', found.epoch),
            oneOf('state', ['STOPPED', 'FAILED']),
            absent('slotShard'),
            // Deadlines and events are made from the config as it was read.
            eq('version', found.version),
          ),
          ...change,
        },
      ];
    },
    (now) => now !== undefined && tokens.has(now.bootstrapToken) && now.epoch === found.epoch + 1,
    async () => {
      const now = await findSession(deps, userId, name);
      if (!now) throw new Problem('not_found', `There is no session "${name}".`);
      // Somebody else started it between our read and our write: theirs is as good as ours.
      if (!isTerminal(now.state)) return { session: now, admitted: false };
      // Its config was changed, or it went through a whole epoch meanwhile.
      return startSession(deps, userId, name);
    },
  );
};

/**
 * As `startSession`, and a session that is stopping is waited for and then admitted: what is answered runs or was
 * admitted, and never is about to end. Throws 503 where the stop takes longer than `budgetMs`: nothing was admitted.
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
