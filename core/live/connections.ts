/** Open connections: what each asked for, and how far it was sent to. */
import * as z from 'zod';
import { LIVE_LIMITS } from '../../contract/bodies/live.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { connectionKey, connectionsPartition, TTL_ATTRIBUTE } from '../items.ts';
import { queryAll } from '../query-all.ts';
import { exists } from '../store.ts';
import { stopWatching } from './topics.ts';

const connectionSchema = z.object({
  id: z.string(),
  topic: z.string(),
  /** Of the key that connected. */
  userId: z.string(),
  keyId: z.string(),
  sessions: z.array(z.string()),
  events: z.array(z.string()),
  /** The number of the last entry that was sent or not wanted. */
  position: z.int(),
  connectedAt: z.int(),
  expiresAt: z.int(),
});
export type Connection = Readonly<z.infer<typeof connectionSchema>>;

type Needs = Pick<Deps, 'store' | 'clock'>;

/** After the longest duration the gateway has closed it, whether or not it said so. */
const SLACK_MS = 5 * 60_000;

/** Keeps a connection that begins now. */
export const putConnection = async (
  deps: Needs,
  connection: Omit<Connection, 'connectedAt' | 'expiresAt'>,
): Promise<Connection> => {
  const connectedAt = deps.clock();
  const expiresAt = connectedAt + LIVE_LIMITS.durationMs + SLACK_MS;
  const kept = { ...connection, connectedAt, expiresAt };
  const key = connectionKey(connection.topic, connection.id);
  await deps.store.write({
    kind: 'put',
    key,
    item: toItem({ ...key, ...kept, [TTL_ATTRIBUTE]: Math.ceil(expiresAt / 1000) }),
  });
  return kept;
};

/** The connections of a topic that have not expired. */
export const connectionsOf = async (deps: Needs, topic: string): Promise<Connection[]> => {
  const items = await queryAll(deps, { partition: connectionsPartition(topic) });
  const now = deps.clock();
  return items.map((item) => connectionSchema.parse(item)).filter(({ expiresAt }) => expiresAt > now);
};

/** Notes how far a connection was sent to; one that was removed meanwhile stays removed. */
export const movePosition = async (
  deps: Pick<Deps, 'store'>,
  { topic, id }: Connection,
  position: number,
): Promise<void> => {
  await deps.store.write({
    kind: 'update',
    key: connectionKey(topic, id),
    set: { position },
    condition: exists('pk'),
  });
};

/** Removes a connection that ended; a repeat is success. */
export const removeConnection = async (
  deps: Needs,
  { topic, id }: Pick<Connection, 'topic' | 'id'>,
): Promise<void> => {
  await deps.store.write({ kind: 'delete', key: connectionKey(topic, id) });
  if ((await connectionsOf(deps, topic)).length === 0) await stopWatching(deps, topic);
};
