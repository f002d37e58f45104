import type * as z from 'zod';
import { WorkerTimeout, WorkerUnreachable } from '../core/ports.ts';
import {
  standbyCallSchema,
  type standbyResultSchema,
  type WorkerCallAnswer,
  workerCallSchema,
} from './adapters/worker-call-messages.ts';
import { standbyClient, workerClient } from './adapters/worker-http.ts';

const workers = workerClient();
const standby = standbyClient();

/**
 * Invoked by control functions: hands one command to one worker, or a session to a standby task, over the network that
 * only functions inside it reach. Never repeats.
 */
export const handler = async (event: unknown): Promise<WorkerCallAnswer> => {
  const assigning = standbyCallSchema.safeParse(event);
  try {
    if (assigning.success) {
      const { standby: task, assignment, timeoutMs } = assigning.data;
      const result = { serves: await standby.assign(task, assignment, { timeoutMs }) };
      return { ok: true, result: result satisfies z.input<typeof standbyResultSchema> };
    }
    const { worker, command, args, timeoutMs, idempotencyKey } = workerCallSchema.parse(event);
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
