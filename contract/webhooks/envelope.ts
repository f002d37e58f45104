import * as z from 'zod';
import { releaseSchema } from '../release.ts';
import { shownAccountSchema } from '../worker/protocol.ts';

/** The fields in the body of every webhook. */
export const webhookEnvelopeSchema = z.object({
  id: z.string().describe('The same for every attempt: use it to detect repeats.'),
  timestamp: z.int().describe('Time of the event, in ms since the epoch.'),
  event: z.string(),
  session: z.string().describe("The session's name."),
  metadata: z.record(z.string(), z.string()).describe("The session's `config.metadata`."),
  me: shownAccountSchema.nullable().describe('The linked account, if there is one.'),
  payload: z.record(z.string(), z.unknown()),
  environment: releaseSchema.extend({ name: z.string().describe('The environment that sent it.') }),
  engine: z.string(),
});
