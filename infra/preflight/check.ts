import type { Environment } from '../environment-schema.ts';
import type { AwsReader, Quota } from './aws-reader.ts';
import type { Finding } from './finding.ts';

/** The account and region of the checks. */
type PreflightContext = {
  readonly environment: Environment;
  readonly account: string;
  readonly region: string;
  readonly aws: AwsReader;
};

export type Check = {
  readonly id: string;
  readonly run: (context: PreflightContext) => Promise<Finding | Finding[]>;
};

/** The command that asks AWS for a higher quota. */
export const increase = (
  { service, code }: Pick<Quota, 'service' | 'code'>,
  value: number,
  region: string,
): string =>
  `aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${value} --region ${region}`;
