import * as z from 'zod';
import type { StandbyDepth } from '../contract/bodies/standby.ts';
import { workerEnvironmentSchema } from '../contract/worker/protocol.ts';
import { browserSettingsSchema } from './browser/settings.ts';

/** The values that the control plane sets, and the worker's own settings, each with a default that fits a task. */
const environmentSchema = workerEnvironmentSchema.extend({
  ...browserSettingsSchema.shape,
  /** Memory of the browser's whole tree above which the client is restarted, with its state saved. MiB. */
  BERTH_MEMORY_LIMIT_MB: z.coerce.number().positive().default(1500),
  /** Limit of each stage of a start (launch, load, sync). Seconds. */
  BERTH_STAGE_SECONDS: z.coerce.number().positive().default(60),
  /** Times that a failed client is started again before the session ends as crashed; long steady work renews them. */
  BERTH_MAX_RESTARTS: z.coerce.number().int().min(0).default(5),
  /** How long a pairing code is good, after which the page gives another one. Seconds; WhatsApp Web's are three minutes. */
  BERTH_PAIRING_CODE_SECONDS: z.coerce.number().positive().default(180),
  /** Set by ECS: the address from which a task reads its own address. */
  ECS_CONTAINER_METADATA_URI_V4: z.url().optional(),
  /** Set by ECS on the operator's own hosts: the file with the host's address and port. */
  ECS_CONTAINER_METADATA_FILE: z.string().optional(),
});
export type ContainerEnvironment = z.infer<typeof environmentSchema>;

/** The purpose for which the task was launched. */
export type Purpose =
  | {
      readonly kind: 'session';
      readonly sessionId: string;
      readonly epoch: number;
      readonly bootstrapToken: string;
    }
  | {
      readonly kind: 'standby';
      readonly id: string;
      readonly token: string;
      readonly depth: StandbyDepth;
    };

const purposeOf = (environment: ContainerEnvironment): Purpose | undefined => {
  const {
    BERTH_SESSION_ID: sessionId,
    BERTH_EPOCH: epoch,
    BERTH_BOOTSTRAP_TOKEN: bootstrapToken,
  } = environment;
  const { BERTH_STANDBY_ID: id, BERTH_STANDBY_TOKEN: token, BERTH_STANDBY_DEPTH: depth } = environment;
  if (sessionId !== undefined && epoch !== undefined && bootstrapToken !== undefined)
    return { kind: 'session', sessionId, epoch, bootstrapToken };
  return id === undefined || token === undefined ? undefined : { kind: 'standby', id, token, depth };
};

/** The environment, or one sentence for each variable that is wrong. Values are never repeated: some are secret. */
export const parseEnvironment = (
  variables: Readonly<Record<string, string | undefined>>,
): { readonly ok: ContainerEnvironment; readonly purpose: Purpose } | { readonly wrong: string[] } => {
  const parsed = environmentSchema.safeParse(variables);
  const wrong = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  const purpose = parsed.success ? purposeOf(parsed.data) : undefined;
  if (parsed.success && purpose) return { ok: parsed.data, purpose };
  return {
    wrong: [
      ...wrong,
      ...(variables.BERTH_STANDBY_ID === undefined
        ? missing(variables, OF_SESSION)
        : missing(variables, OF_STANDBY)),
    ],
  };
};

const OF_SESSION = ['BERTH_SESSION_ID', 'BERTH_EPOCH', 'BERTH_BOOTSTRAP_TOKEN'] as const;
const OF_STANDBY = ['BERTH_STANDBY_ID', 'BERTH_STANDBY_TOKEN'] as const;

const missing = (
  variables: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): string[] => names.filter((name) => variables[name] === undefined).map((name) => `${name}: is missing`);
