import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  PeriodOverride,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { stopReasonSchema } from '../../contract/lifecycle.ts';
import { START_STEPS, STEPS_AFTER_CLAIM, type StartStep } from '../../contract/worker/start-steps.ts';
import { type DimensionValues, METRICS, type MetricName } from '../../core/observability/metrics.ts';
import { berthMetric, FIVE_MINUTES } from '../metrics.ts';
import type { Alarms, Watched } from './alarms.ts';

/** The deadlines that the reaper acts on (core/lifecycle/deadlines.ts). */
const REAPED = [
  'qr_expired',
  'idle',
  'max_duration',
  'heartbeat_lost',
  'start_timeout',
  'launch_due',
  'stop_grace',
];

/** Why a start found no standby task (core/standby/claim.ts). */
const MISSED = ['none_ready', 'refused', 'unreachable', 'no_answer', 'database'];

/** Losses after which a restart policy starts a session again (core/lifecycle). */
const RESTARTED = ['crashed', 'task_stopped', 'heartbeat_lost'];

/** Why a connection is closed (core/live/fan-out.ts). */
const DROPPED = ['slow', 'key'];

/** One page: is anything wrong, how full is it, what goes in and out, how quick is it, does it deliver. */
export class BerthDashboard extends Construct {
  constructor(
    scope: Construct,
    id: string,
    options: { readonly watched: Watched; readonly alarms: Alarms; readonly events: Queue },
  ) {
    super(scope, id);
    const { watched, alarms, events } = options;
    const { environment, sweep, api, workerApi, live } = watched;
    const each = { period: sweep, statistic: 'Maximum' };
    const sum = { period: FIVE_MINUTES, statistic: 'Sum' };
    const metric = <N extends MetricName>(
      name: N,
      how: { period: typeof sweep; statistic: string; label?: string },
      ...dimensions: DimensionValues<N>
    ) => berthMetric(environment.name, name, { label: METRICS[name].says, ...how }, ...dimensions);
    const startSteps = (Task: string, steps: readonly StartStep[]) =>
      steps.map((Step) =>
        metric('StartStep', { period: FIVE_MINUTES, statistic: 'p50', label: Step }, { Step, Task }),
      );
    const graph = (title: string, left: IMetric[], right: IMetric[] = []) =>
      new GraphWidget({ title, left, right, width: 8, height: 6 });

    new Dashboard(this, 'Dashboard', {
      dashboardName: `berth-${environment.name}`,
      periodOverride: PeriodOverride.INHERIT,
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', width: 24, height: 3, alarms: [...alarms.alarms] })],
        [
          graph('Slots', [metric('ActiveSessions', each), metric('SessionLimit', each)]),
          graph('Slots in use, percent', [metric('SessionUsePercent', each)]),
          graph('Started and refused', [
            metric('SessionsAdmitted', sum),
            metric('AdmissionsRefused', { ...sum, label: 'Refused: global limit' }, { Scope: 'global' }),
            metric('AdmissionsRefused', { ...sum, label: 'Refused: user limit' }, { Scope: 'user' }),
            metric('LaunchFailures', sum),
            ...RESTARTED.map((Reason) =>
              metric('SessionsRestarted', { ...sum, label: `Restarted: ${Reason}` }, { Reason }),
            ),
            metric('RestartsGivenUp', sum),
            metric('BuildTrouble', { ...each, label: 'Build of WhatsApp Web in trouble' }),
          ]),
        ],
        [
          graph(
            'Ended, by reason',
            stopReasonSchema.options.map((Reason) =>
              metric('SessionsEnded', { ...sum, label: Reason }, { Reason }),
            ),
          ),
          graph(
            'Reaped, by reason',
            REAPED.map((Reason) => metric('SessionsReaped', { ...sum, label: Reason }, { Reason })),
          ),
          graph('Healthy at zero', [
            metric('CounterDrift', { ...each, statistic: 'Sum' }),
            metric('OrphanTasks', each),
            metric('SweepFailures', each),
            metric('ReaperBraked', { ...each, label: 'Reaper braked' }),
            metric('WebhooksDead', sum),
            ...DROPPED.map((Reason) =>
              metric('LiveDropped', { ...sum, label: `WebSocket closed: ${Reason}` }, { Reason }),
            ),
            metric('LiveFailures', sum),
            metric('ErasuresOverdue', { ...each, label: 'Erasures overdue' }),
            metric('RolloutsStopped', sum),
            metric('StandbyFailures', sum),
          ]),
        ],
        [
          graph('Time to QR code', [
            metric('TimeToQr', { period: FIVE_MINUTES, statistic: 'p50', label: 'p50' }),
            metric('TimeToQr', { period: FIVE_MINUTES, statistic: 'p95', label: 'p95' }),
          ]),
          graph('Start: ms to each step, p50', startSteps('own', START_STEPS)),
          graph('Start with a standby task: ms to each step, p50', startSteps('standby', STEPS_AFTER_CLAIM)),
        ],
        [
          graph('Heartbeats', [metric('HeartbeatAge', each)]),
          graph(
            'Standby tasks',
            [
              metric('StandbyReady', each),
              metric('StandbyMissing', each),
              metric('StandbyClaims', { ...sum, label: 'Served by a standby task' }),
              ...MISSED.map((Reason) =>
                metric('StandbyMisses', { ...sum, label: `No standby task: ${Reason}` }, { Reason }),
              ),
            ],
            [metric('StandbyAge', { ...each, label: 'Waited for its session, ms' })],
          ),
          graph(
            'Events on their way',
            [events.metricApproximateNumberOfMessagesVisible({ ...each, label: 'Waiting' })],
            [events.metricApproximateAgeOfOldestMessage({ ...each, label: 'Age of the oldest, seconds' })],
          ),
        ],
        [
          graph('API', [api.metricCount(sum), api.metricClientError(sum), api.metricServerError(sum)]),
          graph('API of workers', [
            workerApi.metricCount(sum),
            workerApi.metricClientError(sum),
            workerApi.metricServerError(sum),
          ]),
          graph('API latency', [
            api.metricLatency({ period: FIVE_MINUTES, statistic: 'p50', label: 'Callers, p50' }),
            api.metricLatency({ period: FIVE_MINUTES, statistic: 'p95', label: 'Callers, p95' }),
            workerApi.metricLatency({ period: FIVE_MINUTES, statistic: 'p95', label: 'Workers, p95' }),
          ]),
        ],
        [
          graph(
            'Live events',
            [
              live.api.metric('ConnectCount', { ...sum, label: 'Connects' }),
              live.api.metric('MessageCount', { ...sum, label: 'Messages' }),
              live.api.metric('ExecutionError', { ...sum, label: 'Execution errors' }),
            ],
            [
              live.queue.metricApproximateAgeOfOldestMessage({
                ...each,
                label: 'Age of the oldest, seconds',
              }),
            ],
          ),
          graph('Functions of the account', [
            new Metric({ namespace: 'AWS/Lambda', metricName: 'Errors', ...sum }),
            new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', ...sum }),
          ]),
        ],
      ],
    });
  }
}
