/** Alarms, dashboard and runbook against what functions really emit. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { METRICS, METRICS_NAMESPACE } from '../../core/observability/metrics.ts';
import { checkEnvironment, environmentOf } from '../../infra/environments.ts';
import { samplesOf } from '../../local/runtime/metrics.ts';
import { observabilityTemplate } from './observability-stack.ts';
import { root } from './synthesized.ts';

const NAME = 'prod';
const environment = checkEnvironment({
  ...environmentOf(NAME),
  sweepMinutes: 2,
  alarms: {
    warningPercent: 70,
    criticalPercent: 90,
    userRefusals: 7,
    serverErrors: 3,
    email: 'ops@example.com',
  },
});

const template = observabilityTemplate(environment, { cluster: 'cluster', provider: 'hosts' });

const alarmSchema = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.unknown()).default([]),
  Threshold: z.number(),
  ComparisonOperator: z.string(),
  TreatMissingData: z.string(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]),
  Statistic: z.string().optional(),
  Period: z.number().optional(),
});
const alarmList = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) =>
  alarmSchema.parse(Properties),
);
const composites = Object.values(template.findResources('AWS::CloudWatch::CompositeAlarm')).map(
  ({ Properties }) =>
    z
      .object({
        AlarmName: z.string(),
        AlarmDescription: z.string(),
        AlarmActions: z.array(z.unknown()).min(1),
      })
      .parse(Properties),
);
/** Those that notify; the others are parts of composite alarms. */
const notifying = [...alarmList.filter(({ AlarmActions }) => AlarmActions.length > 0), ...composites];
const alarm = (name: string) => {
  const found = alarmList.find(({ AlarmName }) => AlarmName === `berth-${NAME}-${name}`);
  if (found === undefined) throw new Error(`no alarm ${name}`);
  return found;
};

/** As CloudWatch names a series. */
const series = (name: string, dimensions: readonly (readonly [string, string])[]): string =>
  [name, ...dimensions.map(([key, value]) => `${key}=${value}`).sort()].join(' ');

/** Each metric of Berth's own that the dashboard shows. */
const shown = (): string[] => {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const parts = z
    .object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) })
    .parse(dashboard?.Properties.DashboardBody)['Fn::Join'][1];
  const body = z
    .object({
      widgets: z.array(
        z.object({ properties: z.object({ metrics: z.array(z.array(z.unknown())).default([]) }) }),
      ),
    })
    .parse(JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'token')).join('')));
  return body.widgets
    .flatMap(({ properties }) => properties.metrics)
    .filter(([namespace]) => namespace === METRICS_NAMESPACE)
    .map(([, name, ...rest]) => {
      const words = rest.filter((word) => typeof word === 'string');
      return series(
        String(name),
        Array.from({ length: words.length / 2 }, (_, i) => [words[2 * i] ?? '', words[2 * i + 1] ?? '']),
      );
    });
};

/** The functions' own output for each metric, with any value for each of its dimensions. */
const emitted = async () => {
  vi.stubEnv('BERTH_SETTINGS', JSON.stringify({ environment: NAME }));
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'any-function');
  vi.stubEnv('POWERTOOLS_DEV', 'false');
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    lines.push(String(chunk));
    return true;
  });
  try {
    const { base } = await import('../../functions/adapters/base.ts');
    for (const [name, { dimensions }] of Object.entries(METRICS))
      Reflect.apply(base.metrics.count, undefined, [
        name,
        3,
        Object.fromEntries(dimensions.map((each) => [each, '*'])),
      ]);
  } finally {
    write.mockRestore();
  }
  return lines.flatMap((line) => samplesOf(JSON.parse(line)));
};

