/** The requirements of an AWS account for an environment to be deployed and to reach its limit. */
import { messageOfError } from '../../contract/message-of-error.ts';
import { LEAST_UNRESERVED, reservedSum } from '../concurrency-schema.ts';
import { type Environment, hasHosts, sizesOf } from '../environment-schema.ts';
import { namesOf } from '../names.ts';
import type { AwsReader, Quota } from './aws-reader.ts';
import { type Check, increase } from './check.ts';
import { type Finding, missing, note, ok, unknown } from './finding.ts';
import { NETWORK_CHECKS } from './network.ts';
import { tasksAtMost, taskWords } from './tasks.ts';

/** aws-cdk-lib's DefaultStackSynthesizer asks for it (MIN_BOOTSTRAP_STACK_VERSION). */
const BOOTSTRAP_VERSION = 6;
const BOOTSTRAP_QUALIFIER = 'hnb659fds';

const VCPU_QUOTAS: Readonly<Record<Environment['task']['capacity'][number], Quota>> = {
  FARGATE: { service: 'fargate', code: 'L-3032A538', name: 'Fargate On-Demand vCPU resource count' },
  EC2: { service: 'ec2', code: 'L-1216C47A', name: 'Running On-Demand Standard instances' },
  FARGATE_SPOT: { service: 'fargate', code: 'L-36FBB829', name: 'Fargate Spot vCPU resource count' },
};
const LAMBDA_CODE = 'L-B99A9384';
/** The SDK adds lines for developers below the first. */
const reasonOf = (error: unknown): string => messageOfError(error).split('\n')[0] ?? '';

const bootstrap: Check = {
  id: 'bootstrap',
  run: async ({ aws, account, region }) => {
    const version = await aws.bootstrapVersion(BOOTSTRAP_QUALIFIER);
    const command = `npx cdk bootstrap aws://${account}/${region}`;
    if (version === undefined)
      return missing('bootstrap', `The CDK has not been bootstrapped in ${account}, ${region}.`, command);
    if (!(version >= BOOTSTRAP_VERSION))
      return missing(
        'bootstrap',
        `The CDK's bootstrap stack is version ${version}; ${BOOTSTRAP_VERSION} is needed.`,
        command,
      );
    return ok('bootstrap', `The CDK is bootstrapped (version ${version}).`);
  },
};

const ecsRole: Check = {
  id: 'ecs-role',
  run: async ({ aws }) =>
    (await aws.hasRole('AWSServiceRoleForECS'))
      ? ok('ecs-role', 'The service-linked role of ECS is there.')
      : missing(
          'ecs-role',
          'The account has no service-linked role of ECS. The first deployment would race its creation.',
          'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com',
        ),
};

/** Hosts that sessions share: the quota is of vCPUs, all hosts together. The size of an instance is not looked up. */
const hosts: Check = {
  id: 'hosts-vcpu',
  run: async ({ aws, environment }) => {
    const { instanceType, most } = environment.task.hosts;
    const value = await aws.quota(VCPU_QUOTAS.EC2);
    if (value === undefined)
      return unknown('hosts-vcpu', `AWS reports no value for "${VCPU_QUOTAS.EC2.name}".`);
    return note(
      'hosts-vcpu',
      `${VCPU_QUOTAS.EC2.name}: ${value} vCPU. ${most} hosts of the type ${instanceType} must fit into it.`,
    );
  },
};

