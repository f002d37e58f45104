import * as z from 'zod';
import type { Deps } from '../deps.ts';
import { idempotencyKey, TTL_ATTRIBUTE } from '../items.ts';
import { absent, type Write } from '../store.ts';

const KEEP_SECONDS = 24 * 3600;

/** The caller's key, and a hash of the request that it belongs to. */
export type Idempotency = { readonly key: string; readonly requestHash: string };

const recordSchema = z.object({ requestHash: z.string(), sessionId: z.string() });
export type IdempotencyRecord = Readonly<z.infer<typeof recordSchema>>;

/** Written in the transaction of what it protects: record and effect exist together or not at all. */
export const idempotencyWrites = (
  deps: Pick<Deps, 'clock'>,
  userId: string,
  sessionId: string,
  idempotency: Idempotency | undefined,
): Write[] => {
  if (!idempotency) return [];
  const key = idempotencyKey(userId, idempotency.key);
  const expireAt = Math.floor(deps.clock() / 1000) + KEEP_SECONDS;
  return [
    {
      kind: 'put',
      key,
      item: { ...key, requestHash: idempotency.requestHash, sessionId, [TTL_ATTRIBUTE]: expireAt },
      condition: absent('pk'),
    },
  ];
};

/** The result of an earlier request with this key; undefined: there was none. */
export const readRecord = async (
  deps: Pick<Deps, 'store'>,
  userId: string,
  { key }: Idempotency,
): Promise<IdempotencyRecord | undefined> => {
  const item = await deps.store.get(idempotencyKey(userId, key));
  return item && recordSchema.parse(item);
};
