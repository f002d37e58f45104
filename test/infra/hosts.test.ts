/** The operator's own hosts, which sessions share: off by default, and the templates' resources if they are on. */
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkEnvironment, environmentOf } from '../../infra/environments.ts';
import { architectureOf } from '../../infra/hosts-schema.ts';
import { BUILD_MS, type Synthesized, synthesize } from './synthesized.ts';

const prod = environmentOf('prod');
const withHosts = (hosts: object = {}, task: object = {}) =>
  checkEnvironment({
    ...prod,
    task: {
      ...prod.task,
      architecture: 'ARM64',
      capacity: ['EC2', 'FARGATE'],
      ...task,
      hosts: { ...prod.task.hosts, ...hosts },
    },
  });

describe('an environment with hosts', () => {
  let made: Synthesized;
  let app: Template;
  beforeAll(async () => {
    // With every rule of cdk-nag and of the validator: a finding would fail it.
    made = await synthesize(withHosts({ most: 3 }));
    app = made.app;
  }, BUILD_MS);
  afterAll(() => made?.remove());

  it('scales them by what is placed, ends none with tasks on it, and drains them first', () => {
    app.hasResourceProperties('AWS::ECS::CapacityProvider', {
      AutoScalingGroupProvider: {
        ManagedScaling: { Status: 'ENABLED', TargetCapacity: 100 },
        ManagedTerminationProtection: 'ENABLED',
        ManagedDraining: 'ENABLED',
      },
    });
    app.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      MinSize: '0',
      MaxSize: '3',
      NewInstancesProtectedFromScaleIn: true,
      MaxInstanceLifetime: 30 * 86_400,
    });
    app.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        'detail-type': ['ECS Container Instance State Change'],
        detail: Match.objectLike({ status: ['DRAINING'] }),
      },
    });
  });

  it('keeps containers from the permissions of their host', () => {
    app.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: Match.objectLike({
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      }),
    });
    const [template] = Object.values(app.findResources('AWS::EC2::LaunchTemplate'));
    const text = JSON.stringify(template);
    expect(text).toContain('--in-interface docker+ --destination 169.254.169.254/32 --jump DROP');
    expect(text).toContain('ECS_ENABLE_CONTAINER_METADATA=true');
  });

  it('places tasks by memory, on a port that ECS chooses, with the rights of every task: none', () => {
    app.hasResourceProperties('AWS::ECS::TaskDefinition', {
      NetworkMode: 'bridge',
      RequiresCompatibilities: ['EC2'],
      ContainerDefinitions: [
        Match.objectLike({
          MemoryReservation: 350,
          Memory: prod.task.memoryMiB,
          ReadonlyRootFilesystem: true,
          PortMappings: [{ ContainerPort: 8080, HostPort: 0, Protocol: 'tcp' }],
        }),
      ],
    });
  });

  it('gives functions that launch the place, and lets them run that family only', () => {
    app.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'berth-prod-sessions-admit',
      Environment: {
        Variables: Match.objectLike({ BERTH_CAPACITY: 'EC2,FARGATE', BERTH_HOSTS_SESSION_MIB: '350' }),
      },
    });
    expect(JSON.stringify(app.toJSON())).toContain('task-definition/berth-prod-worker-hosts:*');
  });

  it('lets commands in from the command functions, on the ports that a host chooses, and nothing else', () => {
    made.network.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      FromPort: 32_768,
      ToPort: 60_999,
      Description: 'Commands',
    });
  });

  it('has an alarm on tasks that wait for a host', () => {
    app.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'berth-prod-hosts-full',
      MetricName: 'CapacityProviderReservation',
    });
  });
});

it('is off without EC2 in the capacity', () => {
  expect(prod.task.capacity).not.toContain('EC2');
});

it('refuses hosts that cannot run the image, or have no room for the configured sizes', () => {
  expect(() => withHosts({}, { architecture: 'X86_64' })).toThrow(
    'Bad value for task.hosts.instanceType: is of ARM64, and task.architecture is X86_64',
  );
  expect(() => withHosts({ least: 11 })).toThrow('Bad value for task.hosts.least: must not be above most');
  expect(() => withHosts({ sessionMiB: 4096 })).toThrow('Bad value for task.hosts.sessionMiB');
  expect(() => withHosts({ instanceType: 'large' })).toThrow('must be an instance type like m7g.large');
});

it.each([
  ['m7g.large', 'ARM64'],
  ['c8gd.xlarge', 'ARM64'],
  ['m7i.large', 'X86_64'],
  ['m7i-flex.large', 'X86_64'],
  ['g5.xlarge', 'X86_64'],
] as const)('knows that %s is of %s', (type, architecture) => {
  expect(architectureOf(type)).toBe(architecture);
});
