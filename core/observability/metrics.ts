/**
 * Every metric that Berth emits, once: functions emit by this table, and alarms, dashboard and tests read it. Each has
 * the dimension ENVIRONMENT_DIMENSION and those named here, always all of them: CloudWatch keeps a series for each
 * set of dimensions and adds up none.
 */
export const METRICS_NAMESPACE = 'Berth';
export const ENVIRONMENT_DIMENSION = 'Environment';

type Spec = {
  readonly unit: 'Count' | 'Percent' | 'Milliseconds';
  readonly dimensions: readonly string[];
  /** For people. */
  readonly says: string;
};

export const METRICS = {
  /** These five by the reaper at each sweep, also if nothing runs: their absence means that no sweep was made. */
  ActiveSessions: { unit: 'Count', dimensions: [], says: 'Slots held' },
  SessionLimit: { unit: 'Count', dimensions: [], says: 'Slots that there are, as set at run time' },
  SessionUsePercent: { unit: 'Percent', dimensions: [], says: 'Slots held, of those that there are' },
  SweepFailures: { unit: 'Count', dimensions: [], says: 'Due sessions that a sweep could not handle' },
  ReaperBraked: {
    unit: 'Count',
    dimensions: [],
    says: '1 if too many workers were silent at once, so that none was stopped for it',
  },
  /** By the eraser at each sweep. */
  ErasuresOverdue: {
    unit: 'Count',
    dimensions: [],
    says: 'Deleted sessions that were not erased in time',
  },
  /** These three by the reconciler at each pass; healthy are zero, zero and less than the heartbeat's time-out. */
  CounterDrift: { unit: 'Count', dimensions: [], says: 'By how much counters were off their holders' },
  OrphanTasks: { unit: 'Count', dimensions: [], says: 'Tasks that no session owns' },
  HeartbeatAge: {
    unit: 'Milliseconds',
    dimensions: [],
    says: 'Age of the oldest heartbeat of a running session',
  },

  SessionsAdmitted: { unit: 'Count', dimensions: [], says: 'Sessions that took a slot' },
  AdmissionsRefused: {
    unit: 'Count',
    dimensions: ['Scope'],
    says: 'Starts refused because a limit was reached',
  },
  SessionsReaped: { unit: 'Count', dimensions: ['Reason'], says: 'Deadlines that the reaper acted on' },
  SessionsEnded: { unit: 'Count', dimensions: ['Reason'], says: 'Sessions that gave their slot back' },
  SessionsRestarted: {
    unit: 'Count',
    dimensions: ['Reason'],
    says: 'Sessions that their restart policy starts again, by why the task was lost',
  },
  RestartsGivenUp: {
    unit: 'Count',
    dimensions: [],
    says: 'Sessions that ended because their restarts did not help',
  },
  RolloutsStopped: {
    unit: 'Count',
    dimensions: [],
    says: 'Rollouts that stopped because a wave did not work again',
  },
  LaunchFailures: { unit: 'Count', dimensions: [], says: 'Launches that gave no task after their repeats' },
  StandbyReady: { unit: 'Count', dimensions: [], says: 'Standby tasks that wait for a session' },
  StandbyMissing: {
    unit: 'Count',
    dimensions: [],
    says: 'Standby tasks that there should be, and that are not ready',
  },
  StandbyClaims: { unit: 'Count', dimensions: [], says: 'Starts that a standby task served' },
  StandbyMisses: {
    unit: 'Count',
    dimensions: ['Reason'],
    says: 'Starts that no standby task served although some are to be kept ready',
  },
  StandbyAge: {
    unit: 'Milliseconds',
    dimensions: [],
    says: 'How long a standby task had waited when it was claimed',
  },
  StandbyFailures: { unit: 'Count', dimensions: [], says: 'Standby tasks that did not become ready' },
  TimeToQr: { unit: 'Milliseconds', dimensions: [], says: 'From admission to the first QR code' },
  StartStep: {
    unit: 'Milliseconds',
    dimensions: ['Step', 'Task'],
    says: 'From admission to a step of the start, with a new task or a standby task',
  },
  BuildTrouble: {
    unit: 'Count',
    dimensions: [],
    says: '1 while the live build of WhatsApp Web fails, or the pinned one has expired',
  },
  LiveFailures: {
    unit: 'Count',
    dimensions: [],
    says: 'Connects to the WebSocket API that Berth could not answer',
  },
  LiveDropped: {
    unit: 'Count',
    dimensions: ['Reason'],
    says: 'WebSocket connections that were closed: the client was too slow, or its key ended',
  },
  WebhooksDead: { unit: 'Count', dimensions: [], says: 'Events given up for one webhook' },
} as const satisfies Readonly<Record<string, Spec>>;

export type MetricName = keyof typeof METRICS;

/** The values of the metric's own dimensions, as a rest argument: none if it has none. */
export type DimensionValues<N extends MetricName> = (typeof METRICS)[N]['dimensions'] extends readonly []
  ? []
  : [Readonly<Record<(typeof METRICS)[N]['dimensions'][number], string>>];