describe('metrics', () => {
  let samples: Awaited<ReturnType<typeof emitted>>;
  beforeAll(async () => {
    samples = await emitted();
  });

  it('are emitted under the environment and their own dimensions only, whichever function emits them', () => {
    expect(
      samples.map(({ namespace, name, dimensions, value }) => ({ namespace, name, dimensions, value })),
    ).toEqual(
      Object.entries(METRICS).map(([name, { dimensions }]) => ({
        namespace: METRICS_NAMESPACE,
        name,
        dimensions: { Environment: NAME, ...Object.fromEntries(dimensions.map((each) => [each, '*'])) },
        value: 3,
      })),
    );
  });

  it('are what alarms and dashboard look at, and all of them are shown', () => {
    const watchedSeries = alarmList
      .filter(({ Namespace }) => Namespace === METRICS_NAMESPACE)
      .map(({ MetricName, Dimensions }) =>
        series(
          String(MetricName),
          Dimensions.map(({ Name, Value }) => [Name, String(Value)]),
        ),
      );
    const known = new Set(samples.map(({ name, dimensions }) => series(name, Object.entries(dimensions))));
    const anyValue = (text: string) => text.replace(/ (Scope|Reason|Step|Task)=\S+/g, ' $1=*');
    expect(watchedSeries.length).toBeGreaterThan(8);
    expect([...watchedSeries, ...shown()].map(anyValue).filter((each) => !known.has(each))).toEqual([]);
    expect([...new Set(shown().map(anyValue))].sort()).toEqual([...known].sort());
  });
});

describe('alarms', () => {
  it('warn and call at the environment’s shares of the limit, with any limit at run time', () => {
    for (const [name, threshold] of [
      ['session-use-warning', 70],
      ['session-use-critical', 90],
    ] as const)
      expect(alarm(name)).toMatchObject({
        MetricName: 'SessionUsePercent',
        Statistic: 'Maximum',
        Period: 120,
        Threshold: threshold,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      });
    expect(alarm('user-refusals').Threshold).toBe(7);
    expect(alarm('server-errors').Threshold).toBe(3);
  });

  it('stand at 80 and 95 percent in every environment that is deployed', () => {
    for (const name of ['dev', 'staging', 'prod'])
      expect(environmentOf(name).alarms).toMatchObject({ warningPercent: 80, criticalPercent: 95 });
  });

  it('take a sweep that was not made for a fault, and silence of what happens seldom for none', () => {
    const named = (treatment: string) =>
      alarmList
        .filter(({ TreatMissingData }) => TreatMissingData === treatment)
        .map(({ AlarmName }) => AlarmName)
        .sort();
    expect(named('breaching')).toEqual(['berth-prod-reaper-silent', 'berth-prod-reconciler-silent']);
    expect(named('ignore')).toEqual(['berth-prod-reaper-established', 'berth-prod-reconciler-established']);
    expect(composites.map(({ AlarmName }) => AlarmName).sort()).toEqual([
      'berth-prod-reaper-stopped',
      'berth-prod-reconciler-stopped',
    ]);
  });

  it('all go to the topic, which is encrypted, on TLS, and open to CloudWatch of this account', () => {
    const [topicId] = Object.keys(template.findResources('AWS::SNS::Topic'));
    for (const { AlarmActions } of notifying) expect(AlarmActions).toEqual([{ Ref: topicId }]);
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
    template.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    });
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'ops@example.com',
    });
  });

  it('say what to do, and each has its section of the runbook', () => {
    const runbook = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');
    const alarmsPart = /^## Alarms$(.*?)^## /ms.exec(runbook)?.[1] ?? '';
    const sections = [...alarmsPart.matchAll(/^### (\S+)$/gm)].map(([, title]) => title);
    const names = notifying.map(({ AlarmName }) => AlarmName.slice(`berth-${NAME}-`.length));
    expect(sections.sort()).toEqual(names.sort());
    for (const { AlarmName, AlarmDescription } of notifying)
      expect(AlarmDescription).toMatch(
        new RegExp(`^.{60,} Runbook: docs/operations\\.md#${AlarmName.slice(`berth-${NAME}-`.length)}$`),
      );
  });
});
