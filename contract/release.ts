/** What Berth is, as WAHA's clients read it: in webhooks' `environment` and in `GET /api/server/version`. */
import * as z from 'zod';

/** As in package.json. */
export const API_VERSION = '0.1.0';

export const releaseSchema = z.object({
  version: z.string(),
  engine: z.literal('WEBJS'),
  tier: z.string(),
  browser: z.string(),
  platform: z.string(),
  /** There is no single worker: its id is always null. */
  worker: z.object({ id: z.string().nullable() }),
});

export const RELEASE = {
  version: API_VERSION,
  engine: 'WEBJS',
  tier: 'PLUS',
  browser: 'chromium',
  platform: 'linux',
  worker: { id: null },
} as const satisfies z.infer<typeof releaseSchema>;
