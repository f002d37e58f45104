import * as z from 'zod';
import { type CommandView, commandViewSchema } from '../contract/bodies/commands.ts';
import type { Clock } from '../contract/clock.ts';
import { type Message, messageSchema } from '../contract/whatsapp/messages.ts';
import { ApiError, WaitTimeoutError } from './errors.ts';
import type { CallOptions, WaitOptions } from './sessions.ts';
import { path, type Transport } from './transport.ts';

/** The longest that the API holds one long poll back. */
const LONGEST_POLL_SECONDS = 25;

export type CommandsClient = {
  /** How a command stands; with `waitSeconds` (0 to 25) once it is settled, or as it stands by then. */
  readonly get: (id: string, options?: CallOptions & { waitSeconds?: number }) => Promise<CommandView>;
  /**
   * Waits for the message that a command sends. Rejects with the problem of one that failed or whose outcome is
   * unknown, and with `WaitTimeoutError` when the time (120 s by default) is over.
   */
  readonly wait: (id: string, options?: WaitOptions) => Promise<Message>;
};

export const commandsClient = ({
  transport,
  clock,
}: {
  readonly transport: Transport;
  readonly clock: Clock;
}): CommandsClient => {
  const get: CommandsClient['get'] = (id, { waitSeconds = 0, userId, signal } = {}) =>
    transport.json(
      {
        method: 'GET',
        path: path`/api/commands/${id}`,
        query: { userId, ...(waitSeconds > 0 ? { wait: waitSeconds } : {}) },
        waitSeconds,
        idempotent: true,
        signal,
      },
      commandViewSchema,
    );

  return {
    get,
    wait: async (id, options = {}) => {
      const end = clock() + (options.timeoutMs ?? 120_000);
      for (;;) {
        const left = Math.ceil((end - clock()) / 1000);
        const waitSeconds = Math.max(1, Math.min(LONGEST_POLL_SECONDS, left));
        const { status, result, problem } = await get(id, { ...options, waitSeconds });
        if (status === 'done') return z.parse(messageSchema, result);
        if (problem && status !== 'pending' && status !== 'running')
          throw new ApiError(problem, problem.retryAfterSeconds);
        if (clock() >= end) throw new WaitTimeoutError('the command', status);
      }
    },
  };
};
