/**
 * The parts of an AWS account that preflight reads. Every call only reads; a command with any other name is refused
 * here.
 */
import { ACMClient, DescribeCertificateCommand } from '@aws-sdk/client-acm';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeAvailabilityZonesCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
  type RouteTableAssociation,
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

/** A quota of AWS, by its codes in Service Quotas. */
export type Quota = { readonly service: string; readonly code: string; readonly name: string };

type Subnet = {
  readonly id: string;
  readonly vpc: string;
  readonly freeAddresses: number;
  /** Its route table sends 0.0.0.0/0 to an internet gateway. */
  readonly routesToInternet: boolean;
};

/** Each call throws what the SDK throws; `undefined` means that AWS says there is none. */
export interface AwsReader {
  identity(): Promise<{ readonly account: string; readonly arn: string }>;
  /** Of the CDK's bootstrap stack. */
  bootstrapVersion(qualifier: string): Promise<number | undefined>;
  hasRole(name: string): Promise<boolean>;
  /** In force, or AWS's default if the account has no own value. */
  quota(quota: Quota): Promise<number | undefined>;
  /** Lambda's concurrent executions of the region, and how many of them no function has reserved. */
  lambdaConcurrency(): Promise<
    { readonly limit: number; readonly unreserved: number | undefined } | undefined
  >;
  /** The reservation of a function: 0 if it reserves nothing, or does not exist. */
  reservedConcurrency(functionName: string): Promise<number>;
  stackStatus(name: string): Promise<string | undefined>;
  zones(): Promise<readonly string[]>;
  subnets(ids: readonly string[]): Promise<readonly Subnet[]>;
  /** Services that the VPC has a gateway endpoint for, by their last name (`s3`, `dynamodb`). */
  gatewayEndpoints(vpc: string): Promise<readonly string[]>;
  /** `ISSUED`, `PENDING_VALIDATION`, …, and the names that it is for. */
  certificate(
    arn: string,
  ): Promise<{ readonly status: string; readonly names: readonly string[] } | undefined>;
}

const CONNECT_MS = 3_000;
const ANSWER_MS = 10_000;
const READS = /^(Get|List|Describe)[A-Z]\w*Command$/;

export class NotReadOnly extends Error {
  override readonly name = 'NotReadOnly';
}

/** `command`, if it only reads; anything else is refused before it is sent. */
export const reading = <T extends object>(command: T): T => {
  const { name } = command.constructor;
  if (!READS.test(name)) throw new NotReadOnly(`preflight only reads; ${name} is refused`);
  return command;
};

const named = (error: unknown, ...names: string[]): boolean =>
  error instanceof Error && names.some((name) => error.name === name || error.name === `${name}Exception`);

