import type { Operation } from '../../contract/operation.ts';
import type { Deps } from '../../core/deps.ts';
import type { Session } from '../../core/lifecycle/session.ts';
import { authenticateWorker } from '../../core/lifecycle/worker.ts';
import { logFields } from '../adapters/base.ts';
import { type Answer, defineHandler, type Request } from './http.ts';

/** An operation of the worker API: authenticates the worker, then `run`s with its session as it stands. */
export const workerEndpoint =
  <O extends Operation>(deps: Pick<Deps, 'store' | 'sha256'>, operation: O) =>
  (run: (session: Session, body: Request<O>['body']) => Promise<Answer<O>>) =>
    defineHandler(operation)(async (request) => {
      const session = await authenticateWorker(deps, request.headers.authorization);
      logFields.add({ sessionId: session.sessionId, epoch: session.epoch });
      return run(session, request.body);
    });
