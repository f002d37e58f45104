/** How a worker's report changes its session. Nothing here reads or writes. */
import type * as z from 'zod';
import { isLinkingStatus, isPasskeyStatus, type Status } from '../../contract/lifecycle.ts';
import type { reportRequestSchema } from '../../contract/worker/protocol.ts';
import { toItem } from '../apply.ts';
import type { Change, Item } from '../store.ts';
import { isRestart } from './restart.ts';
import type { Session } from './session.ts';
import { withReported } from './start-steps.ts';
import { statusAttributes } from './statuses.ts';

export type ReportRequest = z.infer<typeof reportRequestSchema>;

/** Another status, or the same one with other data: another QR code, a challenge in place of one that has expired. */
export const isNews = (before: Session, after: Session): boolean =>
  after.status !== before.status ||
  (after.status === 'SCAN_QR_CODE' && (after.qrCodes ?? 0) > (before.qrCodes ?? 0)) ||
  (after.statusDataHash !== undefined && after.statusDataHash !== before.statusDataHash);

/** While the state says how a session ends, only the end itself changes its status. */
const REPORTABLE: readonly Status[] = [
  'STARTING',
  'SCAN_QR_CODE',
  'PASSKEY_REQUIRED',
  'PASSKEY_CONFIRMATION_REQUIRED',
  'WORKING',
];

const QR_REASONS: Readonly<Record<string, string>> = {
  auth_state_corrupt: 'The saved account could not be restored; link it again.',
  auth_state_foreign:
    'The saved account was created by another browser build and could not be restored; link it again.',
  revoked: 'The phone unlinked this session while it was stopped; link the account again.',
  logged_out: 'The phone logged this session out; link the account again.',
};

const PASSKEY_DETAILS: Partial<Record<Status, string>> = {
  PASSKEY_REQUIRED: 'WhatsApp asks for the passkey of this account: sign its challenge to continue.',
  PASSKEY_CONFIRMATION_REQUIRED:
    'WhatsApp shows a code: compare it with the one on the phone, then confirm it.',
};

/** The worker found every saved state corrupt. A fault of storage is no such finding. */
const isUnusable = (now: Session, { qrReason }: ReportRequest): boolean =>
  qrReason === 'auth_state_corrupt' && now.authState !== undefined;

/** No person is present to link a session that restarted by itself: it ends, with the reason. */
const refusedLinking = (clock: number, now: Session, request: ReportRequest): Change => ({
  set: {
    lastReportSeq: request.seq,
    lastHeartbeatAt: clock,
    ...(isUnusable(now, request) ? { authStateUnusable: true } : {}),
    ...(now.state === 'STOPPING'
      ? {}
      : {
          state: 'STOPPING',
          stoppingAt: clock,
          stopReason: 'crashed',
          detail:
            'WhatsApp Web asked for a code after a restart. Start the session to link the account again.',
        }),
  },
});

/**
 * The session after its worker's report.
 *
 * @param clock now (ms)
 * @param statusDataHash of the status's data; undefined: it has none
 */
export const reported = (
  clock: number,
  now: Session,
  request: ReportRequest,
  statusDataHash: string | undefined,
): Change => {
  if (isRestart(now) && isLinkingStatus(request.status)) return refusedLinking(clock, now, request);
  const status = REPORTABLE.includes(request.status) ? request.status : now.status;
  const up = isLinkingStatus(status) || status === 'WORKING';
  const set: Record<string, Item[string]> = {
    lastReportSeq: request.seq,
    lastHeartbeatAt: clock,
    ...statusAttributes(now, status, clock),
  };
  const remove: string[] = [];

  if (up && (now.state === 'STARTING' || now.state === 'PENDING')) set.state = 'RUNNING';
  if (request.me) set.me = toItem(request.me);
  if (request.dialogs) set.dialogs = toItem(request.dialogs);
  if (request.build !== undefined) set.build = request.build;
  if (request.builds) set.builds = request.builds.map(toItem);
  if (status === 'SCAN_QR_CODE' && now.qrSince === undefined) set.qrSince = clock;
  if (request.qrCodes !== undefined) set.qrCodes = request.qrCodes;
  if (request.start) set.startSteps = toItem(withReported(now.startSteps, request.start));
  if (isPasskeyStatus(status) && now.passkeySince === undefined) set.passkeySince = clock;
  if (statusDataHash === undefined) remove.push('statusDataHash');
  else set.statusDataHash = statusDataHash;
  if (status === 'WORKING') {
    remove.push('qrSince', 'passkeySince');
    if (now.status !== 'WORKING') {
      set.readyAt = clock;
      set.lastActivityAt = clock;
    }
  }
  const qrDetail = request.qrReason && QR_REASONS[request.qrReason];
  const detail = status === 'SCAN_QR_CODE' ? qrDetail : PASSKEY_DETAILS[status];
  if (detail) set.detail = detail;
  else if (status === 'WORKING' || isPasskeyStatus(now.status)) remove.push('detail');
  // A fault of storage never leads to a code. A state of another build may be good again after a rollback.
  if ((status === 'SCAN_QR_CODE' || isRestart(now)) && isUnusable(now, request)) set.authStateUnusable = true;
  // A worker's clock may be ahead of ours; activity in the future would keep a session for ever.
  const activity = request.lastActivityAt === undefined ? undefined : Math.min(request.lastActivityAt, clock);
  if (activity !== undefined && activity > (now.lastActivityAt ?? 0)) set.lastActivityAt = activity;
  return { set, remove };
};
