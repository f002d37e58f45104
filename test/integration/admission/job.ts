import * as z from 'zod';

/** The work of one process of contenders. */
export const jobSchema = z.object({
  url: z.string(),
  table: z.string(),
  contenders: z.array(z.object({ userId: z.string(), name: z.string() })),
  /** Contenders with a call in flight: one process acts as that many functions and must not starve them. */
  atOnce: z.int().min(1),
  /** Times that each contender asks for a slot. */
  rounds: z.int().min(1),
  /** Gives each slot back before the next round; otherwise the slot is kept. */
  giveBack: z.boolean(),
});
export type Job = z.infer<typeof jobSchema>;

/** One line of a process's output. */
export const lineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('admitted'), userId: z.string(), name: z.string() }),
  z.object({ kind: z.literal('released'), userId: z.string(), name: z.string(), first: z.boolean() }),
  z.object({
    kind: z.literal('refused'),
    userId: z.string(),
    scope: z.string(),
    limit: z.int(),
    active: z.int(),
  }),
  /** A retryable answer: nothing was admitted, and nothing refused. */
  z.object({ kind: z.literal('busy'), userId: z.string() }),
  /** Anything else: neither a slot nor a justified refusal. */
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);
export type Line = z.infer<typeof lineSchema>;
