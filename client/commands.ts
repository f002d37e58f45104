import * as z from 'zod';
import type { Clock } from '../contract/clock.ts';
import { type Message, messageSchema } from '../contract/whatsapp/messages.ts';
import { ApiError, WaitTimeoutError } from './errors.ts';
import type { CommandsMethods } from './methods.ts';
import type { WaitOptions } from './sessions.ts';

/** The longest that the API holds one long poll back. */
const LONGEST_POLL_SECONDS = 25;

export type CommandsClient = CommandsMethods & {
  /**
   * Waits for the message that a command sends. Rejects with the problem of one that failed or whose outcome is
   * unknown, and with `WaitTimeoutError` when the time (120 s by default) has passed.
   */
  readonly wait: (id: string, options?: WaitOptions) => Promise<Message>;
};

export const commandsClient = (derived: CommandsMethods, clock: Clock): CommandsClient => ({
  ...derived,
  wait: async (id, { timeoutMs = 120_000, ...options } = {}) => {
    const end = clock() + timeoutMs;
    for (;;) {
      const left = Math.ceil((end - clock()) / 1000);
      const waitSeconds = Math.max(1, Math.min(LONGEST_POLL_SECONDS, left));
      const { status, result, problem } = await derived.get(id, { ...options, waitSeconds });
      if (status === 'done') return z.parse(messageSchema, result);
      if (problem && status !== 'pending' && status !== 'running')
        throw new ApiError(problem, problem.retryAfterSeconds);
      if (clock() >= end) throw new WaitTimeoutError('the command', status);
    }
  },
});
