import * as z from 'zod';

/**
 * The session's lifecycle as the control plane sees it. Nothing but the transitions below changes `state`. The report
 * of the WhatsApp client is `status`, never `state`.
 *
 * PENDING    admitted, holds a slot; no task is known yet
 * STARTING   a task was launched; the client is not up yet
 * RUNNING    the client shows a QR code or is linked
 * STOPPING   asked to end; the worker saves auth state, closes Chromium and sends its final report
 * STOPPED    ended, no slot; can be started again
 * FAILED     ended by a fault, no slot; can be started again
 *
 * A restart (core/lifecycle/restart.ts) goes back to PENDING under a new epoch and keeps the slot.
 */
export const stateSchema = z.enum(['PENDING', 'STARTING', 'RUNNING', 'STOPPING', 'STOPPED', 'FAILED']);
export type State = z.infer<typeof stateSchema>;

const TRANSITIONS: Readonly<Record<State, readonly State[]>> = {
  PENDING: ['STARTING', 'STOPPING', 'STOPPED', 'FAILED'],
  STARTING: ['RUNNING', 'STOPPING', 'STOPPED', 'FAILED', 'PENDING'],
  RUNNING: ['STOPPING', 'STOPPED', 'FAILED', 'PENDING'],
  STOPPING: ['STOPPED', 'FAILED', 'PENDING'],
  STOPPED: ['PENDING'],
  FAILED: ['PENDING'],
};

/** Whether `to` may directly follow `from`. Staying in a state is not a transition. */
export const canTransition = (from: State, to: State): boolean => TRANSITIONS[from].includes(to);

/** The states from which `to` may be entered; what a conditional write of `state` must name. */
export const statesBefore = (to: State): State[] =>
  stateSchema.options.filter((from) => canTransition(from, to));

/** A slot is held from PENDING until a terminal state. */
export const isTerminal = (state: State): boolean => state === 'STOPPED' || state === 'FAILED';

/** WAHA's session statuses, what clients of that API expect, and STOPPING, which is ours. */
export const statusSchema = z.enum([
  'STOPPED',
  'STARTING',
  'SCAN_QR_CODE',
  'PASSKEY_REQUIRED',
  'PASSKEY_CONFIRMATION_REQUIRED',
  'WORKING',
  'FAILED',
  'STOPPING',
]);
export type Status = z.infer<typeof statusSchema>;

/** The client waits for a person: the account asks for a passkey before it can be linked. */
export const isPasskeyStatus = (status: Status): boolean =>
  status === 'PASSKEY_REQUIRED' || status === 'PASSKEY_CONFIRMATION_REQUIRED';

/** The client waits for a person to link the account: to scan a code, to sign with a passkey, to compare a code. */
export const isLinkingStatus = (status: Status): boolean =>
  status === 'SCAN_QR_CODE' || isPasskeyStatus(status);

/**
 * The status to show. A session that is stopping takes no command, for every last report of its client. It is not
 * stored: the client continues to report until it is closed.
 */
export const shownStatus = ({ state, status }: { readonly state: State; readonly status: Status }): Status =>
  state === 'STOPPING' ? 'STOPPING' : status;

/**
 * Why a session ended. `task_stopped`: its task was taken away from outside Berth (a host, Spot, a hand). `rollout`: a
 * rollout moves it to the newest version of the worker; it starts again by itself.
 */
export const stopReasonSchema = z.enum([
  'user',
  'logged_out',
  'qr_expired',
  'idle',
  'max_duration',
  'heartbeat_lost',
  'launch_failed',
  'start_timeout',
  'crashed',
  /**
   * WhatsApp blocked the account, for a time or permanently. The saved account is kept; the session is not started again
   * automatically.
   */
  'banned',
  'limit_admin',
  'emergency',
  'task_stopped',
  'rollout',
]);
export type StopReason = z.infer<typeof stopReasonSchema>;

const FAULTS: readonly StopReason[] = [
  'heartbeat_lost',
  'launch_failed',
  'start_timeout',
  'crashed',
  'banned',
];

/** The terminal state in which a session ends for this reason: faults end in FAILED, wishes and limits in STOPPED. */
export const terminalState = (reason: StopReason): 'STOPPED' | 'FAILED' =>
  FAULTS.includes(reason) ? 'FAILED' : 'STOPPED';
