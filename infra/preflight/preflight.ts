import type { Environment } from '../environment-schema.ts';
import { checkAccountReady } from './account.ts';
import type { AwsReader } from './aws-reader.ts';
import { checkMachine, type Machine } from './machine.ts';
import type { Report } from './report.ts';

/** Checks machine and account for a deployment of `environment`. Changes nothing. */
export const preflight = async (
  environment: Environment,
  ports: {
    readonly machine: Machine;
    /** Used if the environment pins no region. */
    readonly defaultRegion: string | undefined;
    readonly readerOf: (region: string) => AwsReader;
  },
): Promise<Report> => {
  const region = environment.region ?? ports.defaultRegion;
  const [machine, account] = await Promise.all([
    checkMachine(ports.machine, environment),
    checkAccountReady(environment, region, ports.readerOf),
  ]);
  return {
    environment: environment.name,
    account: account.account,
    region,
    findings: [...machine, ...account.findings],
  };
};
