import type { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
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
import type { Environment } from '../environments.ts';
import { berthMetric, FIVE_MINUTES } from '../metrics.ts';

export type Watched = {
  readonly environment: Environment;
  /** Between two sweeps. */
  readonly sweep: Duration;
  readonly api: HttpApi;
  readonly table: Table;
  readonly eventDeadLetters: Queue;
  readonly backgroundDeadLetters: Queue;
};

type Spec = {
  /** What to do, in a sentence or two. The runbook's section has the alarm's name. */
  readonly what: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** Default: at the threshold or above it. */
  readonly below?: boolean;
  /** How many periods in a row; default 1. */
  readonly periods?: number;
};

/** By name: `berth-<env>-<name>`, and the section of docs/operations.md. */
const specs = (watched: Watched): Readonly<Record<string, Spec>> => {
  const { environment, sweep, api, table, eventDeadLetters, backgroundDeadLetters } = watched;
  const { warningPercent, criticalPercent, userRefusals, serverErrors } = environment.alarms;
  const each = { period: sweep, statistic: 'Maximum' };
  const sum = { period: FIVE_MINUTES, statistic: 'Sum' };
  const count = { period: FIVE_MINUTES, statistic: 'SampleCount' };
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
      what: 'One user or more keeps running into a limit of their own. Find out who (log of sessions-admit), and raise their limit or have their client honour Retry-After.',
      metric: berthMetric(environment.name, 'AdmissionsRefused', sum, { Scope: 'user' }),
      threshold: userRefusals,
    },
    'counter-drift': {
      what: 'A counter differed from its slot holders and was set right. No slot is lost, but a promise was broken: find the cause in the log of the reconciler.',
      metric: berthMetric(environment.name, 'CounterDrift', { ...each, statistic: 'Sum' }),
      threshold: 1,
    },
    'orphan-tasks': {
      what: 'Tasks that no session owns are not going away. The reconciler should have stopped them: read its log, then stop them by hand.',
      metric: berthMetric(environment.name, 'OrphanTasks', each),
      threshold: 1,
      periods: 4,
    },
    'reaper-not-run': {
      what: 'No sweep was completed: slots of dead sessions stay taken. Read the log of the reaper and the background dead letters.',
      metric: berthMetric(environment.name, 'ActiveSessions', count),
      threshold: 1,
      below: true,
    },
    'reconciler-not-run': {
      what: 'No pass of the reconciler was completed: drift and orphan tasks go unseen. Read its log and the background dead letters.',
      metric: berthMetric(environment.name, 'HeartbeatAge', count),
      threshold: 1,
      below: true,
    },
    'sweep-failures': {
      what: 'A due session could not be handled in several sweeps and keeps its slot. The log of the reaper names it.',
      metric: berthMetric(environment.name, 'SweepFailures', each),
      threshold: 1,
      periods: 3,
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
    'launch-failures': {
      what: 'Tasks could not be launched. The log of sessions-admit and of the reaper has the reason that ECS gave: capacity, a quota, the image.',
      metric: berthMetric(environment.name, 'LaunchFailures', sum),
      threshold: 1,
    },
    'server-errors': {
      what: 'The API answers 5xx. GET /api/health shows which part fails; the logs have the request ids.',
      metric: api.metricServerError(sum),
      threshold: serverErrors,
    },
    'function-throttles': {
      what: 'Lambda refuses invocations: the concurrency of the account is used up, by Berth or by others. Ask for a higher quota or find the caller.',
      // Of the whole account, since what is used up is the account's.
      metric: new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', ...sum }),
      threshold: 1,
    },
    'database-throttles': {
      what: 'DynamoDB refuses reads or writes. See in CloudWatch which operation; a single counter takes 500 admissions a second at most.',
      metric: new MathExpression({
        expression: 'FILL(reads, 0) + FILL(writes, 0)',
        label: 'Refused reads and writes',
        period: FIVE_MINUTES,
        usingMetrics: {
          reads: table.metric('ReadThrottleEvents', sum),
          writes: table.metric('WriteThrottleEvents', sum),
        },
      }),
      threshold: 1,
    },
  };
};

/** Alarms, each with a description that says what to do and names its section of the runbook. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, options: { readonly watched: Watched; readonly topic: Topic }) {
    super(scope, id);
    const action = new SnsAction(options.topic);
    this.alarms = Object.entries(specs(options.watched)).map(([name, spec]) => {
      const alarm = new Alarm(this, name, {
        alarmName: `berth-${options.watched.environment.name}-${name}`,
        alarmDescription: `${spec.what} Runbook: docs/operations.md#${name}`,
        metric: spec.metric,
        threshold: spec.threshold,
        comparisonOperator: spec.below
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: spec.periods ?? 1,
        // Counts are not emitted where nothing happens; a sweep that is not made emits nothing.
        treatMissingData: spec.below ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
      return alarm;
    });
  }
}
