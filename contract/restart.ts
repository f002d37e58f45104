/** The restart policy as it is configured: what follows the loss of a session's task. */
import * as z from 'zod';

export const restartPolicySchema = z.enum(['never', 'on-failure', 'always']);

/** As configured. Omitted fields have the defaults of `restartRuleOf`. */
export const restartConfigSchema = z.strictObject({
  policy: restartPolicySchema.describe(
    'on-failure: after a crash, a lost heartbeat or a failed start. always: also after the task was stopped from ' +
      'outside Berth (Spot, host, deployment, by hand). A stop by a caller, idleness, the longest duration, a logout ' +
      'and a block are never restarted.',
  ),
  maxAttempts: z
    .int()
    .min(1)
    .max(20)
    .optional()
    .describe('Restarts within the window. One more loss ends the session as FAILED. Default 5.'),
  windowSeconds: z.int().min(60).max(86_400).optional().describe('Default 3600.'),
});
export type RestartConfig = z.infer<typeof restartConfigSchema>;
export type RestartRule = {
  readonly policy: RestartConfig['policy'];
  readonly maxAttempts: number;
  readonly windowSeconds: number;
};

const DEFAULT_ATTEMPTS = 5;
const DEFAULT_WINDOW_SECONDS = 3600;

/** The rule in force. Without one, a session that is kept alive restarts always, and any other never. */
export const restartRuleOf = (config: {
  readonly restart?: RestartConfig | undefined;
  readonly keepAlive?: boolean | undefined;
}): RestartRule => ({
  policy: config.restart?.policy ?? (config.keepAlive ? 'always' : 'never'),
  maxAttempts: config.restart?.maxAttempts ?? DEFAULT_ATTEMPTS,
  windowSeconds: config.restart?.windowSeconds ?? DEFAULT_WINDOW_SECONDS,
});
