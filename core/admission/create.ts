import type { SessionConfigRequest } from '../../contract/bodies/session-config.ts';
import { Problem } from '../../contract/errors.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { sessionIdKey, sessionKey } from '../items.ts';
import { type Admitted, commit } from '../lifecycle/commit.ts';
import { findSession } from '../lifecycle/load.ts';
import { parseSession, type Session } from '../lifecycle/session.ts';
import { acceptConfig } from '../lifecycle/session-config.ts';
import { absent, type Write } from '../store.ts';
import { admit } from './admit.ts';
import { type Idempotency, idempotencyWrites, replay } from './idempotency.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings' | 'metrics'>;

/** Creates a session; with `start`, admits it in the same transaction. Throws 400, 422 (exists), 429 (limit) or 503. */
export const createSession = async (
  deps: Needs,
  request: {
    readonly userId: string;
    readonly name: string;
    readonly config: SessionConfigRequest;
    readonly start: boolean;
    readonly idempotency?: Idempotency;
  },
): Promise<Admitted> => {
  const { userId, name, idempotency } = request;
  const sessionId = deps.ids.sessionId();
  const key = sessionKey(userId, name);
  const blank = parseSession({
    ...key,
    listUser: userId,
    listName: name,
    sessionId,
    config: acceptConfig(deps.sha256, undefined, request.config),
    createdAt: deps.clock(),
    version: 1,
    state: 'STOPPED',
    status: 'STOPPED',
    epoch: 0,
  });

  const extra: Write[] = [
    {
      kind: 'put',
      key: sessionIdKey(sessionId),
      item: { ...sessionIdKey(sessionId), userId, name },
      condition: absent('pk'),
    },
    ...idempotencyWrites(deps, userId, sessionId, idempotency),
  ];
  await refuseIfManyStored(deps, userId, name);
  const isThisAdmission = (found: Session | undefined) => found?.sessionId === sessionId;
  /** What an earlier request with the same key was answered; throws where the name or the key is another's. */
  const earlier = async (): Promise<Admitted | undefined> => {
    const stored = idempotency && (await replay(deps, userId, idempotency));
    const found = await findSession(deps, userId, name);
    if (stored && found?.sessionId === stored.sessionId) return { session: found, admitted: false };
    if (found)
      throw new Problem('unprocessable', `A session "${name}" exists already.`, { state: found.state });
    if (stored) throw new Problem('conflict', 'The session of this idempotency key has been deleted.');
    return undefined;
  };
  const refusedBy = async (): Promise<Admitted> => {
    const answer = await earlier();
    if (answer) return answer;
    throw new Problem('conflict', 'The session changed concurrently; try again.');
  };

  if (!request.start) {
    const put: Write = { kind: 'put', key, item: toItem(blank), condition: absent('pk') };
    return commit(deps, () => ({ writes: [put, ...extra], session: blank }), isThisAdmission, refusedBy);
  }
  try {
    return await admit(
      deps,
      blank,
      (session) => [{ kind: 'put', key, item: toItem(session), condition: absent('pk') }, ...extra],
      isThisAdmission,
      refusedBy,
    );
  } catch (error) {
    // The limit may have been reached by the very session that this request made the first time.
    const answer = error instanceof Problem && error.code === 'too_many' && (await earlier());
    if (answer) return answer;
    throw error;
  }
};

/**
 * Refuses one session more than a user may store. The index lags behind by moments, so creations at the same time may
 * pass together; a session that exists is not refused here: the request may be a repeat.
 */
const refuseIfManyStored = async (
  deps: Pick<Deps, 'store' | 'settings'>,
  userId: string,
  name: string,
): Promise<void> => {
  const limit = deps.settings.storedSessionsPerUser;
  let stored = 0;
  let cursor: string | undefined;
  do {
    const page = await deps.store.query({
      index: 'byUser',
      partition: userId,
      limit: limit - stored,
      ...(cursor === undefined ? {} : { cursor }),
    });
    stored += page.items.length;
    cursor = page.cursor;
  } while (cursor !== undefined && stored < limit);
  if (stored < limit || (await findSession(deps, userId, name))) return;
  throw new Problem('too_many', `The limit of ${limit} stored sessions is reached; delete some.`, {
    scope: 'stored',
    limit,
    active: stored,
  });
};
