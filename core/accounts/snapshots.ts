/**
 * Snapshots of a session's auth state: the place in which a worker stores one, which one is the session's, and which
 * ones are removed. Every write is fenced by session and epoch.
 */
import type * as z from 'zod';
import { Problem } from '../../contract/errors.ts';
import type {
  AuthState,
  commitRequestSchema,
  uploadRequestSchema,
  uploadResponseSchema,
} from '../../contract/worker/protocol.ts';
import type { Deps } from '../deps.ts';
import { fenced, updateActiveSession } from '../lifecycle/change.ts';
import type { Session } from '../lifecycle/session.ts';
import { AUTH_PREFIX } from './storage-keys.ts';
import { allowedBytes, quotaReached } from './upload-quota.ts';

type Needs<K extends keyof Deps> = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings' | K>;

/**
 * The place for a snapshot. Each has its own key under owner, session and epoch, so that nothing is ever overwritten:
 * not by an older epoch, not by a torn upload. Throws 429 above what the epoch may store.
 */
export const beginUpload = async (
  deps: Needs<'auth'>,
  session: Session,
  request: z.infer<typeof uploadRequestSchema>,
): Promise<z.infer<typeof uploadResponseSchema>> => {
  const { bytes } = request;
  const numbered = await updateActiveSession(deps, session, (now) => {
    const limit = allowedBytes(deps, now);
    if ((now.snapshotBytes ?? 0) + bytes > limit) throw quotaReached(limit);
    return { add: { snapshots: 1, snapshotBytes: bytes } };
  });
  if (!numbered) throw fenced();
  const key = `${snapshotPrefix(session)}${numbered.session.snapshots ?? 1}-${request.sha256.slice(0, 16)}`;
  return { key, ...(await deps.auth.beginUpload(key, bytes, request.atOnce ?? false)) };
};

const snapshotPrefix = ({ sessionId, epoch }: Session): string => `${AUTH_PREFIX}${sessionId}/${epoch}/`;

/**
 * Makes an uploaded snapshot the session's auth state; the one before is kept, older ones are removed.
 *
 *   commit 1 ── (stands still) ─────────────────────────── writes?
 *     └─ its repeat is written ── commits 2 and 3 ── 1 is removed from storage
 *
 * So the number in the key decides: a snapshot is committed only while it is later than all that is settled.
 */
export const commitUpload = async (
  deps: Needs<'auth' | 'log'>,
  session: Session,
  request: z.infer<typeof commitRequestSchema>,
): Promise<void> => {
  const number = Number(/^(\d+)-/.exec(request.key.slice(snapshotPrefix(session).length))?.[1]);
  if (!request.key.startsWith(snapshotPrefix(session)) || !Number.isInteger(number)) {
    throw new Problem('malformed', 'This key does not belong to this session and epoch.');
  }
  if (number <= (session.settledSnapshot ?? 0)) return;
  const { bytes } = await deps.auth.completeUpload(request.key, request.uploadId, request.etags);
  if (bytes !== request.bytes) {
    throw new Problem('malformed', `The upload has ${bytes} bytes; ${request.bytes} were announced.`);
  }
  const { key, sha256, chromiumBuild } = request;
  const authState: AuthState = { key, sha256, bytes, chromiumBuild, savedAt: deps.clock() };
  let superseded: AuthState | undefined;
  const changed = await updateActiveSession(deps, session, (now) => {
    if (number <= (now.settledSnapshot ?? 0)) return undefined;
    superseded = now.authStatePrevious;
    return {
      set: {
        authState,
        settledSnapshot: number,
        ...(now.authState ? { authStatePrevious: now.authState } : {}),
      },
      remove: ['authStateUnusable'],
    };
  });
  if (!changed) throw fenced();
  if (superseded) await removeAuthStates(deps, [superseded.key]);
};

/** The account was unlinked by the phone: what is saved is dead, and keeping it makes every restart fail. */
export const discardAuthState = async (deps: Needs<'auth' | 'log'>, session: Session): Promise<void> => {
  let dead: string[] = [];
  const changed = await updateActiveSession(deps, session, (now) => {
    dead = authStateKeys(now);
    const { snapshots = 0, settledSnapshot = 0 } = now;
    if (dead.length === 0 && now.me === undefined && settledSnapshot === snapshots) return undefined;
    // A snapshot begun before is of the dead account, however late it is committed.
    return {
      remove: ['authState', 'authStatePrevious', 'authStateUnusable', 'me'],
      set: { settledSnapshot: snapshots },
    };
  });
  if (!changed) throw fenced();
  await removeAuthStates(deps, dead);
};

export const authStateKeys = (session: Session): string[] =>
  [session.authState, session.authStatePrevious].flatMap((state) => (state ? [state.key] : []));

/**
 * Removes objects that no item names any more. If one cannot be removed now, the bucket's lifecycle rule expires it.
 */
export const removeAuthStates = async (
  deps: Pick<Deps, 'auth' | 'log'>,
  keys: readonly string[],
): Promise<void> => {
  if (keys.length === 0) return;
  try {
    await deps.auth.remove(keys);
  } catch (error) {
    deps.log.warn('dead auth states were not removed; the lifecycle rule will', { error: String(error) });
  }
};
