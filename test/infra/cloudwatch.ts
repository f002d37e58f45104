/**
 * The states of alarms as CloudWatch computes them, from the alarms of a template and from samples.
 *
 * Sources: CloudWatch's user guide, "Alarm evaluation", "Configuring how CloudWatch alarms treat missing data" (the
 * evaluation range and the table of missing data), "Using metric math" (FILL) and "Composite alarms"; PutMetricAlarm
 * (alarms on AWS/DynamoDB ignore missing data regardless of their setting).
 */
import * as z from 'zod';

type AlarmStateValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

const dimensionsSchema = z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]);

const metricSchema = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: dimensionsSchema,
});
type MetricName = z.infer<typeof metricSchema>;

const queriesSchema = z.array(
  z.object({
    Id: z.string(),
    ReturnData: z.boolean().default(true),
    Expression: z.string().optional(),
    MetricStat: z.object({ Metric: metricSchema, Period: z.number(), Stat: z.string() }).optional(),
  }),
);

const metricAlarmSchema = z.object({
  AlarmName: z.string(),
  AlarmActions: z.array(z.unknown()).default([]),
  ComparisonOperator: z.enum(['GreaterThanOrEqualToThreshold', 'LessThanThreshold']),
  Threshold: z.number(),
  EvaluationPeriods: z.int(),
  DatapointsToAlarm: z.int().optional(),
  TreatMissingData: z.enum(['breaching', 'notBreaching', 'ignore', 'missing']).default('missing'),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: dimensionsSchema,
  Statistic: z.string().optional(),
  Period: z.number().optional(),
  Metrics: queriesSchema.optional(),
});
type MetricAlarm = z.infer<typeof metricAlarmSchema> & { readonly id: string };

const compositeSchema = z.object({
  AlarmName: z.string(),
  AlarmActions: z.array(z.unknown()).default([]),
  AlarmRule: z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) }),
});
export type CompositeAlarm = {
  readonly id: string;
  readonly AlarmName: string;
  readonly AlarmActions: readonly unknown[];
  /** All of them have to be in that state. */
  readonly all: readonly { readonly alarm: string; readonly state: string }[];
};

type Resources = Readonly<Record<string, { readonly Properties?: unknown }>>;

export const metricAlarmsOf = (resources: Resources): MetricAlarm[] =>
  Object.entries(resources).map(([id, { Properties }]) => ({ id, ...metricAlarmSchema.parse(Properties) }));

/** Only rules of the form `(ALARM("a") AND ALARM("b"))`; any other throws. */
export const compositeAlarmsOf = (resources: Resources): CompositeAlarm[] =>
  Object.entries(resources).map(([id, { Properties }]) => {
    const { AlarmRule, ...rest } = compositeSchema.parse(Properties);
    const text = AlarmRule['Fn::Join'][1]
      .map((part) =>
        typeof part === 'string'
          ? part
          : z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }).parse(part)['Fn::GetAtt'][0],
      )
      .join('');
    const terms = text.replace(/^\((.*)\)$/, '$1').split(' AND ');
    const all = terms.map((term) => {
      const match = /^(OK|ALARM|INSUFFICIENT_DATA)\("(\w+)"\)$/.exec(term);
      if (match?.[1] === undefined || match[2] === undefined) throw new Error(`can't evaluate ${text}`);
      return { state: match[1], alarm: match[2] };
    });
    return { id, ...rest, all };
  });

/** One value that was emitted; `at` in minutes. */
export type Sample = {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly at: number;
  readonly value: number;
};

/** Whether FILL makes values in a window without any sample. CloudWatch's documents leave it open: tests try both. */
export type FillOfNothing = 'fills' | 'leaves missing';

type Series = readonly (number | undefined)[];

