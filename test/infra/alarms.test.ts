/** Each alarm: samples in, state out, and its message lets itself be published to the topic. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ALARM_METRICS, COMPOSITE_ALARMS, SWEEP_METRICS } from '../../cli/cost/parts.ts';
import { METRICS_NAMESPACE } from '../../core/observability/metrics.ts';
import { keepStandby } from '../../core/standby/keep.ts';
import { environmentOf } from '../../infra/environments.ts';
import { NOW, testSystem } from '../unit/core/test-system.ts';
import {
  type CompositeAlarm,
  compositeAlarmsOf,
  type FillOfNothing,
  metricAlarmsOf,
  type Sample,
  stateOf,
  storeOf,
  transitionsOf,
} from './cloudwatch.ts';
import { observabilityTemplate } from './observability-stack.ts';
import { ACCOUNT, decideForService, resolved } from './resource-policy.ts';

const NAME = 'prod';
const template = observabilityTemplate(environmentOf(NAME));
const alarms = {
  metric: metricAlarmsOf(template.findResources('AWS::CloudWatch::Alarm')),
  composite: compositeAlarmsOf(template.findResources('AWS::CloudWatch::CompositeAlarm')),
};
const notifying = [...alarms.metric, ...alarms.composite]
  .filter(({ AlarmActions }) => AlarmActions.length > 0)
  .map(({ AlarmName }) => AlarmName.slice(`berth-${NAME}-`.length));

const own = (name: string, value: number, dimensions: Record<string, string> = {}) => ({
  namespace: METRICS_NAMESPACE,
  name,
  dimensions: { Environment: NAME, ...dimensions },
  value,
});
const table = (name: string, index?: string) => ({
  namespace: 'AWS/DynamoDB',
  name,
  dimensions: { TableName: 'Table', ...(index !== undefined && { GlobalSecondaryIndexName: index }) },
  value: 1,
});
const waiting = (QueueName: string) => ({
  namespace: 'AWS/SQS',
  name: 'ApproximateNumberOfMessagesVisible',
  dimensions: { QueueName },
  value: 1,
});
type Emitted = Omit<Sample, 'at'>;

/** The metrics that the two sweeps emit each time, in a healthy system. */
const SWEEP: readonly Emitted[] = [
  own('ActiveSessions', 20),
  own('SessionLimit', 50),
  own('SessionUsePercent', 40),
  own('SweepFailures', 0),
  own('ReaperBraked', 0),
  own('ErasuresOverdue', 0),
  own('CounterDrift', 0),
  own('OrphanTasks', 0),
  own('HeartbeatAge', 15_000),
  own('BuildTrouble', 0),
];

const minutes = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const eachMinute = (from: number, to: number, emitted: readonly Emitted[]): Sample[] =>
  minutes(from, to).flatMap((at) => emitted.map((each) => ({ ...each, at: at + 0.5 })));

/** By alarm: what makes it fire, emitted each minute for an hour. */
const CAUSES: Readonly<Record<string, readonly (readonly Emitted[])[]>> = {
  'session-use-warning': [[own('SessionUsePercent', 80)]],
  'session-use-critical': [[own('SessionUsePercent', 95)]],
  'sessions-refused': [[own('AdmissionsRefused', 1, { Scope: 'global' })]],
  'user-refusals': [[own('AdmissionsRefused', 4, { Scope: 'user' })]],
  'counter-drift': [[own('CounterDrift', 1)]],
  'orphan-tasks': [[own('OrphanTasks', 1)]],
  'sweep-failures': [[own('SweepFailures', 1)]],
  'reaper-braked': [[own('ReaperBraked', 1)]],
  'erasure-overdue': [[own('ErasuresOverdue', 1)]],
  'webhooks-dead': [[own('WebhooksDead', 1)], [waiting('EventDeadLetters')]],
  'background-dead-letters': [[waiting('BackgroundDeadLetters')]],
  'build-trouble': [[own('BuildTrouble', 1)]],
  'restarts-given-up': [[own('RestartsGivenUp', 1)]],
  'standby-failures': [[own('StandbyFailures', 1)]],
  'rollout-stopped': [[own('RolloutsStopped', 1)]],
  'launch-failures': [[own('LaunchFailures', 1)]],
  'server-errors': ['Api', 'WorkerApi'].map((ApiId) => [
    { namespace: 'AWS/ApiGateway', name: '5xx', dimensions: { ApiId }, value: 1 },
  ]),
  'live-errors': [
    [{ namespace: 'AWS/ApiGateway', name: 'ExecutionError', dimensions: { ApiId: 'Live' }, value: 5 }],
    ...['live-connections', 'live-events'].map((FunctionName) => [
      { namespace: 'AWS/Lambda', name: 'Errors', dimensions: { FunctionName }, value: 5 },
    ]),
    [own('LiveFailures', 5)],
  ],
  'live-behind': [
    [
      {
        namespace: 'AWS/SQS',
        name: 'ApproximateAgeOfOldestMessage',
        dimensions: { QueueName: 'LiveTopics' },
        value: 120,
      },
    ],
  ],
  'function-throttles': [[{ namespace: 'AWS/Lambda', name: 'Throttles', dimensions: {}, value: 1 }]],
  'database-throttles': [
    [table('ReadThrottleEvents')],
    [table('WriteThrottleEvents')],
    [table('ReadThrottleEvents', 'ofUser')],
    [table('WriteThrottleEvents', 'ofUser')],
    [table('ReadThrottleEvents', 'due')],
    [table('WriteThrottleEvents', 'due')],
  ],
};

