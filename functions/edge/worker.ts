import type * as z from 'zod';
import type { Control } from '../../core/control.ts';
import { authenticateWorker } from '../../core/protocols/worker.ts';
import type { Session } from '../../core/session.ts';
import { logFields } from '../adapters/base.ts';
import { type Answer, http } from './http.ts';

/** A route of the worker API: authenticates the worker, then `run`s with its session as it stands. */
export const workerHttpHandler = <B>(
  control: Pick<Control, 'store' | 'sha256'>,
  body: z.ZodType<B>,
  run: (session: Session, body: B) => Promise<Answer>,
) =>
  http({ auth: 'worker', body }, async (request) => {
    const session = await authenticateWorker(control, request.headers.authorization);
    logFields.add({ sessionId: session.sessionId, epoch: session.epoch });
    return run(session, request.body);
  });
