import * as z from 'zod';
import { commandFailureSchema } from '../../contract/worker/command-failures.ts';
import type { CommandName } from '../../contract/worker/commands.ts';
import { assignmentSchema, bootstrapRequestSchema } from '../../contract/worker/protocol.ts';

/** Part of a path. The worker refuses a command that it does not have: the table of commands stays out of the function. */
const commandName = z.custom<CommandName>((name) => typeof name === 'string' && /^\w+$/.test(name));

/**
 * The requests of a control function to `worker-call`, and the answers. They hold secrets and message bodies: never
 * logged.
 */
export const workerCallSchema = z.strictObject({
  worker: z.strictObject({
    address: bootstrapRequestSchema.shape.address,
    commandSecret: z.string(),
    epoch: z.int(),
  }),
  command: commandName,
  args: z.unknown(),
  timeoutMs: z.int().positive(),
  idempotencyKey: z.string().optional(),
});
export type WorkerCall = z.infer<typeof workerCallSchema>;

/** The same for a standby task. Holds a bootstrap token: never logged. */
export const standbyCallSchema = z.strictObject({
  standby: z.strictObject({ address: bootstrapRequestSchema.shape.address, commandSecret: z.string() }),
  assignment: assignmentSchema,
  timeoutMs: z.int().positive(),
});
export type StandbyCall = z.infer<typeof standbyCallSchema>;
/** Whether it serves the session. */
export const standbyResultSchema = z.object({ serves: z.boolean() });

export const workerCallAnswerSchema = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), failure: commandFailureSchema }),
  /** `unreachable`: nothing was sent; `timeout`: it may have been. */
  z.object({ error: z.enum(['unreachable', 'timeout']), detail: z.string() }),
]);
export type WorkerCallAnswer = z.infer<typeof workerCallAnswerSchema>;