/** Clients of `region` with the credentials that the AWS command line would use. */
export const awsReader = (region: string): AwsReader => {
  const config = {
    region,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  };
  const sts = new STSClient(config);
  const ssm = new SSMClient(config);
  const iam = new IAMClient(config);
  const quotas = new ServiceQuotasClient(config);
  const lambda = new LambdaClient(config);
  const cloudFormation = new CloudFormationClient(config);
  const ec2 = new EC2Client(config);
  const acm = new ACMClient(config);

  const quotaOf = async ({ service: ServiceCode, code: QuotaCode }: Quota) => {
    try {
      return (await quotas.send(reading(new GetServiceQuotaCommand({ ServiceCode, QuotaCode })))).Quota
        ?.Value;
    } catch (error) {
      // An account that never asked for another value has no own value.
      if (!named(error, 'NoSuchResource')) throw error;
      return (await quotas.send(reading(new GetAWSDefaultServiceQuotaCommand({ ServiceCode, QuotaCode }))))
        .Quota?.Value;
    }
  };

  return {
    async identity() {
      const { Account: account = '', Arn: arn = '' } = await sts.send(
        reading(new GetCallerIdentityCommand({})),
      );
      return { account, arn };
    },
    async bootstrapVersion(qualifier) {
      try {
        const Name = `/cdk-bootstrap/${qualifier}/version`;
        return Number((await ssm.send(reading(new GetParameterCommand({ Name })))).Parameter?.Value);
      } catch (error) {
        if (named(error, 'ParameterNotFound')) return undefined;
        throw error;
      }
    },
    async hasRole(RoleName) {
      try {
        await iam.send(reading(new GetRoleCommand({ RoleName })));
        return true;
      } catch (error) {
        if (named(error, 'NoSuchEntity')) return false;
        throw error;
      }
    },
    quota: quotaOf,
    async lambdaConcurrency() {
      const { AccountLimit } = await lambda.send(reading(new GetAccountSettingsCommand({})));
      const limit = AccountLimit?.ConcurrentExecutions;
      return limit === undefined
        ? undefined
        : { limit, unreserved: AccountLimit?.UnreservedConcurrentExecutions };
    },
    async reservedConcurrency(FunctionName) {
      try {
        return (
          (await lambda.send(reading(new GetFunctionConcurrencyCommand({ FunctionName }))))
            .ReservedConcurrentExecutions ?? 0
        );
      } catch (error) {
        if (named(error, 'ResourceNotFound')) return 0;
        throw error;
      }
    },
    async stackStatus(StackName) {
      try {
        return (await cloudFormation.send(reading(new DescribeStacksCommand({ StackName })))).Stacks?.[0]
          ?.StackStatus;
      } catch (error) {
        if (named(error, 'ValidationError') && /does not exist/.test(String(error))) return undefined;
        throw error;
      }
    },
    async zones() {
      const { AvailabilityZones = [] } = await ec2.send(reading(new DescribeAvailabilityZonesCommand({})));
      return AvailabilityZones.flatMap(({ ZoneName }) => (ZoneName === undefined ? [] : [ZoneName]));
    },
    async subnets(ids) {
      const { Subnets = [] } = await ec2.send(reading(new DescribeSubnetsCommand({ SubnetIds: [...ids] })));
      const vpcs = [...new Set(Subnets.flatMap(({ VpcId }) => (VpcId === undefined ? [] : [VpcId])))];
      const { RouteTables = [] } = await ec2.send(
        reading(new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: vpcs }] })),
      );
      return Subnets.map(({ SubnetId = '', VpcId = '', AvailableIpAddressCount = 0 }) => {
        const tables = RouteTables.filter((table) => table.VpcId === VpcId);
        const associated = (match: (association: RouteTableAssociation) => boolean) =>
          tables.find((table) => table.Associations?.some(match));
        const table =
          associated((each) => each.SubnetId === SubnetId) ?? associated((each) => each.Main === true);
        return {
          id: SubnetId,
          vpc: VpcId,
          freeAddresses: AvailableIpAddressCount,
          routesToInternet:
            table?.Routes?.some(
              (route) =>
                route.DestinationCidrBlock === '0.0.0.0/0' && route.GatewayId?.startsWith('igw-') === true,
            ) ?? false,
        };
      });
    },
    async gatewayEndpoints(vpc) {
      const { VpcEndpoints = [] } = await ec2.send(
        reading(
          new DescribeVpcEndpointsCommand({
            Filters: [
              { Name: 'vpc-id', Values: [vpc] },
              { Name: 'vpc-endpoint-type', Values: ['Gateway'] },
            ],
          }),
        ),
      );
      return VpcEndpoints.flatMap(({ ServiceName }) => ServiceName?.split('.').at(-1) ?? []);
    },
    async certificate(CertificateArn) {
      try {
        const { Certificate } = await acm.send(reading(new DescribeCertificateCommand({ CertificateArn })));
        return {
          status: Certificate?.Status ?? 'unknown',
          names: Certificate?.SubjectAlternativeNames ?? [Certificate?.DomainName ?? ''],
        };
      } catch (error) {
        if (named(error, 'ResourceNotFound')) return undefined;
        throw error;
      }
    },
  };
};
