/**
 * The bytes that a session may store in one epoch: account snapshots and received files, each within a size that
 * grows with the time that the epoch has run. A compromised worker stores no more than that, and no other session is
 * concerned.
 */
import { Problem } from '../../contract/errors.ts';
import type { Deps } from '../deps.ts';
import { uploadQuotaKey } from '../items.ts';
import type { Session } from '../lifecycle/session.ts';
import { absent, le, or } from '../store.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
/** At the begin of an epoch as much as later in so many hours: a chat history arrives with all its files. */
const HOURS_AT_ONCE = 2;

/** Bytes that the epoch may have stored by now, of each kind. */
export const allowedBytes = (
  { clock, settings }: Pick<Deps, 'clock' | 'settings'>,
  { startedAt = clock() }: Pick<Session, 'startedAt'>,
): number =>
  Math.floor(settings.uploadMiBPerHour * MIB * (HOURS_AT_ONCE + Math.max(0, clock() - startedAt) / HOUR_MS));

export const quotaReached = (limit: number): Problem =>
  new Problem(
    'too_many',
    'The session has stored what it may in the time that it has run; try again later.',
    {
      scope: 'uploads',
      limit,
      retryAfterSeconds: 600,
    },
  );

/** Counts a received file before its upload is signed. Throws 429 with the scope `uploads`. */
export const countFile = async (
  deps: Pick<Deps, 'store' | 'clock' | 'settings'>,
  session: Pick<Session, 'sessionId' | 'epoch' | 'startedAt'>,
  bytes: number,
): Promise<void> => {
  const limit = allowedBytes(deps, session);
  const { ok } = await deps.store.write({
    kind: 'update',
    key: uploadQuotaKey(session.sessionId, session.epoch),
    condition: or(absent('bytes'), le('bytes', limit - bytes)),
    add: { bytes },
  });
  if (!ok) throw quotaReached(limit);
};
