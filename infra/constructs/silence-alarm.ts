import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  MathExpression,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { FIVE_MINUTES } from '../metrics.ts';

/** Periods in a row with samples after which the sender counts as established: 15 minutes. */
const ESTABLISHED_PERIODS = 3;
/** Periods in a row without one after which it counts as silent. One could be a delay of CloudWatch's own. */
const SILENT_PERIODS = 2;

type SilenceAlarmProps = {
  /** Of the alarm that notifies. */
  readonly alarmName: string;
  readonly alarmDescription: string;
  /** Names of the two alarms that it is made of. They have no actions. */
  readonly silentName: string;
  readonly establishedName: string;
  /** Counts the samples, per five minutes, of something that is sent all the time (statistic SampleCount). */
  readonly samples: Metric;
};

/**
 * An alarm on silence: samples used to arrive and stopped.
 *
 * One metric alarm can't say that. "No sample" is missing data, which has to be treated as breaching, and then the
 * alarm also fires at the first deployment, before anything could send. So there are two alarms and a rule:
 *
 *   first deployment      silent: ALARM    established: INSUFFICIENT_DATA   → OK
 *   samples arrive        silent: OK       established: INSUFFICIENT_DATA   → OK
 *   15 minutes later      silent: OK       established: ALARM               → OK
 *   samples stop          silent: ALARM    established: ALARM               → ALARM
 *   samples arrive again  silent: OK       established: ALARM               → OK
 *
 * `established` ignores missing data and no sample can take it back to OK, so it stays in ALARM once it is there. It
 * needs longer than `silent` needs to become OK, so that the two never overlap while samples begin to arrive.
 */
export class SilenceAlarm extends Construct {
  readonly alarm: CompositeAlarm;

  constructor(scope: Construct, id: string, props: SilenceAlarmProps) {
    super(scope, id);
    const silent = new Alarm(this, 'Silent', {
      alarmName: props.silentName,
      alarmDescription: `Part of ${props.alarmName}: no sample lately.`,
      // Filled, since CloudWatch looks back by some periods for a sample before it takes one for missing, which would
      // delay the alarm.
      metric: new MathExpression({
        expression: 'FILL(samples, 0)',
        label: 'Samples',
        period: FIVE_MINUTES,
        usingMetrics: { samples: props.samples },
      }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: SILENT_PERIODS,
      treatMissingData: TreatMissingData.BREACHING,
    });
    const established = new Alarm(this, 'Established', {
      alarmName: props.establishedName,
      alarmDescription: `Part of ${props.alarmName}: samples have arrived before. In ALARM in normal operation.`,
      metric: props.samples,
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: ESTABLISHED_PERIODS,
      treatMissingData: TreatMissingData.IGNORE,
    });
    this.alarm = new CompositeAlarm(this, 'Stopped', {
      compositeAlarmName: props.alarmName,
      alarmDescription: props.alarmDescription,
      alarmRule: AlarmRule.allOf(
        AlarmRule.fromAlarm(silent, AlarmState.ALARM),
        AlarmRule.fromAlarm(established, AlarmState.ALARM),
      ),
    });
  }
}
