import * as z from 'zod';
import { commandFailureSchema } from '../../core/commands.ts';
import { type WorkerCommands, WorkerTimeout, WorkerUnreachable } from '../../core/ports.ts';

/** Errors of the connection itself: no byte of the request can have been acted upon. */
const NOT_SENT = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

const withCode = z.object({ cause: z.object({ code: z.string() }) });

/** Command servers of workers, over HTTP inside the network. */
export const workerHttp = (): WorkerCommands => ({
  run: async ({ address, commandSecret, epoch }, command, args, { timeoutMs, idempotencyKey }) => {
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(`${address}/v1/commands/${command}`, {
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          authorization: `Bearer ${commandSecret}`,
          'content-type': 'application/json',
          'x-berth-epoch': String(epoch),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        body: JSON.stringify(args),
      });
      body = await response.json();
    } catch (error) {
      const parsed = withCode.safeParse(error);
      if (parsed.success && NOT_SENT.has(parsed.data.cause.code))
        throw new WorkerUnreachable(parsed.data.cause.code);
      throw new WorkerTimeout(error instanceof Error ? error.name : 'unknown');
    }
    if (response.ok) return { ok: true, result: body };
    const failure = commandFailureSchema.safeParse(body);
    return {
      ok: false,
      failure: failure.success
        ? failure.data
        : { code: 'client_failed', detail: `The worker answered ${response.status}.` },
    };
  },
});
