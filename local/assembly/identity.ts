import { createHash } from 'node:crypto';
import { ACCOUNT_ID, REGION } from '../iam/arn.ts';
import type { Identify, Identity } from './intrinsics.ts';

export type LocalEndpoints = {
  /** The one AWS endpoint, `http://127.0.0.1:<port>`; queue URLs begin with it. */
  readonly endpoint: string;
  /** The address of an HTTP API, by its name. */
  readonly apiUrl: (name: string) => string;
};

type Named = {
  readonly stack: string;
  readonly logicalId: string;
  readonly properties: Readonly<Record<string, unknown>>;
};

const digest = (text: string, length: number): string =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

const shorten = (name: string, max: number): string =>
  name.length <= max ? name : `${name.slice(0, max - 9)}-${digest(name, 8)}`;

/** The name that the template gives, else one made of stack and logical id, stable over restarts. */
const nameOf = ({ stack, logicalId, properties }: Named, property: string, max = 64): string => {
  const given = properties[property];
  return typeof given === 'string' ? given : shorten(`${stack}-${logicalId}`, max);
};

const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${resource}`;
const iamArn = (kind: string, name: string): string => `arn:aws:iam::${ACCOUNT_ID}:${kind}/${name}`;

const named = (ref: string, attributes: Record<string, string> = {}): Identity => ({ ref, attributes });

/** Things of EC2 and API Gateway that AWS names itself: `vpc-…`, `subnet-…`. */
const numbered =
  (prefix: string, ...attributeNames: string[]) =>
  ({ stack, logicalId }: Named): Identity => {
    const id = `${prefix}-${digest(`${stack}.${logicalId}`, 17)}`;
    return named(id, Object.fromEntries(attributeNames.map((name) => [name, id])));
  };

const idOf = ({ stack, logicalId }: Named): string => digest(`${stack}.${logicalId}`, 10);

/** `Ref` and `Fn::GetAtt` of every resource type that templates refer to, as CloudFormation documents them. */
const identities = (endpoints: LocalEndpoints): Readonly<Record<string, (resource: Named) => Identity>> => {
  const table = (resource: Named): Identity => {
    const name = nameOf(resource, 'TableName', 255);
    return named(name, { Arn: arn('dynamodb', `table/${name}`), TableId: idOf(resource) });
  };
  return {
    'AWS::DynamoDB::Table': table,
    'AWS::DynamoDB::GlobalTable': table,
    'AWS::S3::Bucket': (resource) => {
      const name = nameOf(resource, 'BucketName', 63).toLowerCase();
      return named(name, {
        Arn: `arn:aws:s3:::${name}`,
        DomainName: `${name}.s3.amazonaws.com`,
        RegionalDomainName: `${name}.s3.${REGION}.amazonaws.com`,
      });
    },
    'AWS::SQS::Queue': (resource) => {
      const fifo = resource.properties.FifoQueue === true;
      const name =
        typeof resource.properties.QueueName === 'string'
          ? resource.properties.QueueName
          : `${nameOf(resource, 'QueueName', 75)}${fifo ? '.fifo' : ''}`;
      const url = `${endpoints.endpoint}/${ACCOUNT_ID}/${name}`;
      return named(url, { Arn: arn('sqs', name), QueueName: name, QueueUrl: url });
    },
    'AWS::SNS::Topic': (resource) => {
      const name = nameOf(resource, 'TopicName', 256);
      return named(arn('sns', name), { TopicArn: arn('sns', name), TopicName: name });
    },
    'AWS::Lambda::Function': (resource) => {
      const name = nameOf(resource, 'FunctionName');
      return named(name, { Arn: arn('lambda', `function:${name}`) });
    },
    'AWS::IAM::Role': (resource) => {
      const name = nameOf(resource, 'RoleName');
      return named(name, { Arn: iamArn('role', name), RoleId: `AROA${idOf(resource).toUpperCase()}` });
    },
    'AWS::IAM::ManagedPolicy': (resource) => {
      const policy = iamArn('policy', nameOf(resource, 'ManagedPolicyName', 128));
      return named(policy, { PolicyArn: policy });
    },
    'AWS::ApiGatewayV2::Api': (resource) => {
      const url = endpoints.apiUrl(nameOf(resource, 'Name', 128));
      return named(idOf(resource), {
        ApiId: idOf(resource),
        ApiEndpoint: resource.properties.ProtocolType === 'WEBSOCKET' ? url.replace(/^http/, 'ws') : url,
      });
    },
    'AWS::ApiGatewayV2::Stage': (resource) => named(nameOf(resource, 'StageName')),
    'AWS::ApiGatewayV2::Route': (resource) => named(idOf(resource), { RouteId: idOf(resource) }),
    'AWS::ApiGatewayV2::Integration': (resource) => named(idOf(resource), { IntegrationId: idOf(resource) }),
    'AWS::ApiGatewayV2::Authorizer': (resource) => named(idOf(resource), { AuthorizerId: idOf(resource) }),
    'AWS::ECS::Cluster': (resource) => {
      const name = nameOf(resource, 'ClusterName', 255);
      return named(name, { Arn: arn('ecs', `cluster/${name}`) });
    },
    'AWS::ECS::TaskDefinition': (resource) => {
      const revision = arn('ecs', `task-definition/${nameOf(resource, 'Family', 255)}:1`);
      return named(revision, { TaskDefinitionArn: revision });
    },
    'AWS::ECS::CapacityProvider': (resource) => named(nameOf(resource, 'Name', 255)),
    'AWS::Logs::LogGroup': (resource) => {
      const name = nameOf(resource, 'LogGroupName', 512);
      return named(name, { Arn: arn('logs', `log-group:${name}:*`) });
    },
    'AWS::Events::Rule': (resource) => {
      const name = nameOf(resource, 'Name');
      return named(name, { Arn: arn('events', `rule/${name}`) });
    },
    'AWS::Scheduler::ScheduleGroup': (resource) => {
      const name = nameOf(resource, 'Name');
      return named(name, { Arn: arn('scheduler', `schedule-group/${name}`) });
    },
    'AWS::Scheduler::Schedule': (resource) => {
      const name = nameOf(resource, 'Name');
      const group = String(resource.properties.GroupName ?? 'default');
      return named(name, { Arn: arn('scheduler', `schedule/${group}/${name}`) });
    },
    'AWS::SSM::Parameter': (resource) =>
      named(nameOf(resource, 'Name', 512), { Value: String(resource.properties.Value ?? '') }),
    'AWS::CloudWatch::Alarm': (resource) => {
      const name = nameOf(resource, 'AlarmName', 255);
      return named(name, { Arn: arn('cloudwatch', `alarm:${name}`) });
    },
    'AWS::KMS::Key': (resource) =>
      named(idOf(resource), { Arn: arn('kms', `key/${idOf(resource)}`), KeyId: idOf(resource) }),
    'AWS::ECR::Repository': (resource) => {
      const name = nameOf(resource, 'RepositoryName', 256).toLowerCase();
      return named(name, {
        Arn: arn('ecr', `repository/${name}`),
        RepositoryUri: `${ACCOUNT_ID}.dkr.ecr.${REGION}.amazonaws.com/${name}`,
      });
    },
    'AWS::EC2::VPC': numbered('vpc', 'VpcId', 'DefaultSecurityGroup', 'DefaultNetworkAcl'),
    'AWS::EC2::Subnet': numbered('subnet', 'SubnetId'),
    'AWS::EC2::SecurityGroup': numbered('sg', 'GroupId', 'Id'),
    'AWS::EC2::LaunchTemplate': numbered('lt', 'LaunchTemplateId', 'LatestVersionNumber'),
    'AWS::AutoScaling::AutoScalingGroup': (resource) => named(nameOf(resource, 'AutoScalingGroupName', 255)),
    'AWS::IAM::InstanceProfile': (resource) => {
      const name = nameOf(resource, 'InstanceProfileName', 128);
      return named(name, { Arn: iamArn('instance-profile', name) });
    },
    'AWS::EC2::VPCEndpoint': numbered('vpce', 'Id'),
  };
};

/** How this machine names what the template makes. */
export const createIdentify = (endpoints: LocalEndpoints): Identify => {
  const known = identities(endpoints);
  return (resource) => known[resource.type]?.(resource);
};
