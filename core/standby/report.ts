import type * as z from 'zod';
import { Problem } from '../../contract/errors.ts';
import type { StandbyReport, standbyAnswerSchema } from '../../contract/worker/protocol.ts';
import type { Deps } from '../deps.ts';
import { and, eq } from '../store.ts';
import { findStandby, isOpen, keyOf, STILL_OPEN } from './task.ts';

/**
 * A standby task is ready, or still is. The first report exchanges the token for the worker's own secret. Throws 401
 * for a wrong token, 409 for another worker's, 410 if this task is not wanted or is a session's already.
 */
export const reportStandby = async (
  deps: Pick<Deps, 'store' | 'clock' | 'sha256' | 'settings'>,
  report: StandbyReport,
): Promise<z.infer<typeof standbyAnswerSchema>> => {
  const task = await findStandby(deps, report.standbyId);
  if (!task || !isOpen(task)) throw gone();
  const { sha256 } = deps;
  if (sha256(sha256(report.standbyToken)) !== sha256(task.tokenHash))
    throw new Problem('unauthorized', 'Wrong standby token.');
  const workerSecretHash = sha256(report.workerSecret);
  if (task.workerSecretHash !== undefined && task.workerSecretHash !== workerSecretHash)
    throw new Problem('conflict', 'Another worker has exchanged this standby token.');
  const now = deps.clock();
  const { address, commandSecret, chromiumBuild } = report;
  const written = await deps.store.write({
    kind: 'update',
    key: keyOf(task),
    condition:
      task.workerSecretHash === undefined
        ? STILL_OPEN
        : and(STILL_OPEN, eq('workerSecretHash', workerSecretHash)),
    set: {
      workerSecretHash,
      commandSecret,
      address,
      chromiumBuild,
      heartbeatAt: now,
      readyAt: task.readyAt ?? now,
    },
  });
  // Claimed or retired meanwhile. A claimed one has its assignment or gets it: then this answer reaches no one.
  if (!written.ok) throw gone();
  return { heartbeatSeconds: deps.settings.heartbeatSeconds };
};

const gone = () => new Problem('fenced', 'This standby task is not needed any more.');
