import type { Duration } from 'aws-cdk-lib';
import type { HttpApi, WebSocketApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  type AlarmBase,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { INDEXES } from '../../core/items.ts';
import type { Environment } from '../environments.ts';
import { berthMetric, FIVE_MINUTES } from '../metrics.ts';
import { SilenceAlarm } from './silence-alarm.ts';

export type Watched = {
  readonly environment: Environment;
  /** Between two sweeps. */
  readonly sweep: Duration;
  readonly api: HttpApi;
  /** That workers call. */
  readonly workerApi: HttpApi;
  /** Of live events: the WebSocket API, the queue of its topics, and the names of its two functions. */
  readonly live: {
    readonly api: WebSocketApi;
    readonly queue: Queue;
    readonly functions: { readonly connections: string; readonly events: string };
  };
  readonly table: Table;
  readonly eventDeadLetters: Queue;
  readonly backgroundDeadLetters: Queue;
  /** Absent if the environment has no own hosts. */
  readonly hosts: { readonly cluster: string; readonly provider: string } | undefined;
};

type Spec = {
  /** The operator's steps, in a sentence or two. The runbook's section has the alarm's name. */
  readonly what: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** How many periods in a row; default 1. */
  readonly periods?: number;
  /** How many of them must reach the threshold; default all. */
  readonly breaching?: number;
};

/** By name: `berth-<env>-<name>`, and the section of docs/operations.md. */
const specs = (watched: Watched): Readonly<Record<string, Spec>> => {
  const { environment, sweep, api, workerApi, live, table, hosts } = watched;
  const { eventDeadLetters, backgroundDeadLetters } = watched;
  const { warningPercent, criticalPercent, userRefusals, serverErrors } = environment.alarms;
  const each = { period: sweep, statistic: 'Maximum' };
  const sum = { period: FIVE_MINUTES, statistic: 'Sum' };
  const waiting = (queue: Queue) =>
    queue.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: 'Maximum' });
  const use = berthMetric(environment.name, 'SessionUsePercent', each);
  return {
    'session-use-warning': {
      what: 'Slots are running out. See who holds them (GET /api/stats); raise the limit (PUT /api/limits) or ask for fewer sessions.',
      metric: use,
      threshold: warningPercent,
      periods: 2,
    },
    'session-use-critical': {
      what: 'Almost no slot is left and starts will be refused. Raise the limit (PUT /api/limits), or end sessions (POST /api/cleanup, dry run first).',
      metric: use,
      threshold: criticalPercent,
    },
    'sessions-refused': {
      what: 'Starts are refused because the global limit is reached. Raise the limit (PUT /api/limits), or end sessions (POST /api/cleanup, dry run first).',
      metric: berthMetric(environment.name, 'AdmissionsRefused', sum, { Scope: 'global' }),
      threshold: 1,
    },
    'user-refusals': {
      what: 'Users repeatedly reach their own limit. Find them in the log of sessions-admit, and raise their limit or make their client honor Retry-After.',
      metric: berthMetric(environment.name, 'AdmissionsRefused', sum, { Scope: 'user' }),
      threshold: userRefusals,
    },
    'counter-drift': {
      what: 'A counter differed from its slots and was corrected. No slot is lost, but this must not happen: find the cause in the log of the reconciler.',
      metric: berthMetric(environment.name, 'CounterDrift', { ...each, statistic: 'Sum' }),
      threshold: 1,
    },
    'orphan-tasks': {
      what: 'Tasks that no session owns are not going away. The reconciler should have stopped them: read its log, then stop them by hand.',
      metric: berthMetric(environment.name, 'OrphanTasks', each),
      threshold: 1,
      periods: 4,
    },
    'sweep-failures': {
      what: 'A due session could not be handled in several sweeps and keeps its slot. The log of the reaper names it.',
      metric: berthMetric(environment.name, 'SweepFailures', each),
      threshold: 1,
      periods: 3,
    },
    'reaper-braked': {
      what: 'Too many workers are silent at once while their tasks run. The reaper stops none of them for it. Find what keeps their reports away: a flood, a throttle, a failing worker-api, the network.',
      metric: berthMetric(environment.name, 'ReaperBraked', each),
      threshold: 1,
    },
    'erasure-overdue': {
      what: 'Data of a deleted session still exists after 40 minutes. The log of the eraser names the session and the reason.',
      metric: berthMetric(environment.name, 'ErasuresOverdue', each),
      threshold: 1,
    },
    'webhooks-dead': {
      what: 'Events were given up for a webhook. GET /api/webhooks/dead names the endpoint: have it repaired, then send them again (POST /api/webhooks/redrive).',
      metric: new MathExpression({
        expression: 'FILL(dead, 0) + FILL(unread, 0)',
        label: 'Events given up',
        period: FIVE_MINUTES,
        usingMetrics: {
          dead: berthMetric(environment.name, 'WebhooksDead', sum),
          unread: waiting(eventDeadLetters),
        },
      }),
      threshold: 1,
    },
    'background-dead-letters': {
      what: 'A sweep could not be started, or the end of a task was not handled. Read the messages; the next sweep makes up for them.',
      metric: waiting(backgroundDeadLetters),
      threshold: 1,
    },
    'build-trouble': {
      what: 'New starts do not load the build of WhatsApp Web that they should: the live build fails, or the pinned one has expired. See GET /api/engine (berth builds ls); store a build that works and pin it, or unpin.',
      metric: berthMetric(environment.name, 'BuildTrouble', each),
      threshold: 1,
    },
    'restarts-given-up': {
      what: 'A session that should stay up ended as FAILED: it lost its task again and again. GET /api/sessions shows it with its reason; find the cause in its log, then start it.',
      metric: berthMetric(environment.name, 'RestartsGivenUp', sum),
      threshold: 1,
    },
    'standby-failures': {
      what: 'Standby tasks do not become ready. Sessions start with new tasks, at the speed of a cold start. The log of the reaper names the reason.',
      // Launches pause after each failure, so further ones come minutes apart (core/standby/keep.ts).
      metric: berthMetric(environment.name, 'StandbyFailures', sum),
      threshold: 1,
      periods: 3,
      breaching: 2,
    },
    'rollout-stopped': {
      what: 'A rollout stopped: sessions of a wave did not work again with the new version. GET /api/rollout names them. Find the cause before you start the next rollout.',
      metric: berthMetric(environment.name, 'RolloutsStopped', sum),
      threshold: 1,
    },
    ...(hosts && {
      'hosts-full': {
        what: 'Tasks have been waiting for a host for a quarter of an hour: the group is at its maximum, or AWS has no such instances. Raise task.hosts.most, choose another instance type, or name FARGATE first for a while.',
        metric: new Metric({
          namespace: 'AWS/ECS/ManagedScaling',
          metricName: 'CapacityProviderReservation',
          dimensionsMap: { ClusterName: hosts.cluster, CapacityProviderName: hosts.provider },
          period: FIVE_MINUTES,
          statistic: 'Minimum',
        }),
        threshold: 101,
        periods: 3,
      },
    }),
    'launch-failures': {
      what: 'Tasks could not be launched. The log of sessions-admit and of the reaper has the reason that ECS gave: capacity, a quota, the image.',
      metric: berthMetric(environment.name, 'LaunchFailures', sum),
      threshold: 1,
    },
    'server-errors': {
      what: 'The API of callers or that of workers answers 5xx. GET /api/health shows which part fails; the logs have the request ids.',
      metric: new MathExpression({
        expression: 'FILL(callers, 0) + FILL(workers, 0)',
        label: 'Answers 5xx',
        period: FIVE_MINUTES,
        usingMetrics: {
          callers: api.metricServerError(sum),
          workers: workerApi.metricServerError(sum),
        },
      }),
      threshold: serverErrors,
    },
    'live-errors': {
      what: 'Live events over WebSocket fail: connects are not answered, or a function of theirs throws. The log of live-connections has connects, pings and ends, that of live-events what is sent.',
      metric: new MathExpression({
        expression: 'FILL(execution, 0) + FILL(connections, 0) + FILL(events, 0) + FILL(refused, 0)',
        label: 'Failures of live events',
        period: FIVE_MINUTES,
        usingMetrics: {
          execution: live.api.metric('ExecutionError', sum),
          connections: lambdaErrors(live.functions.connections),
          events: lambdaErrors(live.functions.events),
          refused: berthMetric(environment.name, 'LiveFailures', sum),
        },
      }),
      threshold: serverErrors,
    },
    'live-behind': {
      what: 'Live events wait for minutes before they are sent to WebSocket connections. The log of live-events names the reason; its concurrency may be used up.',
      metric: live.queue.metricApproximateAgeOfOldestMessage({ period: FIVE_MINUTES, statistic: 'Maximum' }),
      threshold: 120,
      periods: 2,
    },
    'function-throttles': {
      what: 'Lambda refuses invocations: the concurrency of the account or a reservation of Berth is used up. See in CloudWatch which function; ask for a higher quota, raise the reservation, or find the caller.',
      // Of the whole account, since what is used up is the account's.
      metric: new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', ...sum }),
      threshold: 1,
    },
    'database-throttles': {
      what: 'DynamoDB refuses reads or writes of the table or of an index. See in CloudWatch which; a single counter takes 500 admissions a second at most.',
      metric: new MathExpression({
        expression: Object.keys(throttles(table))
          .map((id) => `FILL(${id}, 0)`)
          .join(' + '),
        label: 'Refused reads and writes',
        period: FIVE_MINUTES,
        usingMetrics: throttles(table),
      }),
      threshold: 1,
    },
  };
};

