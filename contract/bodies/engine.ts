import * as z from 'zod';
import { MAX_HTML_BYTES } from '../builds/html.ts';
import { buildVersionSchema } from '../builds/version.ts';

const buildSumsSchema = z.object({
  starts: z.int(),
  codes: z.int(),
  links: z.int(),
  readies: z.int(),
  sends: z.int(),
  failures: z.int(),
});

export const buildViewSchema = z.object({
  /** null: failures of live starts before the page reported its version. */
  version: z.string().nullable(),
  /** The build that WhatsApp served last. */
  live: z.boolean(),
  /** Its HTML is stored, so that it can be pinned and fallen back to. */
  saved: z
    .object({
      savedAt: z.iso.datetime(),
      bytes: z.int(),
      expiresAt: z.iso.datetime().nullable(),
      expired: z.boolean(),
    })
    .nullable(),
  /** When a start or a link last worked with it. */
  workedAt: z.iso.datetime().nullable(),
  /** Sums of the last 24 hours. */
  lastDay: buildSumsSchema,
});
export type BuildView = z.infer<typeof buildViewSchema>;

export const engineViewSchema = z.object({
  engine: z.literal('WEBJS'),
  /**
   * `live`: starts load what WhatsApp serves. `fallback`: the live build fails, and starts load the saved build
   * `target`. `pinned`: starts load `pinned`.
   */
  mode: z.enum(['live', 'fallback', 'pinned']),
  since: z.iso.datetime(),
  pinned: z.string().nullable(),
  /** The pinned build has expired: starts load the live one. */
  pinExpired: z.boolean(),
  /** In fallback: the share of starts that still tries the live build, in percent. */
  probePercent: z.number(),
  target: z.string().nullable(),
  /** In fallback: the build that failed; null if its version is unknown. */
  from: z.string().nullable(),
  /** In fallback: how many probes in a row worked, and how many must. */
  probesWorked: z.int(),
  probesNeeded: z.int(),
  /** The live build fails its starts, whether or not there is a saved build to fall back to. */
  failing: z.boolean(),
  live: z.string().nullable(),
  builds: z.array(buildViewSchema),
});
export type EngineView = z.infer<typeof engineViewSchema>;

export const changeEngineRequestSchema = z
  .strictObject({
    /** A saved build that every start loads; `null` unpins. */
    pinned: buildVersionSchema.nullable().optional(),
    probePercent: z.number().min(1).max(50).optional(),
  })
  .refine((r) => Object.keys(r).length > 0, 'name at least one of pinned, probePercent');

export const saveBuildRequestSchema = z.strictObject({
  /** The page as WhatsApp served it. */
  html: z.string().min(1).max(MAX_HTML_BYTES),
  /** WhatsApp refuses a build about two months after its release. */
  expiresAt: z.iso.datetime().optional(),
});
