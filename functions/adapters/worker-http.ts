import * as z from 'zod';
import { commandFailureSchema } from '../../contract/worker/command-failures.ts';
import { STANDBY_PATH } from '../../contract/worker/protocol.ts';
import {
  type StandbyWorkers,
  type WorkerCommands,
  WorkerTimeout,
  WorkerUnreachable,
} from '../../core/ports.ts';

const connectionError = z.object({ cause: z.object({ code: z.string(), syscall: z.string().optional() }) });

/**
 * The code of an error that came before there was a connection: no byte of the request can have been acted upon. The
 * same codes (EHOSTUNREACH, ETIMEDOUT) also end connections on which a request is under way.
 */
const notConnected = (error: unknown): string | undefined => {
  const cause = connectionError.safeParse(error).data?.cause;
  return cause && (cause.syscall === 'connect' || cause.code === 'UND_ERR_CONNECT_TIMEOUT')
    ? cause.code
    : undefined;
};

/** One POST. Throws WorkerUnreachable if nothing was sent, WorkerTimeout if it may have been. */
const post = async (
  url: string,
  commandSecret: string,
  json: unknown,
  { timeoutMs, headers = {} }: { timeoutMs: number; headers?: Readonly<Record<string, string>> },
): Promise<{ response: Response; body: unknown }> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        authorization: `Bearer ${commandSecret}`,
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify(json),
    });
    return { response, body: await response.json() };
  } catch (error) {
    const code = notConnected(error);
    if (code !== undefined) throw new WorkerUnreachable(code);
    throw new WorkerTimeout(error instanceof Error ? error.name : 'unknown');
  }
};

/** Command servers of standby tasks, over HTTP inside the network. */
export const standbyClient = (): StandbyWorkers => ({
  assign: async ({ address, commandSecret }, assignment, options) => {
    const { response } = await post(`${address}${STANDBY_PATH}`, commandSecret, assignment, options);
    return response.ok;
  },
});

/** Command servers of workers, over HTTP inside the network. */
export const workerClient = (): WorkerCommands => ({
  run: async ({ address, commandSecret, epoch }, command, args, { timeoutMs, idempotencyKey }) => {
    const { response, body } = await post(`${address}/v1/commands/${command}`, commandSecret, args, {
      timeoutMs,
      headers: {
        'x-berth-epoch': String(epoch),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
    });
    if (response.ok) return { ok: true, result: body };
    const failure = commandFailureSchema.safeParse(body);
    if (failure.success) return { ok: false, failure: failure.data };
    throw new WorkerTimeout(`answered ${response.status} without a result`);
  },
});
