import * as z from 'zod';
import { accountSchema } from '../worker/protocol.ts';

/** What the body of every webhook has, whatever its event. */
export const webhookEnvelopeSchema = z.object({
  id: z.string().describe('The same in every attempt: know repeats by it.'),
  timestamp: z.int().describe('When it happened, in ms since the epoch.'),
  event: z.string(),
  session: z.string().describe("The session's name."),
  metadata: z.record(z.string(), z.string()).describe("The session's `config.metadata`."),
  me: accountSchema.nullable().describe('The linked account, as far as there is one.'),
  payload: z.record(z.string(), z.unknown()),
  environment: z.string(),
  engine: z.string(),
});
