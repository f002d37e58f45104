/** The page's names for the values of the API's enums. */
import type { SessionView } from '../../../contract/bodies/sessions.ts';
import { isPasskeyStatus, type State, type Status, type StopReason } from '../../../contract/lifecycle.ts';

/** How a session stands, status and state in one: what its badge shows. */
export type Standing =
  | 'waiting'
  | 'restarting'
  | 'starting'
  | 'scan'
  | 'passkey'
  | 'working'
  | 'stopping'
  | 'stopped'
  | 'failed';

type Stands = Pick<SessionView, 'state' | 'status'> & {
  readonly restart?: Pick<SessionView['restart'], 'nextAttemptAt'>;
};

/** The session lost its task and waits for its next start. */
export const waitsToRestart = ({ restart }: Pick<Stands, 'restart'>): boolean =>
  typeof restart?.nextAttemptAt === 'string';

export const standingOf = (session: Stands): Standing => {
  const { state, status } = session;
  if (waitsToRestart(session)) return 'restarting';
  if (state === 'STOPPING') return 'stopping';
  if (state === 'PENDING') return 'waiting';
  if (state === 'FAILED') return 'failed';
  if (state === 'STOPPED') return 'stopped';
  if (status === 'SCAN_QR_CODE') return 'scan';
  if (isPasskeyStatus(status)) return 'passkey';
  return status === 'WORKING' ? 'working' : 'starting';
};

export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  waiting: 'Admitted',
  restarting: 'Restarting',
  starting: 'Starting',
  scan: 'Scan QR code',
  passkey: 'Passkey needed',
  working: 'Working',
  stopping: 'Stopping',
  stopped: 'Stopped',
  failed: 'Failed',
};

export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  STARTING: 'Starting',
  SCAN_QR_CODE: 'Scan QR code',
  PASSKEY_REQUIRED: 'Sign with the passkey',
  PASSKEY_CONFIRMATION_REQUIRED: 'Compare the code',
  WORKING: 'Working',
  STOPPING: 'Stopping',
  STOPPED: 'Stopped',
  FAILED: 'Failed',
};

export const STATE_WORDS: Readonly<Record<State, string>> = {
  PENDING: 'Pending',
  STARTING: 'Starting',
  RUNNING: 'Running',
  STOPPING: 'Stopping',
  STOPPED: 'Stopped',
  FAILED: 'Failed',
};

const REASON_WORDS: Readonly<Record<StopReason, string>> = {
  user: 'stopped on request',
  logged_out: 'logged out',
  qr_expired: 'not linked in time',
  idle: 'idle',
  max_duration: 'maximum duration reached',
  heartbeat_lost: 'worker stopped reporting',
  launch_failed: 'task could not be launched',
  start_timeout: 'did not start in time',
  crashed: 'crashed',
  banned: 'blocked by WhatsApp',
  limit_admin: 'ended by an administrator',
  emergency: 'emergency cleanup',
  task_stopped: 'task stopped from outside',
  rollout: 'moved to a newer version',
};

/** Also for reasons and deadlines that a newer API may name. */
export const reasonWords = (reason: string): string =>
  Object.entries(REASON_WORDS).find(([known]) => known === reason)?.[1] ?? reason.replaceAll('_', ' ');

const EVENT_WORDS: Readonly<Record<string, string>> = {
  'session.admitted': 'Admitted',
  'session.expiring': 'About to expire',
  'session.restarting': 'Starts again',
  'session.stopped': 'Ended',
  'session.status': 'Status',
};

export const eventWords = (event: string): string => EVENT_WORDS[event] ?? event;