const lambdaErrors = (FunctionName: string): Metric =>
  new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'Errors',
    dimensionsMap: { FunctionName },
    period: FIVE_MINUTES,
    statistic: 'Sum',
  });

/**
 * Refused reads and writes of the table and of each index, by the id that the expression names them by. DynamoDB counts
 * an index's apart from its table's, under one dimension more (CloudWatch's metrics of DynamoDB).
 */
const throttles = (table: Table): Record<string, Metric> =>
  Object.fromEntries(
    [undefined, ...Object.keys(INDEXES)].flatMap((index) =>
      (['Read', 'Write'] as const).map((kind) => [
        `${index ?? 'table'}${kind}s`,
        table.metric(`${kind}ThrottleEvents`, {
          period: FIVE_MINUTES,
          statistic: 'Sum',
          dimensionsMap: {
            TableName: table.tableName,
            ...(index !== undefined && { GlobalSecondaryIndexName: index }),
          },
        }),
      ]),
    ),
  );

type SilenceSpec = {
  readonly what: string;
  /** Emitted at each run, also if nothing else happens. */
  readonly metric: 'ActiveSessions' | 'HeartbeatAge';
};

/**
 * By the function that has to run. Its alarm is `berth-<env>-<function>-stopped`; the parts of it are
 * `…-silent` and `…-established`, which send no notification.
 */
