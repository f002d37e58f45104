import * as z from 'zod';
import { Problem } from '../../contract/errors.ts';
import type { Deps } from '../deps.ts';
import { sessionIdKey, sessionKey } from '../items.ts';
import { parseSession, type Session } from './session.ts';

/** The session as it stands now, or undefined. */
export const findSession = async (
  deps: Pick<Deps, 'store'>,
  userId: string,
  name: string,
): Promise<Session | undefined> => {
  const item = await deps.store.get(sessionKey(userId, name));
  return item && parseSession(item);
};

/** The session, or a 404 that reads the same whether it does not exist or belongs to another user. */
export const loadSession = async (
  deps: Pick<Deps, 'store'>,
  userId: string,
  name: string,
): Promise<Session> => {
  const session = await findSession(deps, userId, name);
  if (!session) throw new Problem('not_found', `There is no session "${name}".`);
  return session;
};

const pointerSchema = z.object({ userId: z.string(), name: z.string() });

/** The session behind an opaque id, as workers and tasks name it. */
export const findSessionById = async (
  deps: Pick<Deps, 'store'>,
  sessionId: string,
): Promise<Session | undefined> => {
  const item = await deps.store.get(sessionIdKey(sessionId));
  if (!item) return undefined;
  const { userId, name } = pointerSchema.parse(item);
  const session = await findSession(deps, userId, name);
  return session?.sessionId === sessionId ? session : undefined;
};

/** The sessions behind opaque ids, by id, in two reads for each hundred of them. */
export const findSessionsById = async (
  deps: Pick<Deps, 'store'>,
  sessionIds: readonly string[],
): Promise<ReadonlyMap<string, Session>> => {
  const pointers = await deps.store.getMany([...new Set(sessionIds)].map(sessionIdKey));
  const found = await deps.store.getMany(
    pointers.map((item) => {
      const { userId, name } = pointerSchema.parse(item);
      return sessionKey(userId, name);
    }),
  );
  const wanted = new Set(sessionIds);
  const sessions = found.map(parseSession).filter(({ sessionId }) => wanted.has(sessionId));
  return new Map(sessions.map((session) => [session.sessionId, session]));
};