/** A session, a standby task, a session that a rollout moves: each takes a task. The providers of `task.capacity` are tried in order, so their quotas add up. */
const fargate: Check = {
  id: 'fargate-vcpu',
  run: async ({ aws, environment, region }) => {
    const vcpu = sizesOf(environment.task)[environment.settings.size].cpu / 1024;
    const needed = tasksAtMost(environment);
    const quotas = await Promise.all(
      environment.task.capacity
        .filter((provider) => provider !== 'EC2')
        .map(async (provider) => ({
          provider,
          quota: VCPU_QUOTAS[provider],
          value: await aws.quota(VCPU_QUOTAS[provider]),
        })),
    );
    if (quotas.length === 0)
      return note('fargate-vcpu', 'Sessions run on hosts only: Fargate is no provider.');
    const unread = quotas.find(({ value }) => value === undefined);
    if (unread) return unknown('fargate-vcpu', `AWS reports no value for "${unread.quota.name}".`);
    const tasks = quotas.reduce((sum, { value = 0 }) => sum + Math.floor(value / vcpu), 0);
    const quotaList = quotas.map(({ provider, value = 0 }) => `${provider} ${value} vCPU`).join(', ');
    if (tasks >= needed.all) {
      const { max } = environment.settings.standby;
      const room = tasks - needed.all + needed.standby;
      return ok(
        'fargate-vcpu',
        `${quotaList}: enough for ${taskWords(needed)} of ${vcpu} vCPU each, if nothing else uses them.${
          room < max ? ` A standby target above ${room} would not fit; settings.standby.max is ${max}.` : ''
        }`,
      );
    }
    // The last of the list is the one that has capacity at all times.
    const last = quotas.at(-1)?.quota ?? VCPU_QUOTAS.FARGATE;
    return missing(
      'fargate-vcpu',
      `${quotaList}: ${tasks} tasks of ${vcpu} vCPU can run at once, and ${needed.all} may be needed: ${taskWords(needed)}. ${
        tasks < needed.sessions
          ? `Session ${tasks + 1} would fail to start.`
          : 'All sessions fit; standby tasks and rollouts would fail to start beside them.'
      }`,
      increase(last, Math.ceil(needed.all * vcpu), region),
    );
  },
};

const LAMBDA: Quota = { service: 'lambda', code: LAMBDA_CODE, name: 'Concurrent executions' };

/** The least that an event source can be limited to. */
const LEAST_LIVE = 2;

/** The settings that fit an account with so few executions, as the operator's file takes it. */
const smallConcurrency = ({ name, concurrency }: Environment, account: number): string =>
  JSON.stringify({
    environments: {
      [name]: {
        concurrency: {
          account,
          reserved: false,
          deliveries: Math.max(2, Math.min(concurrency.deliveries, Math.floor(account / 2))),
          live: LEAST_LIVE,
        },
      },
    },
  });

const lambda: Check = {
  id: 'lambda-concurrency',
  run: async ({ aws, environment, region }) => {
    const { concurrency } = environment;
    const found = await aws.lambdaConcurrency();
    if (found === undefined)
      return unknown('lambda-concurrency', 'AWS reports no value for Lambda’s concurrency.');
    const { limit, unreserved } = found;
    if (limit < concurrency.account)
      return missing(
        'lambda-concurrency',
        `${limit} functions can run at once in the region, and concurrency.account of ${environment.name} says ${concurrency.account}. Ask for more, or, with less protection against floods, in berth.config.json: ${smallConcurrency(environment, limit)}`,
        increase(LAMBDA, Math.max(1000, concurrency.account), region),
      );
    const wanted = reservedSum(concurrency);
    if (wanted > 0 && unreserved !== undefined) {
      const handlers = Object.keys(concurrency.reserved);
      const own = await Promise.all(
        handlers.map((handler) => aws.reservedConcurrency(namesOf(environment).function(handler))),
      );
      const left = unreserved + own.reduce((sum, each) => sum + each, 0) - wanted;
      if (left < LEAST_UNRESERVED)
        return missing(
          'lambda-concurrency',
          `Functions of other applications have reserved so much that ${left} executions would be left beside the ${wanted} of ${environment.name}, and Lambda demands ${LEAST_UNRESERVED}. The deployment would fail. Ask for more, or in berth.config.json: ${smallConcurrency(environment, limit)}`,
          increase(LAMBDA, limit + LEAST_UNRESERVED - left, region),
        );
    }
    if (limit >= LEAST_UNRESERVED)
      return ok(
        'lambda-concurrency',
        `${limit} functions can run at once in the region, other applications included; ${environment.name} reserves ${wanted === 0 ? 'none' : wanted} of them.`,
      );
    return missing(
      'lambda-concurrency',
      `Only ${limit} functions can run at once in the region (a new account). A few dashboards and long polls use them up, and then nothing responds.`,
      increase(LAMBDA, 1000, region),
    );
  },
};

/** Left by a first deployment that failed: CloudFormation can't update it. */
const FAILED = ['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED', 'CREATE_FAILED'];

