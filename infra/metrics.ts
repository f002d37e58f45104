import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import {
  type DimensionValues,
  ENVIRONMENT_DIMENSION,
  METRICS_NAMESPACE,
  type MetricName,
} from '../core/observability/metrics.ts';

/** A metric that functions of the environment emit. */
export const berthMetric = <N extends MetricName>(
  environment: string,
  name: N,
  options: { readonly statistic: string; readonly period: Duration; readonly label?: string },
  ...dimensions: DimensionValues<N>
): Metric =>
  new Metric({
    namespace: METRICS_NAMESPACE,
    metricName: name,
    dimensionsMap: { [ENVIRONMENT_DIMENSION]: environment, ...dimensions[0] },
    ...options,
  });

export const FIVE_MINUTES = Duration.minutes(5);
