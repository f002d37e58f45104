import * as z from 'zod';
import { isLocale } from '../contract/locale.ts';
import { workerEnvironmentSchema } from '../contract/worker/protocol.ts';

const switches = z.string().transform((text, context) => {
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a JSON array of strings' });
    return z.NEVER;
  }
});

/** What the control plane sets, and the worker's own settings, each with a default that fits a task. */
export const environmentSchema = workerEnvironmentSchema.extend({
  BERTH_BROWSER_ARGS: switches.prefault('[]'),
  /** Where the browser from npm is unpacked once for all workers of a machine; without it, the user's cache folder. */
  BERTH_BROWSER_DIR: z.string().optional(),
  /** Memory of the browser's whole tree above which the client is restarted, with its state saved. MiB. */
  BERTH_MEMORY_LIMIT_MB: z.coerce.number().positive().default(1500),
  /** Limit of each stage of a start (launch, load, sync). Seconds. */
  BERTH_STAGE_SECONDS: z.coerce.number().positive().default(60),
  /** Times that a failed client is started anew before the session ends as crashed; long steady work renews them. */
  BERTH_MAX_RESTARTS: z.coerce.number().int().min(0).default(5),
  /** The browser's language (BCP 47) of sessions that set none; without it, that of LANG, else en-US. */
  BERTH_LOCALE: z.string().refine(isLocale, 'must be a language tag such as en-US').optional(),
  /** How long a pairing code is good, after which the page gives another one. Seconds; WhatsApp Web's are three minutes. */
  BERTH_PAIRING_CODE_SECONDS: z.coerce.number().positive().default(180),
  /** Set by ECS: where a task reads its own address. */
  ECS_CONTAINER_METADATA_URI_V4: z.url().optional(),
});
export type ContainerEnvironment = z.infer<typeof environmentSchema>;

/** The environment, or one sentence for each variable that is wrong. Values are never repeated: some are secret. */
export const parseEnvironment = (
  variables: Readonly<Record<string, string | undefined>>,
): { readonly ok: ContainerEnvironment } | { readonly wrong: string[] } => {
  const parsed = environmentSchema.safeParse(variables);
  if (parsed.success) return { ok: parsed.data };
  return { wrong: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) };
};
