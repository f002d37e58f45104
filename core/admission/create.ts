import type { SessionConfigRequest } from '../../contract/bodies/session-config.ts';
import { Problem } from '../../contract/errors.ts';
import type { Deps } from '../deps.ts';
import { sessionKey } from '../items.ts';
import { findSession } from '../lifecycle/load.ts';
import { parseSession } from '../lifecycle/session.ts';
import { acceptConfig } from '../lifecycle/session-config.ts';
import type { Page } from '../store.ts';
import { admit } from './admit.ts';
import type { Idempotency } from './idempotency.ts';
import type { Admitted } from './plan.ts';
import { readSnapshot } from './room.ts';

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
  // The index at the same time: a caller waits for both.
  const [seen, first] = await Promise.all([
    readSnapshot(deps, userId),
    storedPage(deps, userId, deps.settings.storedSessionsPerUser),
  ]);
  const { bounds } = seen;
  const session = parseSession({
    ...sessionKey(userId, name),
    listUser: userId,
    listName: name,
    sessionId: deps.ids.sessionId(),
    config: acceptConfig(deps.sha256, undefined, request.config, bounds.configBytes),
    createdAt: deps.clock(),
    version: 1,
    state: 'STOPPED',
    status: 'STOPPED',
    epoch: 0,
  });
  await refuseIfManyStored(deps, userId, name, bounds.stored, first);
  const id = deps.ids.eventId();
  return admit(deps, { kind: 'create', id, userId, name, session, start, idempotency }, seen);
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
  first: Page,
): Promise<void> => {
  let stored = first.items.length;
  let { cursor } = first;
  while (cursor !== undefined && stored < limit) {
    const page: Page = await storedPage(deps, userId, limit - stored, cursor);
    stored += page.items.length;
    cursor = page.cursor;
  }
  if (stored < limit || (await findSession(deps, userId, name))) return;
  throw new Problem('too_many', `The limit of ${limit} stored sessions is reached; delete some.`, {
    scope: 'stored',
    limit,
    active: stored,
  });
};

const storedPage = (
  deps: Pick<Deps, 'store'>,
  userId: string,
  limit: number,
  cursor?: string,
): Promise<Page> =>
  deps.store.query({
    index: 'ofUser',
    partition: userId,
    limit,
    ...(cursor === undefined ? {} : { cursor }),
  });
