/** When the session has to end by itself, and for which reason. Pure; all times in ms by the control plane's clock. */
import { isLinkingStatus, isPasskeyStatus, type Status, type StopReason } from '../../contract/lifecycle.ts';
import type { WorkerDeadlines } from '../../contract/worker/protocol.ts';

export type Moments = {
  readonly phase: 'starting' | 'qr' | 'working';
  /** When the QR code was first shown; it renews itself, the wait for a scan does not. */
  readonly qrSince?: number | undefined;
  /** When the account asked for its passkey for the first time: from then on linking has that time once more. */
  readonly passkeySince?: number | undefined;
  readonly lastActivityAt?: number | undefined;
  /** The client was up once: from then on a restart of the client is not a start. */
  readonly wasUp: boolean;
};

/** The moments once the client shows this status. */
export const momentsAfter = (before: Moments, status: Status, now: number): Moments => {
  if (status === 'WORKING')
    return {
      phase: 'working',
      qrSince: undefined,
      lastActivityAt: before.lastActivityAt ?? now,
      wasUp: true,
    };
  if (!isLinkingStatus(status)) return { ...before, phase: 'starting' };
  return {
    ...before,
    phase: 'qr',
    qrSince: before.qrSince ?? now,
    ...(isPasskeyStatus(status) ? { passkeySince: before.passkeySince ?? now } : {}),
    wasUp: true,
  };
};

export type Due = { readonly at: number; readonly reason: StopReason };

/** The earliest deadline, or none. */
export const nextDeadline = (deadlines: WorkerDeadlines, moments: Moments): Due | undefined => {
  const due: Due[] = [];
  if (deadlines.maxAt !== undefined) due.push({ at: deadlines.maxAt, reason: 'max_duration' });
  if (moments.phase === 'starting' && !moments.wasUp)
    due.push({ at: deadlines.startBy, reason: 'start_timeout' });
  const linkingSince = moments.passkeySince ?? moments.qrSince;
  if (moments.phase === 'qr' && linkingSince !== undefined)
    due.push({ at: linkingSince + deadlines.qrTimeoutMs, reason: 'qr_expired' });
  if (moments.phase !== 'qr' && moments.lastActivityAt !== undefined && deadlines.idleTimeoutMs !== undefined)
    due.push({ at: moments.lastActivityAt + deadlines.idleTimeoutMs, reason: 'idle' });
  return due.sort((a, b) => a.at - b.at)[0];
};

/** How long before an idle or duration stop `session.expiring` is sent. */
export const EXPIRING_NOTICE_MS = 60_000;
export const hasNotice = (due: Due): boolean => due.reason === 'idle' || due.reason === 'max_duration';
