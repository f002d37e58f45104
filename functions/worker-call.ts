import { WorkerTimeout, WorkerUnreachable } from '../core/ports.ts';
import { type WorkerCallAnswer, workerCallSchema } from './adapters/worker-call-messages.ts';
import { workerClient } from './adapters/worker-http.ts';

const workers = workerClient();

/**
 * Invoked by control functions: hands one command to one worker, over the network that only functions inside it
 * reach. Never repeats.
 */
export const handler = async (event: unknown): Promise<WorkerCallAnswer> => {
  const { worker, command, args, timeoutMs, idempotencyKey } = workerCallSchema.parse(event);
  try {
    return await workers.run(worker, command, args, {
      timeoutMs,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
  } catch (error) {
    if (error instanceof WorkerUnreachable) return { error: 'unreachable', detail: error.message };
    if (error instanceof WorkerTimeout) return { error: 'timeout', detail: error.message };
    throw error;
  }
};
