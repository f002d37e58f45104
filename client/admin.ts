import type { HealthView } from '../contract/bodies/admin.ts';
import { healthViewSchema } from '../contract/bodies/admin.ts';
import type { DeadLetterFilter } from '../contract/bodies/events.ts';
import { listAudit } from '../contract/operations/audit.ts';
import { cleanUp } from '../contract/operations/capacity.ts';
import { signIn } from '../contract/operations/dashboard.ts';
import { getHealth, getHealthDetail } from '../contract/operations/health.ts';
import { listDeadLetters, listWebhookEndpoints } from '../contract/operations/webhooks.ts';
import { type Body, type Needs, perform, type Result, requestOf } from './derived.ts';
import type { WebhooksMethods } from './methods.ts';
import type { CallOptions } from './transport.ts';

type Signal = Pick<CallOptions, 'signal'>;

export type AdminClient = {
  /** With a key what was checked and found; without one the status only. Resolves also when degraded (503). */
  readonly health: () => Promise<HealthView>;
  /** Admins only. Ends what is due (`regular`) or everything that the filter matches (`emergency`); keeps accounts. */
  readonly cleanup: (request?: Body<'cleanUp'>, options?: CallOptions) => Promise<Result<'cleanUp'>>;
  /** Admins only. Administrative acts, newest first; at most `limit` (100) are looked at. */
  readonly audit: (
    filter?: {
      readonly userId?: string | undefined;
      readonly action?: string | undefined;
      readonly limit?: number;
    },
    options?: Signal,
  ) => Promise<Result<'listAudit'>>;
  /** In a browser: from now on its cookie says who calls, of a client made with `cookie: true`. Rejects with 401. */
  readonly signIn: (key: string, options?: Signal) => Promise<void>;
};

export const adminClient = (needs: Needs, hasKey: boolean): AdminClient => ({
  health: () =>
    needs.transport.json(
      { ...requestOf(hasKey ? getHealthDetail : getHealth, {}, needs), acceptedStatuses: [503] },
      healthViewSchema,
    ),
  cleanup: (request = {}, options = {}) =>
    perform(cleanUp, { body: request, options, idempotent: request.dryRun === true }, needs),
  audit: ({ userId, ...query } = {}, options = {}) =>
    perform(listAudit, { query, options: { ...options, userId } }, needs),
  signIn: (key, options = {}) => perform(signIn, { body: { key }, options }, needs),
});

export type WebhooksClient = WebhooksMethods & {
  /** Endpoints whose latest attempt failed, and until when each is paused; of one session's webhooks if it is named. */
  readonly endpoints: (
    options?: CallOptions & { readonly session?: string | undefined },
  ) => Promise<Result<'listWebhookEndpoints'>>;
  /** Admins only. Events that a webhook's policy gave up on; at most `limit` (1000) are looked at. */
  readonly dead: (
    filter?: DeadLetterFilter & { limit?: number },
    options?: Signal,
  ) => Promise<Result<'listDeadLetters'>>;
};

export const webhooksClient = (derived: WebhooksMethods, needs: Needs): WebhooksClient => ({
  ...derived,
  endpoints: ({ session, ...options } = {}) =>
    perform(listWebhookEndpoints, { query: { session }, options }, needs),
  dead: ({ limit = 1000, userId, ...filter } = {}, options = {}) =>
    perform(listDeadLetters, { query: { ...filter, limit }, options: { ...options, userId } }, needs),
});
