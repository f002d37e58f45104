/**
 * Every finding of preflight, provoked once through the real SDK clients with their calls answered here. (Against
 * moto's own answers: npm run preflight:moto.)
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACMClient, DescribeCertificateCommand } from '@aws-sdk/client-acm';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeAvailabilityZonesCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkEnvironment, type Environment, environmentOf } from '../../infra/environments.ts';
import { awsReader, NotReadOnly, reading } from '../../infra/preflight/aws-reader.ts';
import type { Finding } from '../../infra/preflight/finding.ts';
import type { Machine } from '../../infra/preflight/machine.ts';
import { preflight } from '../../infra/preflight/preflight.ts';
import { asJson, asText, exitCodeOf, type Report } from '../../infra/preflight/report.ts';
import { runCli } from '../unit/cli/run-cli.ts';
import { root } from './synthesized.ts';

const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';
const VPC = {
  id: 'vpc-01234567',
  taskSubnets: ['subnet-0123456a'],
  commandSubnets: ['subnet-0123456b'],
};

const DOMAIN = {
  name: 'api.example.com',
  certificateArn: `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/0b1c2d3e`,
};

const acm = mockClient(ACMClient);
const sts = mockClient(STSClient);
const ssm = mockClient(SSMClient);
const iam = mockClient(IAMClient);
const quotas = mockClient(ServiceQuotasClient);
const lambda = mockClient(LambdaClient);
const cloudFormation = mockClient(CloudFormationClient);
const ec2 = mockClient(EC2Client);
const mocks = { acm, sts, ssm, iam, quotas, lambda, cloudFormation, ec2 };

const named = (name: string, message = name) => Object.assign(new Error(message), { name });
const quota = (code: string, value: number) =>
  quotas.on(GetServiceQuotaCommand, { QuotaCode: code }).resolves({ Quota: { Value: value } });

/** An account that is ready for ten sessions of dev. */
beforeEach(() => {
  for (const mock of Object.values(mocks)) mock.reset();
  sts
    .on(GetCallerIdentityCommand)
    .resolves({ Account: ACCOUNT, Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/ops/me` });
  ssm.on(GetParameterCommand).resolves({ Parameter: { Value: '30' } });
  iam.on(GetRoleCommand).resolves({});
  quota('L-3032A538', 100);
  quota('L-36FBB829', 100);
  quota('L-DF5E4CA3', 5000);
  lambda
    .on(GetAccountSettingsCommand)
    .resolves({ AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 1000 } });
  lambda.on(GetFunctionConcurrencyCommand).rejects(named('ResourceNotFoundException'));
  cloudFormation
    .on(DescribeStacksCommand)
    .rejects(named('ValidationError', 'Stack with id x does not exist'));
  ec2
    .on(DescribeAvailabilityZonesCommand)
    .resolves({ AvailabilityZones: [{ ZoneName: 'eu-central-1a' }, { ZoneName: 'eu-central-1b' }] });
  ec2.on(DescribeSubnetsCommand).resolves({
    Subnets: [
      { SubnetId: VPC.taskSubnets[0], VpcId: VPC.id, AvailableIpAddressCount: 200 },
      { SubnetId: VPC.commandSubnets[0], VpcId: VPC.id, AvailableIpAddressCount: 200 },
    ],
  });
  ec2.on(DescribeRouteTablesCommand).resolves({
    RouteTables: [
      {
        VpcId: VPC.id,
        Associations: [{ Main: true }],
        Routes: [{ DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-1' }],
      },
    ],
  });
  acm
    .on(DescribeCertificateCommand)
    .resolves({ Certificate: { Status: 'ISSUED', SubjectAlternativeNames: ['*.example.com'] } });
  ec2.on(DescribeVpcEndpointsCommand).resolves({
    VpcEndpoints: [
      { ServiceName: 'com.amazonaws.eu-central-1.s3' },
      { ServiceName: 'com.amazonaws.eu-central-1.dynamodb' },
    ],
  });
});

const PINNED_IMAGES = `ARG NODE_IMAGE=node:1@sha256:${'a'.repeat(64)}\n`;
const machine: Machine = {
  nodeVersion: '24.21.0',
  platform: 'linux',
  arch: 'x64',
  engine: 'docker',
  run: async () => '28.2.2\n',
  emulates: () => false,
  freeBytes: async () => 50 * 1024 ** 3,
  dockerfile: async () => PINNED_IMAGES,
};

const dev = (changes: object = {}): Environment =>
  checkEnvironment({
    ...environmentOf('dev', { arch: 'x64' }),
    account: ACCOUNT,
    region: REGION,
    ...changes,
  });
const check = (
  environment: Environment = dev(),
  on: Partial<Machine> = {},
  defaultRegion: string | undefined = undefined,
): Promise<Report> =>
  preflight(environment, { machine: { ...machine, ...on }, defaultRegion, readerOf: awsReader });
const found = ({ findings }: Report, id: string): Finding => {
  const [finding, ...others] = findings.filter((each) => each.id === id);
  if (finding === undefined || others.length > 0) throw new Error(`not one finding ${id}`);
  return finding;
};

describe('an account and a machine that are ready', () => {
  it('get a message that says so, and the exit code is 0', async () => {
    const report = await check();
    expect(report.findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(exitCodeOf(report)).toBe(0);
    expect(asText(report)).toContain(`Preflight of dev in ${ACCOUNT}, ${REGION}. Nothing is changed.`);
    expect(asText(report)).toMatch(/\nReady to deploy\.$/);
    expect(JSON.parse(asJson(report))).toMatchObject({ verdict: 'ready', account: ACCOUNT, region: REGION });
  });

  it('with their own domain and VPC too', async () => {
    const report = await check(dev({ network: { vpc: VPC }, domain: DOMAIN }));
    expect(report.findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(found(report, 'certificate').message).toBe('The certificate of api.example.com is issued.');
  });

  it('stay as they are: every call is one that reads', async () => {
    await check(dev({ network: { vpc: VPC }, domain: DOMAIN }));
    await check();
    const names = Object.values(mocks).flatMap((mock) =>
      mock.calls().map(({ args: [command] }) => command.constructor.name),
    );
    expect(new Set(names).size).toBeGreaterThanOrEqual(9);
    expect(names.filter((name) => !/^(Get|List|Describe)/.test(name))).toEqual([]);
    expect(() => reading(new CreateStackCommand({ StackName: 'x' }))).toThrow(NotReadOnly);
    const sources = readdirSync(join(root, 'infra/preflight')).map((file) =>
      readFileSync(join(root, 'infra/preflight', file), 'utf8'),
    );
    const sends = sources.join('\n').match(/\.send\(\s*\w*/g) ?? [];
    expect(sends.length).toBeGreaterThan(9);
    expect(
      sends.every((send) => send.endsWith('reading')),
      'every call passes the guard',
    ).toBe(true);
  });
});

describe('what is missing in the account', () => {
  const cases: [string, string, () => void, object, RegExp, string | undefined][] = [
    [
      'no credentials',
      'credentials',
      () =>
        sts
          .on(GetCallerIdentityCommand)
          .rejects(named('CredentialsProviderError', 'Could not load credentials')),
      {},
      /^No valid AWS credentials: Could not load credentials$/,
      'aws configure sso    # or: aws sso login, or export AWS_PROFILE=<profile>',
    ],
    [
      'another account',
      'account',
      () => sts.on(GetCallerIdentityCommand).resolves({ Account: '999999999999', Arn: 'arn' }),
      {},
      /^dev belongs to the account 123456789012, and the credentials are of 999999999999\. A deployment is refused\.$/,
      'export AWS_PROFILE=<profile of that account>',
    ],
    [
      'no bootstrap',
      'bootstrap',
      () => ssm.on(GetParameterCommand).rejects(named('ParameterNotFound')),
      {},
      /has not been bootstrapped/,
      `npx cdk bootstrap aws://${ACCOUNT}/${REGION}`,
    ],
    [
      'an old bootstrap',
      'bootstrap',
      () => ssm.on(GetParameterCommand).resolves({ Parameter: { Value: '5' } }),
      {},
      /is version 5; 6 is needed/,
      `npx cdk bootstrap aws://${ACCOUNT}/${REGION}`,
    ],
    [
      'no service-linked role',
      'ecs-role',
      () => iam.on(GetRoleCommand).rejects(named('NoSuchEntityException')),
      {},
      /no service-linked role of ECS/,
      'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com',
    ],
    [
      'the default quota of vCPUs: Spot and on demand together are below the limit',
      'fargate-vcpu',
      () => {
        quota('L-3032A538', 1);
        quotas
          .on(GetServiceQuotaCommand, { QuotaCode: 'L-36FBB829' })
          .rejects(named('NoSuchResourceException'));
        quotas.on(GetAWSDefaultServiceQuotaCommand).resolves({ Quota: { Value: 1 } });
      },
      {},
      /^FARGATE_SPOT 1 vCPU, FARGATE 1 vCPU: 8 tasks of 0\.25 vCPU can run at once, and 15 may be needed: 10 sessions, 0 standby tasks and 5 tasks of a rollout\. Session 9 would fail to start\.$/,
      `aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 4 --region ${REGION}`,
    ],
    [
      'a quota that is enough for the sessions, and not for standby tasks and a rollout beside them',
      'fargate-vcpu',
      () => {
        quota('L-3032A538', 2);
        quota('L-36FBB829', 2);
      },
      {
        settings: {
          ...environmentOf('dev').settings,
          standby: { target: 1, hours: [{ from: 7, to: 19, target: 6 }], max: 10, maxAgeSeconds: 3600 },
        },
      },
      /: 16 tasks of 0\.25 vCPU can run at once, and 21 may be needed: 10 sessions, 6 standby tasks and 5 tasks of a rollout\. All sessions fit; standby tasks and rollouts would fail to start beside them\.$/,
      `aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 6 --region ${REGION}`,
    ],
    [
      'a new account’s ten functions',
      'lambda-concurrency',
      () => lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 10 } }),
      {},
      /^Only 10 functions can run at once/,
      `aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000 --region ${REGION}`,
    ],
    [
      'fewer function executions than the environment counts on',
      'lambda-concurrency',
      () => lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 400 } }),
      { concurrency: environmentOf('prod').concurrency },
      /^400 functions can run at once in the region, and concurrency\.account of dev says 1000\./,
      `aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000 --region ${REGION}`,
    ],
    [
      'executions that other applications have reserved',
      'lambda-concurrency',
      () =>
        lambda
          .on(GetAccountSettingsCommand)
          .resolves({ AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 550 } }),
      { concurrency: environmentOf('prod').concurrency },
      /so much that 48 executions would be left beside the 502 of dev/,
      `aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1052 --region ${REGION}`,
    ],
    [
      'few network interfaces',
      'network-interfaces',
      () => quota('L-DF5E4CA3', 20),
      {},
      /^20 network interfaces; 65 are needed/,
      `aws service-quotas request-service-quota-increase --service-code vpc --quota-code L-DF5E4CA3 --desired-value 65 --region ${REGION}`,
    ],
    [
      'too few zones',
      'zones',
      () => {},
      { network: { zones: 3 } },
      /has 2 zones and network.zones is 3/,
      undefined,
    ],
    [
      'a zone that is not there',
      'zones',
      () => {},
      { network: { zones: ['eu-central-1c'] } },
      /has no zone eu-central-1c; it has eu-central-1a, eu-central-1b/,
      undefined,
    ],
    [
      'subnets without a way out',
      'vpc',
      () => ec2.on(DescribeRouteTablesCommand).resolves({ RouteTables: [] }),
      { network: { vpc: VPC } },
      /^subnet-0123456a has no route to an internet gateway/,
      undefined,
    ],
    [
      'a subnet of another VPC',
      'vpc',
      () =>
        ec2.on(DescribeSubnetsCommand).resolves({
          Subnets: [
            { SubnetId: VPC.taskSubnets[0], VpcId: VPC.id, AvailableIpAddressCount: 200 },
            { SubnetId: VPC.commandSubnets[0], VpcId: 'vpc-0fffffff', AvailableIpAddressCount: 200 },
          ],
        }),
      { network: { vpc: VPC } },
      /^subnet-0123456b is of vpc-0fffffff, not of vpc-01234567\.$/,
      undefined,
    ],
    [
      'few addresses',
      'vpc',
      () =>
        ec2.on(DescribeSubnetsCommand).resolves({
          Subnets: [{ SubnetId: VPC.taskSubnets[0], VpcId: VPC.id, AvailableIpAddressCount: 11 }],
        }),
      { network: { vpc: VPC } },
      /^The task subnets have 6 free addresses, and 15 may be needed: 10 sessions, /,
      undefined,
    ],
    [
      'a VPC without an endpoint',
      'vpc',
      () =>
        ec2
          .on(DescribeVpcEndpointsCommand)
          .resolves({ VpcEndpoints: [{ ServiceName: 'com.amazonaws.eu-central-1.s3' }] }),
      { network: { vpc: VPC } },
      /no gateway endpoint for dynamodb/,
      `aws ec2 create-vpc-endpoint --vpc-id ${VPC.id} --service-name com.amazonaws.${REGION}.dynamodb --route-table-ids <of ${VPC.commandSubnets[0]}> --region ${REGION}`,
    ],
    [
      'a certificate that is not there',
      'certificate',
      () => acm.on(DescribeCertificateCommand).rejects(named('ResourceNotFoundException')),
      { domain: DOMAIN },
      /^There is no certificate arn:aws:acm:/,
      `aws acm request-certificate --domain-name ${DOMAIN.name} --validation-method DNS --region ${REGION}`,
    ],
    [
      'a certificate that is not validated',
      'certificate',
      () => acm.on(DescribeCertificateCommand).resolves({ Certificate: { Status: 'PENDING_VALIDATION' } }),
      { domain: DOMAIN },
      /is PENDING_VALIDATION, not ISSUED/,
      `aws acm describe-certificate --certificate-arn ${DOMAIN.certificateArn} --region ${REGION}`,
    ],
    [
      'a certificate for another name',
      'certificate',
      () =>
        acm.on(DescribeCertificateCommand).resolves({
          Certificate: { Status: 'ISSUED', SubjectAlternativeNames: ['*.example.org', 'example.com'] },
        }),
      { domain: DOMAIN },
      /^The certificate is for \*\.example\.org, example\.com, not for api\.example\.com\.$/,
      undefined,
    ],
    [
      'a first deployment that failed',
      'stacks',
      () =>
        cloudFormation.on(DescribeStacksCommand, { StackName: 'berth-dev-app' }).resolves({
          Stacks: [{ StackName: 'x', CreationTime: new Date(0), StackStatus: 'ROLLBACK_COMPLETE' }],
        }),
      {},
      /^berth-dev-app is in ROLLBACK_COMPLETE/,
      `aws cloudformation delete-stack --stack-name berth-dev-app --region ${REGION}`,
    ],
  ];

  it.each(cases)('%s', async (_case, id, provoke, changes, message, command) => {
    provoke();
    const report = await check(dev(changes));
    expect(found(report, id)).toEqual({
      id,
      status: 'missing',
      message: expect.stringMatching(message),
      ...(command !== undefined && { command }),
    });
    expect(exitCodeOf(report)).toBe(1);
    if (command !== undefined) expect(asText(report)).toContain(`\n${' '.repeat(31)}$ ${command}\n`);
  });

  it('checks nothing else in another account, and without credentials', async () => {
    sts.on(GetCallerIdentityCommand).resolves({ Account: '999999999999', Arn: 'arn' });
    expect(found(await check(), 'bootstrap')).toMatchObject({
      status: 'unknown',
      message: expect.stringMatching(/another account/),
    });
    expect(ssm.calls()).toEqual([]);
  });

  it('no region', async () => {
    const { region: _region, ...unpinned } = dev();
    const report = await check(unpinned);
    expect(found(report, 'region')).toMatchObject({
      status: 'missing',
      command: expect.stringMatching(/^export AWS_REGION=/),
    });
    expect(found(await check(unpinned, {}, 'us-east-1'), 'region').message).toBe(
      'us-east-1 (AWS_REGION; not pinned).',
    );
  });
});

