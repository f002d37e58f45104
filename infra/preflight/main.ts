/** `npm run preflight -- --env dev`, also `npx berth aws check --env dev`. */
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import * as z from 'zod';
import { BadEnvironment, environmentOf } from '../environments.ts';
import { loadOperatorConfig } from '../operator-config.ts';
import { awsReader } from './aws-reader.ts';
import { thisMachine } from './machine.ts';
import { preflight } from './preflight.ts';
import { asJson, asText, exitCodeOf } from './report.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** The call was wrong. */
const USAGE = 2;

const optionsSchema = z.object({
  env: z.string(),
  config: z.string().optional(),
  arch: z.string().optional(),
  settings: z.string().optional(),
  json: z.boolean().default(false),
});

const program = new Command('preflight')
  .description(
    'Reads the AWS account and this machine, and reports what a deployment of an environment lacks: credentials, account\n' +
      'and region, the CDK’s bootstrap, the service-linked role of ECS, quotas of Fargate, Lambda and the network, a\n' +
      'container engine for the tasks’ platform, disk, Node. Each finding comes with the command that mends it.\n' +
      'It only reads: nothing is changed.',
  )
  .requiredOption('--env <name>', 'dev, staging, prod, or an environment of your config file')
  .option('--config <path>', 'your config file (default: berth.config.ts, .mjs or .json beside cdk.json)')
  .option('--arch <ARM64|X86_64>', 'of the tasks, as -c arch= of the deployment')
  .option('--settings <json>', 'as -c settings= of the deployment')
  .option('--json', 'for programs')
  .addHelpText(
    'after',
    '\nExit code: 0 ready, 1 something is missing or cannot be determined, 2 the call was wrong.\n\n' +
      'Credentials are found as the AWS command line finds them (AWS_PROFILE, AWS_ACCESS_KEY_ID, aws sso login …).\n' +
      'Permissions: sts:GetCallerIdentity, ssm:GetParameter, iam:GetRole, servicequotas:GetServiceQuota,\n' +
      'servicequotas:GetAWSDefaultServiceQuota, lambda:GetAccountSettings, cloudformation:DescribeStacks,\n' +
      'ec2:DescribeAvailabilityZones; with a VPC of your own also ec2:DescribeSubnets, ec2:DescribeRouteTables and\n' +
      'ec2:DescribeVpcEndpoints, with a domain acm:DescribeCertificate.\n',
  )
  .exitOverride();

const main = async (): Promise<number> => {
  program.parse();
  const { env, json, ...options } = optionsSchema.parse(program.opts());
  const environment = environmentOf(env, {
    config: await loadOperatorConfig(
      ROOT,
      options.config === undefined ? undefined : resolve(options.config),
    ),
    arch: options.arch,
    settings: options.settings,
  });
  if (env === 'local') throw new BadEnvironment('local runs on this machine: npm start. It is not deployed.');
  const report = await preflight(environment, {
    machine: thisMachine(ROOT),
    defaultRegion: process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION,
    readerOf: awsReader,
  });
  console.log(json ? asJson(report) : asText(report));
  return exitCodeOf(report);
};

try {
  process.exitCode = await main();
} catch (error) {
  // Commander has printed its own message.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  else if (error instanceof BadEnvironment) {
    console.error(`preflight: ${error.message}`);
    process.exitCode = USAGE;
  } else throw error;
}