/** Dimensions of a template name resources: those are identified by the resource's logical id. */
const valueText = (value: unknown): string => {
  const named = z
    .union([
      z.object({ Ref: z.string() }).transform(({ Ref }) => Ref),
      z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) }).transform((g) => g['Fn::GetAtt'][0]),
    ])
    .safeParse(value);
  return named.success ? named.data.replace(/[0-9A-F]{8}$/, '') : String(value);
};

const nameOfSeries = (namespace: string, name: string, dimensions: readonly (readonly [string, string])[]) =>
  [namespace, name, ...dimensions.map(([key, value]) => `${key}=${value}`).sort()].join(' ');

/** Dimensions as text, by a metric's list of them: each is queried at every minute. */
const dimensionTexts = new WeakMap<object, (readonly [string, string])[]>();

const seriesOfMetric = ({ Namespace, MetricName, Dimensions }: MetricName): string => {
  const known = dimensionTexts.get(Dimensions);
  const texts = known ?? Dimensions.map(({ Name, Value }) => [Name, valueText(Value)] as const);
  if (!known) dimensionTexts.set(Dimensions, texts);
  return nameOfSeries(Namespace, MetricName, texts);
};

/** Samples by series. */
type Store = ReadonlyMap<string, readonly Sample[]>;
export const storeOf = (samples: readonly Sample[]): Store =>
  Map.groupBy(samples, ({ namespace, name, dimensions }) =>
    nameOfSeries(namespace, name, Object.entries(dimensions)),
  );

const statistic = (stat: string, values: readonly number[]): number | undefined => {
  if (values.length === 0) return undefined;
  if (stat === 'Sum') return values.reduce((sum, value) => sum + value, 0);
  if (stat === 'Maximum') return Math.max(...values);
  if (stat === 'SampleCount') return values.length;
  throw new Error(`can't compute ${stat}`);
};

/** The metric's values in the `count` whole periods before `now` (minutes), oldest first. */
const seriesOf = (
  samples: Store,
  metric: MetricName,
  how: { readonly stat: string; readonly minutes: number; readonly count: number; readonly now: number },
): Series => {
  const { stat, minutes, count, now } = how;
  const end = Math.floor(now / minutes) * minutes;
  const from0 = end - count * minutes;
  const own = (samples.get(seriesOfMetric(metric)) ?? []).filter(({ at }) => at >= from0 && at < end);
  return Array.from({ length: count }, (_, i) => {
    const from = from0 + i * minutes;
    return statistic(
      stat,
      own.filter(({ at }) => at >= from && at < from + minutes).map(({ value }) => value),
    );
  });
};

/** `FILL(a, 0) + FILL(b, 0) + …`; any other expression throws. */
const sumOfFilled = (
  expression: string,
  inputs: ReadonlyMap<string, Series>,
  fill: FillOfNothing,
): Series => {
  const terms = expression.split(' + ').map((term) => {
    const series = inputs.get(/^FILL\((\w+), 0\)$/.exec(term)?.[1] ?? '');
    if (series === undefined) throw new Error(`can't evaluate ${expression}`);
    const empty = series.every((value) => value === undefined);
    return empty && fill === 'leaves missing' ? series : series.map((value) => value ?? 0);
  });
  return (terms[0] ?? []).map((_, i) => {
    const values = terms.map((series) => series[i]).filter((value) => value !== undefined);
    // If an operand of CloudWatch's sum has no data at all, the sum here omits it and does not invent a value.
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
  });
};

/** Further periods that CloudWatch looks back for samples, beyond those that it evaluates. */
const LOOK_BACK = 2;