describe('the concurrency of functions', () => {
  const reserving = () => dev({ concurrency: environmentOf('prod').concurrency });

  it('says the very setting that fits a small account', async () => {
    lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 10 } });
    const { message } = found(await check(reserving()), 'lambda-concurrency');
    const [, setting = ''] = /in berth\.config\.json: (\{.*\})$/.exec(message) ?? [];
    const { concurrency } = JSON.parse(setting).environments.dev;
    expect(concurrency).toEqual({ account: 10, reserved: false, deliveries: 5, live: 2 });
    const after = await check(dev({ concurrency }));
    expect(found(after, 'lambda-concurrency').message).toMatch(/^Only 10 functions/);
  });

  it('does not count the environment’s own reservations twice', async () => {
    lambda
      .on(GetAccountSettingsCommand)
      .resolves({ AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 498 } });
    lambda
      .on(GetFunctionConcurrencyCommand, { FunctionName: 'berth-dev-worker-api' })
      .resolves({ ReservedConcurrentExecutions: 300 })
      .on(GetFunctionConcurrencyCommand, { FunctionName: 'berth-dev-authorizer' })
      .resolves({ ReservedConcurrentExecutions: 200 })
      .on(GetFunctionConcurrencyCommand, { FunctionName: 'berth-dev-reaper' })
      .resolves({ ReservedConcurrentExecutions: 2 });
    expect(found(await check(reserving()), 'lambda-concurrency').status).toBe('ok');
  });
});

