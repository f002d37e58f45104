/**
 * The endpoints of a user's webhooks that fail: one item for each, removed by a success. Sessions and webhooks with
 * the same URL share it. A URL's query and login may be secrets: they are neither part of the name nor kept.
 */
import * as z from 'zod';
import type { EndpointView } from '../../contract/bodies/events.ts';
import type { Webhook } from '../../contract/bodies/session-config.ts';
import type { Deps } from '../deps.ts';
import { endpointKey, endpointsPartition, TTL_ATTRIBUTE } from '../items.ts';
import { queryAll } from '../query-all.ts';
import { absent, eq } from '../store.ts';
import { afterFailure, type Breaker, decide, stateOf } from './breaker.ts';
import type { PostResult } from './delivery.ts';

/** An endpoint that nothing was sent to for so long is forgotten. */
const KEEP_SECONDS = 24 * 3600;

const recordSchema = z.object({
  url: z.string(),
  failures: z.int(),
  step: z.int(),
  openUntil: z.int(),
  probeUntil: z.int(),
  since: z.int(),
  failedAt: z.int(),
  error: z.string(),
  version: z.int(),
});
type EndpointRecord = z.infer<typeof recordSchema>;

/** The URL without login, query and fragment. */
const endpointUrl = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
};

const keyOf = (deps: Pick<Deps, 'sha256'>, userId: string, webhook: Pick<Webhook, 'url'>) =>
  endpointKey(userId, deps.sha256(endpointUrl(webhook.url)).slice(0, 16));

type Whose = { readonly userId: string; readonly webhook: Webhook };

const read = async (
  deps: Pick<Deps, 'store' | 'sha256'>,
  { userId, webhook }: Whose,
): Promise<EndpointRecord | undefined> => {
  const item = await deps.store.get(keyOf(deps, userId, webhook));
  return item && recordSchema.parse(item);
};

/** False: another deliverer changed it in between. */
const write = async (
  deps: Pick<Deps, 'store' | 'sha256' | 'clock'>,
  whose: Whose,
  before: EndpointRecord | undefined,
  record: Omit<EndpointRecord, 'version'>,
): Promise<boolean> => {
  const key = keyOf(deps, whose.userId, whose.webhook);
  const { ok } = await deps.store.write({
    kind: 'put',
    key,
    item: {
      ...key,
      ...record,
      version: (before?.version ?? 0) + 1,
      [TTL_ATTRIBUTE]: Math.ceil(Math.max(record.failedAt, record.openUntil) / 1000) + KEEP_SECONDS,
    },
    condition: before ? eq('version', before.version) : absent('version'),
  });
  return ok;
};

/**
 * Whether a delivery may be attempted now. `known`: the endpoint has failed before, so a success has something to
 * remove. `claim`: the attempt is a probe, and may be made only if the claim succeeds.
 */
type Permission =
  | { readonly kind: 'go'; readonly known: boolean; readonly claim?: () => Promise<boolean> }
  | { readonly kind: 'wait'; readonly ms: number };

/** Of the deliveries that come when a pause has ended, one gets to probe. */
export const askEndpoint = async (
  deps: Pick<Deps, 'store' | 'sha256' | 'clock' | 'ids'>,
  whose: Whose,
): Promise<Permission> => {
  const record = await read(deps, whose);
  const decision = decide(record, deps.clock(), deps.ids.random());
  if (decision.kind === 'wait') return decision;
  return {
    kind: 'go',
    known: record !== undefined,
    ...(decision.kind === 'probe' && record
      ? { claim: () => write(deps, whose, record, { ...record, ...decision.next }) }
      : {}),
  };
};

/** Two deliverers that fail at the same moment both count. */
const WRITE_ATTEMPTS = 4;

/**
 * Notes how an attempt ended. An endpoint that refuses an event permanently (400, 410 …) works; one that may not be called
 * was not reached. A failure to note is logged, and the delivery stands.
 */
export const noteEndpoint = async (
  deps: Pick<Deps, 'store' | 'sha256' | 'clock' | 'log'>,
  whose: Whose,
  attempt: { readonly probe: boolean; readonly known: boolean; readonly result: PostResult },
): Promise<void> => {
  const { probe, known, result } = attempt;
  const works = result.ok || (result.permanent && result.status !== undefined);
  try {
    if (works) {
      if (known) await deps.store.write({ kind: 'delete', key: keyOf(deps, whose.userId, whose.webhook) });
      return;
    }
    if (result.permanent) return;
    for (let n = 0; n < WRITE_ATTEMPTS; n++) {
      const before = await read(deps, whose);
      const now = deps.clock();
      const next: Breaker = afterFailure(before, now, {
        probe,
        retryAfterMs: (result.retryAfterSeconds ?? 0) * 1000,
      });
      const noted = await write(deps, whose, before, {
        ...next,
        url: endpointUrl(whose.webhook.url),
        since: before?.since ?? now,
        failedAt: now,
        error: result.detail,
      });
      if (!noted) continue;
      if (next.step > (before?.step ?? 0))
        deps.log.warn('a webhook endpoint is paused', {
          userId: whose.userId,
          host: new URL(whose.webhook.url).host,
          failures: next.failures,
          until: new Date(next.openUntil).toISOString(),
        });
      return;
    }
  } catch (error) {
    deps.log.warn('the state of a webhook endpoint was not noted', { error: String(error) });
  }
};

/** A user's endpoints whose latest attempt failed, those that fail the longest first. */
export const listEndpoints = async (
  deps: Pick<Deps, 'store' | 'clock' | 'sha256'>,
  userId: string,
  webhooks?: readonly Webhook[],
): Promise<EndpointView[]> => {
  const only = webhooks && new Set(webhooks.map((webhook) => keyOf(deps, userId, webhook).sk));
  const items = await queryAll(deps, { partition: endpointsPartition(userId) });
  const now = deps.clock();
  return items
    .filter(({ sk }) => only === undefined || only.has(String(sk)))
    .map((item) => recordSchema.parse(item))
    .sort((a, b) => a.since - b.since)
    .map((record) => ({
      userId,
      url: record.url,
      state: stateOf(record, now),
      failures: record.failures,
      failingSince: new Date(record.since).toISOString(),
      failedAt: new Date(record.failedAt).toISOString(),
      error: record.error,
      nextProbeAt: record.step === 0 ? null : new Date(record.openUntil).toISOString(),
    }));
};