const SILENCES: Readonly<Record<string, SilenceSpec>> = {
  reaper: {
    what: 'No sweep was completed: slots of dead sessions stay taken. Read the log of the reaper and the background dead letters.',
    metric: 'ActiveSessions',
  },
  reconciler: {
    what: 'No pass of the reconciler was completed: drift and tasks without a session go unseen. Read its log and the background dead letters.',
    metric: 'HeartbeatAge',
  },
};

/** Alarms, each with a description that says what to do and names its section of the runbook. */
export class Alarms extends Construct {
  /** Those that notify. */
  readonly alarms: readonly AlarmBase[];

  constructor(scope: Construct, id: string, options: { readonly watched: Watched; readonly topic: Topic }) {
    super(scope, id);
    const environment = options.watched.environment.name;
    const action = new SnsAction(options.topic);
    const fullName = (name: string) => `berth-${environment}-${name}`;
    const describe = (name: string, what: string) => `${what} Runbook: docs/operations.md#${name}`;
    const onMetrics = Object.entries(specs(options.watched)).map(
      ([name, spec]) =>
        new Alarm(this, name, {
          alarmName: fullName(name),
          alarmDescription: describe(name, spec.what),
          metric: spec.metric,
          threshold: spec.threshold,
          comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
          evaluationPeriods: spec.periods ?? 1,
          ...(spec.breaching === undefined ? {} : { datapointsToAlarm: spec.breaching }),
          // Counts are not emitted if nothing happens.
          treatMissingData: TreatMissingData.NOT_BREACHING,
        }),
    );
    const onSilence = Object.entries(SILENCES).map(
      ([name, { what, metric }]) =>
        new SilenceAlarm(this, `${name}-silence`, {
          alarmName: fullName(`${name}-stopped`),
          alarmDescription: describe(`${name}-stopped`, what),
          silentName: fullName(`${name}-silent`),
          establishedName: fullName(`${name}-established`),
          samples: berthMetric(environment, metric, { period: FIVE_MINUTES, statistic: 'SampleCount' }),
        }).alarm,
    );
    this.alarms = [...onMetrics, ...onSilence];
    for (const alarm of this.alarms) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
  }
}