describe('a value that cannot be determined', () => {
  it('is reported with its reason, and hides nothing else', async () => {
    iam.on(GetRoleCommand).rejects(named('AccessDenied', 'not authorized to perform: iam:GetRole\nmore'));
    quotas.on(GetServiceQuotaCommand).rejects(named('AccessDeniedException', 'not authorized'));
    lambda.on(GetAccountSettingsCommand).resolves({});
    const report = await check();
    expect(found(report, 'ecs-role')).toEqual({
      id: 'ecs-role',
      status: 'unknown',
      message: 'AWS did not respond: not authorized to perform: iam:GetRole',
    });
    for (const id of ['fargate-vcpu', 'network-interfaces', 'lambda-concurrency'])
      expect(found(report, id).status).toBe('unknown');
    expect(found(report, 'bootstrap').status).toBe('ok');
    expect(exitCodeOf(report)).toBe(1);
    expect(asText(report)).toContain(
      'Nothing is known to be missing, but not everything could be determined.',
    );
  });
});

describe('notes', () => {
  it('an account that is not pinned, with the line that pins it', async () => {
    const { account: _account, ...unpinned } = dev();
    const report = await check(unpinned);
    expect(found(report, 'account')).toMatchObject({
      status: 'note',
      message: expect.stringMatching(/"account": "123456789012"/),
    });
    expect(exitCodeOf(report)).toBe(0);
  });

  it('a stack that is being changed', async () => {
    cloudFormation.on(DescribeStacksCommand, { StackName: 'berth-dev-data' }).resolves({
      Stacks: [{ StackName: 'x', CreationTime: new Date(0), StackStatus: 'UPDATE_IN_PROGRESS' }],
    });
    expect(found(await check(), 'stacks')).toMatchObject({
      status: 'note',
      message: expect.stringMatching(/UPDATE_IN_PROGRESS/),
    });
  });
});