/** Every change of an alarm's state. */
const run = (samples: readonly Sample[], until: number, fill: FillOfNothing = 'fills') =>
  transitionsOf(alarms, samples, until, fill).map(({ name, ...rest }) => ({
    ...rest,
    name: name.slice(`berth-${NAME}-`.length),
  }));

/** The notifying alarms that reached ALARM, with the minute. */
const fired = (transitions: ReturnType<typeof run>) =>
  transitions
    .filter(({ state, name }) => state === 'ALARM' && notifying.includes(name))
    .map(({ at, name }) => ({ at, name }));

describe('the evaluation of alarms (CloudWatch’s table of missing data, 3 of 3)', () => {
  const alarm = {
    id: 'any',
    AlarmName: 'any',
    AlarmActions: [],
    ComparisonOperator: 'GreaterThanOrEqualToThreshold' as const,
    Threshold: 1,
    EvaluationPeriods: 3,
    Namespace: 'N',
    MetricName: 'm',
    Dimensions: [],
    Statistic: 'Maximum',
    Period: 60,
  };
  it.each([
    ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
    ['- - - - 0', 'OK', 'OK', 'OK', 'OK'],
    ['- - - - -', 'INSUFFICIENT_DATA', 'before', 'ALARM', 'OK'],
    ['0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
    ['- - X - -', 'ALARM', 'before', 'ALARM', 'OK'],
  ])('%s', (points, ...expected) => {
    const samples = points
      .split(' ')
      .flatMap((point, at) =>
        point === '-'
          ? []
          : [{ namespace: 'N', name: 'm', dimensions: {}, at, value: point === 'X' ? 1 : 0 }],
      );
    const states = (['missing', 'ignore', 'breaching', 'notBreaching'] as const).map((TreatMissingData) =>
      (['OK', 'ALARM'] as const).map((before) =>
        stateOf({ ...alarm, TreatMissingData }, storeOf(samples), 5, before),
      ),
    );
    expect(states).toEqual(expected.map((each) => (each === 'before' ? ['OK', 'ALARM'] : [each, each])));
  });
});

describe('alarms', () => {
  const healthy = eachMinute(0, 180, SWEEP);

  it('are all covered here', () => {
    expect([...Object.keys(CAUSES), 'reaper-stopped', 'reconciler-stopped'].sort()).toEqual(notifying.sort());
  });

  it('stay quiet in a healthy system', () => {
    expect(fired(run(healthy, 180))).toEqual([]);
  });

  it.each(Object.entries(CAUSES).flatMap(([name, causes]) => causes.map((cause) => ({ name, cause }))))(
    '$name fires for $cause.0.namespace $cause.0.name $cause.0.dimensions, and ends with it',
    ({ name, cause }) => {
      const replaced = (each: Sample) =>
        each.at > 60 &&
        each.at < 120 &&
        cause.some((c) => c.name === each.name && each.namespace === c.namespace);
      const samples = [...healthy.filter((each) => !replaced(each)), ...eachMinute(60, 120, cause)];
      const transitions = run(samples, 180);
      const [first] = fired(transitions).filter((alarm) => alarm.name === name);
      expect(first?.at, 'fires within ten minutes').toSatisfy((at: number) => at > 60 && at <= 70);
      const last = transitions.findLast((transition) => transition.name === name);
      expect(last?.state).toBe('OK');
    },
  );

  it('for standby tasks fires if none becomes ready, although launches pause longer each time', async () => {
    const system = testSystem({
      standby: { target: 1, hours: [], depth: 'browser', max: 3, maxAgeSeconds: 21_600 },
    });
    const failures: Sample[] = [];
    for (const at of minutes(30, 90)) {
      system.deps.metrics.count = (name: string, value: number, ..._dimensions: unknown[]) => {
        if (name === 'StandbyFailures') failures.push({ ...own(name, value), at: at + 0.5 });
      };
      system.now = NOW + at * 60_000;
      await keepStandby(system.deps);
    }
    expect(failures.length).toBeGreaterThan(2);
    expect(fired(run([...healthy, ...failures], 180)).map(({ name }) => name)).toEqual(['standby-failures']);
  });

  it.each([
    ['reaper', 'ActiveSessions'],
    ['reconciler', 'HeartbeatAge'],
  ])('%s-stopped fires within 16 minutes of its last run, and ends with the next', (name, metric) => {
    const samples = healthy.filter((each) => each.name !== metric || each.at < 61 || each.at > 120);
    const transitions = run(samples, 180);
    expect(fired(transitions).map((each) => each.name)).toEqual([`${name}-stopped`]);
    expect(fired(transitions)[0]?.at).toBeLessThanOrEqual(61 + 16);
    const last = transitions.findLast((transition) => transition.name === `${name}-stopped`);
    expect(last).toMatchObject({ state: 'OK' });
    expect(last?.at).toBeGreaterThan(120);
  });

  it.each([0, 3, 14].flatMap((first) => [[first, 'fills'] as const, [first, 'leaves missing'] as const]))(
    'none fires at a first deployment whose first sweep comes %i minutes after them (FILL %s)',
    (first, fill) => {
      expect(fired(run(eachMinute(first, 120, SWEEP), 120, fill))).toEqual([]);
      expect(fired(run([], 120, fill)), 'nor if no sweep ever runs').toEqual([]);
    },
  );
});

describe('notifications', () => {
  const [topicId = ''] = Object.keys(template.findResources('AWS::SNS::Topic'));
  const topicArn = `arn:test:${topicId}`;
  const [topicPolicy] = Object.values(template.findResources('AWS::SNS::TopicPolicy'));
  const [key] = Object.values(template.findResources('AWS::KMS::Key'));
  const publish = (account = ACCOUNT, secure = 'true', service = 'cloudwatch.amazonaws.com') =>
    decideForService(topicPolicy?.Properties.PolicyDocument, service, {
      action: 'sns:Publish',
      resource: topicArn,
      context: { 'aws:SourceAccount': account, 'aws:SecureTransport': secure },
    });

  it('go to the topic from every alarm that notifies', () => {
    const actions = (alarm: { AlarmActions: readonly unknown[] } | CompositeAlarm) =>
      z.array(z.string()).parse(resolved(alarm.AlarmActions));
    for (const alarm of [...alarms.metric, ...alarms.composite])
      if (alarm.AlarmActions.length > 0) expect(actions(alarm)).toEqual([topicArn]);
  });

  it('are let in by the topic’s policy, from CloudWatch of this account and over TLS only', () => {
    expect(publish()).toBe('allow');
    expect(publish('999999999999')).toBe('implicitDeny');
    expect(publish(ACCOUNT, 'false')).toBe('explicitDeny');
    expect(publish(ACCOUNT, 'true', 'events.amazonaws.com')).toBe('implicitDeny');
  });

  it.each(['kms:GenerateDataKey', 'kms:Decrypt'])('may use the topic’s key: %s', (action) => {
    const request = { action, resource: 'arn:test:key', context: { 'aws:SourceAccount': ACCOUNT } };
    expect(decideForService(key?.Properties.KeyPolicy, 'cloudwatch.amazonaws.com', request)).toBe('allow');
  });
});

describe('cost', () => {
  it('counts in cli/cost/parts.ts as many alarm metrics and composite alarms as there are', () => {
    const metrics = alarms.metric.map(
      ({ Metrics }) => Metrics?.filter(({ MetricStat }) => MetricStat).length ?? 1,
    );
    expect(metrics.reduce((sum, count) => sum + count, 0)).toBe(ALARM_METRICS);
    expect(alarms.composite.length).toBe(COMPOSITE_ALARMS);
    expect(SWEEP.length).toBe(SWEEP_METRICS);
  });
});