const stacks: Check = {
  id: 'stacks',
  run: async ({ aws, environment, region }) => {
    const names = ['data', 'network', 'app'].map((stack) => `berth-${environment.name}-${stack}`);
    const found = await Promise.all(
      names.map(async (name) => ({ name, status: await aws.stackStatus(name) })),
    );
    const failed = found.filter(({ status }) => status !== undefined && FAILED.includes(status));
    if (failed.length > 0)
      return failed.map(({ name, status }) =>
        missing(
          'stacks',
          `${name} is in ${status}; the next deployment is refused until it is deleted.`,
          `aws cloudformation delete-stack --stack-name ${name} --region ${region}`,
        ),
      );
    const busy = found.find(({ status }) => status?.endsWith('_IN_PROGRESS'));
    if (busy) return note('stacks', `${busy.name} is in ${busy.status}; wait until it has ended.`);
    const there = found.filter(({ status }) => status !== undefined).length;
    return ok(
      'stacks',
      there === 0 ? 'Nothing is deployed yet.' : `${there} of ${names.length} stacks are deployed.`,
    );
  },
};

const CHECKS: readonly Check[] = [bootstrap, ecsRole, fargate, lambda, ...NETWORK_CHECKS, stacks];

/** The account of the credentials, compared with the account that the environment belongs to. */
const identityFindings = (environment: Environment, account: string, arn: string): Finding[] => {
  const credentials = ok('credentials', `${arn}`);
  if (environment.account === undefined)
    return [
      credentials,
      note(
        'account',
        `${environment.name} is not pinned to an account: any credentials deploy it. In berth.config.json: {"environments": {"${environment.name}": {"account": "${account}"}}}`,
      ),
    ];
  if (environment.account === account)
    return [credentials, ok('account', `${environment.name} belongs to ${account}.`)];
  return [
    credentials,
    missing(
      'account',
      `${environment.name} belongs to the account ${environment.account}, and the credentials are of ${account}. A deployment is refused.`,
      'export AWS_PROFILE=<profile of that account>',
    ),
  ];
};

const noCredentials = (error: unknown): Finding =>
  missing(
    'credentials',
    `No valid AWS credentials: ${reasonOf(error)}`,
    'aws configure sso    # or: aws sso login, or export AWS_PROFILE=<profile>',
  );

/** One finding or more for each check; a check that can't be made is `unknown` and stops no other. */
export const checkAccountReady = async (
  environment: Environment,
  region: string | undefined,
  readerOf: (region: string) => AwsReader,
): Promise<{ readonly account: string | undefined; readonly findings: readonly Finding[] }> => {
  if (region === undefined)
    return {
      account: undefined,
      findings: [
        missing(
          'region',
          `No region: ${environment.name} pins none, and AWS_REGION is not set.`,
          'export AWS_REGION=eu-central-1    # or "region" in berth.config.json',
        ),
      ],
    };
  const checks = hasHosts(environment.task) ? [...CHECKS, hosts] : CHECKS;
  const pinned = environment.region === undefined ? 'AWS_REGION; not pinned' : 'pinned';
  const regionFinding = ok('region', `${region} (${pinned}).`);
  const aws = readerOf(region);
  const identity = await aws.identity().catch((error: unknown) => ({ error }));
  if ('error' in identity) {
    const rest = checks.map(({ id }) => unknown(id, 'Not checked: there are no credentials.'));
    return { account: undefined, findings: [noCredentials(identity.error), regionFinding, ...rest] };
  }
  const { account, arn } = identity;
  const findings = identityFindings(environment, account, arn);
  if (environment.account !== undefined && environment.account !== account) {
    const rest = checks.map(({ id }) => unknown(id, `Not checked: ${account} is another account.`));
    return { account, findings: [...findings, regionFinding, ...rest] };
  }
  const checked = await Promise.all(
    checks.map(async ({ id, run }) => {
      try {
        return await run({ environment, account, region, aws });
      } catch (error) {
        return unknown(id, `AWS did not respond: ${reasonOf(error)}`);
      }
    }),
  );
  return { account, findings: [...findings, regionFinding, ...checked.flat()] };
};