describe('the machine', () => {
  const docker = { run: () => Promise.reject(new Error('spawn docker ENOENT')) };
  const podman = {
    run: (program: string) =>
      program === 'podman' ? Promise.resolve('5.4.0\n') : Promise.reject(new Error('no')),
  };
  const arm = { task: { ...environmentOf('dev').task, architecture: 'ARM64' } };
  const cases: [string, string, Partial<Machine>, object, Finding['status'], RegExp, RegExp | undefined][] = [
    ['an old Node', 'node', { nodeVersion: '20.20.2' }, {}, 'missing', /^Node 20\.20\.2 can't run/, /n 24/],
    [
      'no engine',
      'container-engine',
      docker,
      {},
      'missing',
      /^docker does not respond/,
      /^sudo systemctl start docker/,
    ],
    [
      'no engine on macOS',
      'container-engine',
      { ...docker, platform: 'darwin' },
      {},
      'missing',
      /./,
      /^open -a Docker$/,
    ],
    [
      'Podman alone',
      'container-engine',
      podman,
      {},
      'missing',
      /Podman 5\.4\.0 does/,
      /^export CDK_DOCKER=podman$/,
    ],
    [
      'Podman, named',
      'container-engine',
      { ...podman, engine: 'podman' },
      {},
      'ok',
      /^podman 5\.4\.0\.$/,
      undefined,
    ],
    [
      'no emulator for ARM64',
      'platform',
      {},
      arm,
      'missing',
      /exec format error/,
      /^docker run --privileged --rm docker\.io\/tonistiigi\/binfmt --install arm64 {4}# or deploy with -c arch=X86_64$/,
    ],
    [
      'an emulator',
      'platform',
      { emulates: (each) => each === 'aarch64' },
      arm,
      'note',
      /qemu-aarch64/,
      undefined,
    ],
    ['the browser of ARM64', 'browser', {}, arm, 'note', /Debian's archive/, undefined],
    [
      'Docker Desktop',
      'platform',
      { platform: 'darwin', arch: 'arm64' },
      {},
      'note',
      /by emulation/,
      undefined,
    ],
    [
      'a full disk',
      'disk',
      { freeBytes: async () => 1024 ** 3 },
      {},
      'missing',
      /^1\.0 GiB free/,
      /^docker system prune$/,
    ],
    [
      'base images by tag',
      'base-images',
      { dockerfile: async () => 'ARG NODE_IMAGE=node:24\n' },
      {},
      'note',
      /^node:24 are pinned by tag/,
      /^npm run image:pin$/,
    ],
    [
      'no Dockerfile',
      'base-images',
      { dockerfile: () => Promise.reject(new Error('ENOENT')) },
      {},
      'unknown',
      /ENOENT/,
      undefined,
    ],
  ];
  it.each(cases)('%s', async (_case, id, on, changes, status, message, command) => {
    const finding = found(await check(dev(changes), on), id);
    expect(finding).toMatchObject({ status, message: expect.stringMatching(message) });
    if (command === undefined) expect(finding).not.toHaveProperty('command');
    else expect(finding.command).toMatch(command);
  });
});

describe('berth aws check', () => {
  it('is the same program: help, a wrong call, and a bad environment end with their codes', async () => {
    const help = await runCli(['aws', 'check', '--help']);
    expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('--env') });
    expect((await runCli(['aws', 'check'])).code).toBe(2);
    expect(await runCli(['aws', 'check', '--env', 'qa'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'preflight: Unknown environment "qa": expected one of local, dev, staging, prod.\n',
    });
    expect(await runCli(['aws', 'check', '--env', 'local'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npm start'),
    });
  });
});
