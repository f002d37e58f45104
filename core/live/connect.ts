/** A client connects: who it is, what it may follow, and from where. */
import * as z from 'zod';
import { ALL_USERS, type LiveQuery, TICKET_SECONDS } from '../../contract/bodies/live.ts';
import { Problem } from '../../contract/errors.ts';
import { type ApiKey, apiKeyById } from '../access/keys.ts';
import type { Deps } from '../deps.ts';
import { TTL_ATTRIBUTE, ticketKey } from '../items.ts';
import { findSession } from '../lifecycle/load.ts';
import type { EventQueue } from '../ports.ts';
import { exists } from '../store.ts';
import { type Connection, connectionsOf, putConnection, removeConnection } from './connections.ts';
import { type Holder, mayBeSentSome, mayFollow } from './rights.ts';
import { watchTopic } from './topics.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'ids' | 'sha256'>;

/** The topic that `userId` names: the caller's own without it. */
export const topicOf = ({ userId: own }: Pick<Holder, 'userId'>, userId: string | undefined): string =>
  userId ?? own;

const refuseTopic = (topic: string): Problem =>
  new Problem(
    'forbidden',
    topic === ALL_USERS
      ? 'Only an admin key can follow all users.'
      : 'Only an admin key can follow another user.',
  );

/**
 * A ticket for one connect, in place of the key: a page has none, and a URL is the wrong place for one. From now on the
 * topic is watched, so a client that connects with the cursor misses nothing. Throws 403.
 */
export const createTicket = async (
  deps: Needs,
  holder: Holder & { readonly keyId: string },
  userId: string | undefined,
): Promise<{ readonly ticket: string; readonly expiresAt: number; readonly cursor: string }> => {
  const topic = topicOf(holder, userId);
  if (!mayFollow(holder, topic)) throw refuseTopic(topic);
  const last = await watchTopic(deps, topic);
  const ticket = deps.ids.secret();
  const key = ticketKey(deps.sha256(ticket));
  const expiresAt = deps.clock() + TICKET_SECONDS * 1000;
  await deps.store.write({
    kind: 'put',
    key,
    item: { ...key, keyId: holder.keyId, expiresAt, [TTL_ATTRIBUTE]: Math.ceil(expiresAt / 1000) },
  });
  return { ticket, expiresAt, cursor: String(last) };
};

const ticketItemSchema = z.object({ keyId: z.string(), expiresAt: z.int() });

/** The key that a ticket belongs to. The ticket is used up: of two connects with the same one, one gets undefined. */
export const redeemTicket = async (
  deps: Pick<Deps, 'store' | 'clock' | 'sha256'>,
  ticket: string,
): Promise<ApiKey | undefined> => {
  const key = ticketKey(deps.sha256(ticket));
  const item = await deps.store.get(key);
  if (!item) return undefined;
  const { keyId, expiresAt } = ticketItemSchema.parse(item);
  const { ok } = await deps.store.write({ kind: 'delete', key, condition: exists('pk') });
  return ok && expiresAt > deps.clock() ? apiKeyById(deps, keyId) : undefined;
};

/**
 * Keeps the connection of a client, which gets what happens from now on, or what happened after `after`.
 *
 * @throws Problem 400 for a cursor that was never given out, 403 for a topic or events that the key may not see, 404
 * for a session that it does not have, 429 with the scope `connections`
 */
export const connect = async (
  deps: Needs & Pick<Deps, 'settings'> & { readonly events: Pick<EventQueue, 'wake'> },
  id: string,
  holder: Holder & { readonly keyId: string },
  { session: sessions, events, after, userId }: LiveQuery,
): Promise<void> => {
  const topic = topicOf(holder, userId);
  if (!mayFollow(holder, topic)) throw refuseTopic(topic);
  if (!mayBeSentSome(holder, events))
    throw new Problem('forbidden', 'This key lacks the scope of these events.');
  await requireSessions(deps, holder, topic, sessions);
  const last = await watchTopic(deps, topic);
  if (after !== undefined && Number(after) > last + LATE_NUMBERS)
    throw new Problem('malformed', 'after: is not a cursor of this stream', {
      errors: [{ path: 'after', message: 'is not a cursor of this stream' }],
    });
  const { userId: owner, keyId } = holder;
  const position = after === undefined ? last : Number(after);
  const connection = await putConnection(deps, {
    id,
    topic,
    userId: owner,
    keyId,
    sessions,
    events,
    position,
  });
  try {
    await requireRoom(deps, connection);
    // It is served once it is open, which the gateway does after this function's response.
    if (after !== undefined) await deps.events.wake(topic, id);
  } catch (error) {
    // One that is refused must not count among those of its user.
    await removeConnection(deps, connection).catch(() => {});
    throw error;
  }
};

/** The number in the topic's item may be behind what is being written just now. */
const LATE_NUMBERS = 1000;

const requireSessions = async (
  deps: Pick<Deps, 'store'>,
  holder: Holder,
  topic: string,
  sessions: readonly string[],
): Promise<void> => {
  const named = sessions.filter((name) => name !== '*');
  if (named.length === 0) return;
  if (topic === ALL_USERS)
    throw new Problem('malformed', 'session: names a session of one user; name the user as well', {
      errors: [{ path: 'session', message: 'names a session of one user; name the user as well' }],
    });
  const known = await Promise.all(
    named.map(async (name) =>
      (holder.sessions?.includes(name) ?? true) ? await findSession(deps, topic, name) : undefined,
    ),
  );
  const missing = named.find((_, i) => known[i] === undefined);
  if (missing !== undefined) throw new Problem('not_found', `There is no session "${missing}".`);
};

/** Of several at the same moment each sees the others, and those that rank first stay. */
const requireRoom = async (deps: Needs & Pick<Deps, 'settings'>, connection: Connection): Promise<void> => {
  const limit = deps.settings.connectionsPerUser;
  const open = (await connectionsOf(deps, connection.topic))
    .filter(({ userId }) => userId === connection.userId)
    .sort((a, b) => a.connectedAt - b.connectedAt || (a.id < b.id ? -1 : 1));
  if (open.findIndex(({ id }) => id === connection.id) < limit) return;
  throw new Problem('too_many', `${limit} connections of this user are open already; close one of them.`, {
    scope: 'connections',
    limit,
    active: limit,
    retryAfterSeconds: 10,
  });
};
