import * as z from 'zod';
import {
  type CleanupReport,
  type changeLimitsRequestSchema,
  cleanupReportSchema,
  type cleanupRequestSchema,
  createdKeySchema,
  type createKeyRequestSchema,
  type DrainReport,
  drainReportSchema,
  type drainRequestSchema,
  type HealthView,
  healthViewSchema,
  type KeyView,
  keyViewSchema,
  type LimitsView,
  limitsViewSchema,
  type StatsView,
  statsViewSchema,
} from '../contract/bodies/admin.ts';
import type { CallOptions } from './sessions.ts';
import { path, type Transport } from './transport.ts';

export type CreatedKey = z.infer<typeof createdKeySchema>;

export type AdminClient = {
  /** `{message: 'pong'}` from an API that is up; needs no key. */
  readonly ping: () => Promise<{ message: string }>;
  /** With a key what was checked and found; without one the status only. Resolves also when degraded (503). */
  readonly health: () => Promise<HealthView>;
  readonly stats: (options?: CallOptions) => Promise<StatsView>;
  readonly limits: {
    /** The global limit, the default, and those of the caller or of `userId`. */
    readonly get: (options?: CallOptions) => Promise<LimitsView>;
    /** Admins only. Lowering one blocks new admissions and stops nobody. */
    readonly set: (
      change: z.input<typeof changeLimitsRequestSchema>,
      options?: CallOptions,
    ) => Promise<LimitsView>;
  };
  /** Admins only. Ends what is due (`regular`) or everything that the filter matches (`emergency`); keeps accounts. */
  readonly cleanup: (
    request?: z.input<typeof cleanupRequestSchema>,
    options?: CallOptions,
  ) => Promise<CleanupReport>;
  /**
   * Admins only. Lets nothing start and asks sessions to end, some with each call: repeat it until it answers `drained`.
   * Keeps accounts.
   */
  readonly drain: (
    request?: z.input<typeof drainRequestSchema>,
    options?: CallOptions,
  ) => Promise<DrainReport>;
  /** Admins only. */
  readonly keys: {
    readonly list: (options?: CallOptions) => Promise<KeyView[]>;
    /** The answer's `key` is shown this once. */
    readonly create: (
      request: z.input<typeof createKeyRequestSchema>,
      options?: CallOptions,
    ) => Promise<CreatedKey>;
    /** Revokes it. */
    readonly delete: (id: string, options?: CallOptions) => Promise<void>;
  };
};

export const adminClient = (transport: Transport, hasKey: boolean): AdminClient => {
  const to = (options: CallOptions = {}) => ({
    query: { userId: options.userId },
    signal: options.signal,
  });

  return {
    ping: () =>
      transport.json({ method: 'GET', path: '/ping', idempotent: true }, z.object({ message: z.string() })),
    health: () =>
      transport.json(
        { method: 'GET', path: hasKey ? '/api/health' : '/health', idempotent: true, answers: [503] },
        healthViewSchema,
      ),
    stats: (options) =>
      transport.json(
        { ...to(options), method: 'GET', path: '/api/stats', idempotent: true },
        statsViewSchema,
      ),
    limits: {
      get: (options) =>
        transport.json(
          { ...to(options), method: 'GET', path: '/api/limits', idempotent: true },
          limitsViewSchema,
        ),
      set: (change, options) =>
        transport.json(
          { ...to(options), method: 'PUT', path: '/api/limits', body: change, idempotent: true },
          limitsViewSchema,
        ),
    },
    cleanup: (request = {}, options) =>
      transport.json(
        {
          ...to(options),
          method: 'POST',
          path: '/api/cleanup',
          body: request,
          idempotent: request.dryRun === true,
        },
        cleanupReportSchema,
      ),
    drain: (request = {}, options) =>
      transport.json(
        { ...to(options), method: 'POST', path: '/api/drain', body: request, idempotent: true },
        drainReportSchema,
      ),
    keys: {
      list: (options) =>
        transport.json(
          { ...to(options), method: 'GET', path: '/api/keys', idempotent: true },
          z.array(keyViewSchema),
        ),
      create: (request, options) =>
        transport.json(
          { ...to(options), method: 'POST', path: '/api/keys', body: request, idempotent: false },
          createdKeySchema,
        ),
      delete: async (id, options) => {
        await transport.bytes({
          ...to(options),
          method: 'DELETE',
          path: path`/api/keys/${id}`,
          idempotent: true,
        });
      },
    },
  };
};
