/** What the local ECS and its container agent (container-agent.ts) say to each other. */
import * as z from 'zod';

export const toAgentSchema = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('start'),
    taskId: z.string(),
    command: z.string(),
    args: z.array(z.string()),
    /** The whole environment. */
    env: z.record(z.string(), z.string()),
    cwd: z.string().optional(),
    logFile: z.string(),
    /** Text in the output that means that the program is up; empty: there is none. */
    upWhen: z.string(),
    /** The file that takes the pids of the task's control group. */
    controlGroup: z.string().optional(),
  }),
  /** SIGTERM. */
  z.object({ do: z.literal('stop'), taskId: z.string() }),
  /** SIGKILL. */
  z.object({ do: z.literal('kill'), taskId: z.string() }),
]);
export type ToAgent = z.infer<typeof toAgentSchema>;
export type ProgramStart = Extract<ToAgent, { do: 'start' }>;

export const fromAgentSchema = z.discriminatedUnion('is', [
  z.object({
    is: z.literal('started'),
    taskId: z.string(),
    pid: z.int(),
    /** Why it is not in its control group. */
    notLimited: z.string().optional(),
  }),
  z.object({ is: z.literal('up'), taskId: z.string() }),
  z.object({ is: z.literal('ended'), taskId: z.string(), exitCode: z.int() }),
]);
export type FromAgent = z.infer<typeof fromAgentSchema>;
