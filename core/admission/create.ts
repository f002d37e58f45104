import type { SessionConfigRequest } from '../../contract/bodies/session-config.ts';
import { Problem } from '../../contract/errors.ts';
import { readBounds } from '../access/bounds.ts';
import type { Deps } from '../deps.ts';
import { sessionKey } from '../items.ts';
import { findSession } from '../lifecycle/load.ts';
import { parseSession } from '../lifecycle/session.ts';
import { acceptConfig } from '../lifecycle/session-config.ts';
import { admit } from './admit.ts';
import type { Idempotency } from './idempotency.ts';
import type { Admitted } from './plan.ts';

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
  const { userId, name, start, idempotency } = request;
  const { inForce } = await readBounds(deps, userId);
  const session = parseSession({
    ...sessionKey(userId, name),
    listUser: userId,
    listName: name,
    sessionId: deps.ids.sessionId(),
    config: acceptConfig(deps.sha256, undefined, request.config, inForce.configBytes),
    createdAt: deps.clock(),
    version: 1,
    state: 'STOPPED',
    status: 'STOPPED',
    epoch: 0,
  });
  await refuseIfManyStored(deps, userId, name, inForce.stored);
  return admit(deps, { kind: 'create', id: deps.ids.eventId(), userId, name, session, start, idempotency });
};

/**
 * Refuses one session more than a user may store. The index lags behind by moments, so creations at the same time may
 * pass together; a session that exists is not refused here: the request may be a repeat.
 */
const refuseIfManyStored = async (
  deps: Pick<Deps, 'store'>,
  userId: string,
  name: string,
  limit: number,
): Promise<void> => {
  let stored = 0;
  let cursor: string | undefined;
  do {
    const page = await deps.store.query({
      index: 'ofUser',
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