const valuesOf = (
  alarm: MetricAlarm,
  samples: Store,
  now: number,
  fill: FillOfNothing,
): { readonly series: Series; readonly namespaces: readonly string[] } => {
  const count = alarm.EvaluationPeriods + LOOK_BACK;
  if (alarm.Metrics === undefined) {
    const metric = {
      Namespace: alarm.Namespace ?? '',
      MetricName: alarm.MetricName ?? '',
      Dimensions: alarm.Dimensions,
    };
    const minutes = (alarm.Period ?? Number.NaN) / 60;
    return {
      series: seriesOf(samples, metric, { stat: alarm.Statistic ?? '', minutes, count, now }),
      namespaces: [metric.Namespace],
    };
  }
  const inputs = new Map<string, Series>();
  for (const { Id, MetricStat } of alarm.Metrics)
    if (MetricStat)
      inputs.set(
        Id,
        seriesOf(samples, MetricStat.Metric, {
          stat: MetricStat.Stat,
          minutes: MetricStat.Period / 60,
          count,
          now,
        }),
      );
  const [returned, ...more] = alarm.Metrics.filter(({ ReturnData }) => ReturnData);
  if (returned?.Expression === undefined || more.length > 0)
    throw new Error(`${alarm.AlarmName} has to return exactly one expression`);
  return {
    series: sumOfFilled(returned.Expression, inputs, fill),
    namespaces: alarm.Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric.Namespace ?? []),
  };
};

/** The state at `now` (minutes), if it was `before` until now. */
export const stateOf = (
  alarm: MetricAlarm,
  samples: Store,
  now: number,
  before: AlarmStateValue,
  fill: FillOfNothing = 'fills',
): AlarmStateValue => {
  const { series, namespaces } = valuesOf(alarm, samples, now, fill);
  const isBreaching = (value: number) =>
    alarm.ComparisonOperator === 'LessThanThreshold' ? value < alarm.Threshold : value >= alarm.Threshold;
  const needed = alarm.DatapointsToAlarm ?? alarm.EvaluationPeriods;
  const present = series.filter((value) => value !== undefined).slice(-alarm.EvaluationPeriods);
  const breaching = present.filter(isBreaching).length;
  const missing = alarm.EvaluationPeriods - present.length;
  if (missing === 0) return breaching >= needed ? 'ALARM' : 'OK';
  const treatment = namespaces.every((each) => each === 'AWS/DynamoDB') ? 'ignore' : alarm.TreatMissingData;
  switch (treatment) {
    case 'breaching':
      return breaching + missing >= needed ? 'ALARM' : 'OK';
    case 'notBreaching':
      return breaching >= needed ? 'ALARM' : 'OK';
    case 'ignore':
      if (breaching >= needed) return 'ALARM';
      return breaching + missing < needed ? 'OK' : before;
    case 'missing':
      if (present.length === 0) return 'INSUFFICIENT_DATA';
      return breaching === present.length ? 'ALARM' : 'OK';
  }
};

type Transition = { readonly at: number; readonly name: string; readonly state: AlarmStateValue };

/** Every change of state from minute 0, when the alarms are created, to `until`, evaluated once a minute. */
export const transitionsOf = (
  alarms: { readonly metric: readonly MetricAlarm[]; readonly composite: readonly CompositeAlarm[] },
  samples: readonly Sample[],
  until: number,
  fill: FillOfNothing = 'fills',
): Transition[] => {
  const states = new Map<string, AlarmStateValue>();
  const transitions: Transition[] = [];
  const move = (
    at: number,
    { id, AlarmName: name }: { id: string; AlarmName: string },
    state: AlarmStateValue,
  ) => {
    if (states.get(id) !== state) transitions.push({ at, name, state });
    states.set(id, state);
  };
  const store = storeOf(samples);
  for (let at = 0; at <= until; at++) {
    // A composite alarm is evaluated at each change of one of its parts: also between two changes of one minute.
    for (const alarm of alarms.metric) {
      move(at, alarm, stateOf(alarm, store, at, states.get(alarm.id) ?? 'INSUFFICIENT_DATA', fill));
      for (const composite of alarms.composite)
        move(
          at,
          composite,
          composite.all.every((part) => states.get(part.alarm) === part.state) ? 'ALARM' : 'OK',
        );
    }
  }
  return transitions;
};
