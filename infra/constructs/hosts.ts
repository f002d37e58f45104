import { Duration, Stack } from 'aws-cdk-lib';
import {
  AutoScalingGroup,
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  GroupMetrics,
} from 'aws-cdk-lib/aws-autoscaling';
import {
  InstanceType,
  type IVpc,
  LaunchTemplate,
  type SecurityGroup,
  SubnetType,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import { AmiHardwareType, AsgCapacityProvider, type Cluster, EcsOptimizedImage } from 'aws-cdk-lib/aws-ecs';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Environment } from '../environments.ts';
import { namesOf } from '../names.ts';
import { acknowledge } from './acknowledge.ts';

const DISK_GIB = 30;

/**
 * Hosts that many tasks share. ECS adds and removes them by what is placed, and removes none with tasks on it. A host that
 * is to go is drained: its sessions are stopped by task-events, which saves their accounts.
 *
 * Tasks are containers of one kernel here. Three things keep a container from the others and from the host's permissions:
 * the metadata service answers one hop only, so not across Docker's bridge; packets to it and between containers are
 * dropped; and the host's role allows what the ECS agent needs.
 */
export class Hosts extends Construct {
  readonly capacityProvider: AsgCapacityProvider;

  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly environment: Environment;
      readonly cluster: Cluster;
      readonly vpc: IVpc;
      readonly securityGroup: SecurityGroup;
    },
  ) {
    super(scope, id);
    const { environment, cluster, vpc, securityGroup } = options;
    const { hosts, architecture } = environment.task;
    const userData = UserData.forLinux();
    userData.addCommands(
      `echo ECS_CLUSTER=${cluster.clusterName} >> /etc/ecs/ecs.config`,
      // The worker reads the host's address and its port there.
      'echo ECS_ENABLE_CONTAINER_METADATA=true >> /etc/ecs/ecs.config',
      'echo ECS_IMAGE_PULL_BEHAVIOR=prefer-cached >> /etc/ecs/ecs.config',
      'iptables --insert FORWARD 1 --in-interface docker+ --destination 169.254.169.254/32 --jump DROP',
      'iptables --insert FORWARD 1 --in-interface docker0 --out-interface docker0 --jump DROP',
    );
    const template = new LaunchTemplate(this, 'Template', {
      instanceType: new InstanceType(hosts.instanceType),
      machineImage: EcsOptimizedImage.amazonLinux2023(
        architecture === 'ARM64' ? AmiHardwareType.ARM : AmiHardwareType.STANDARD,
      ),
      role: this.#createRole(cluster, namesOf(environment).cluster),
      securityGroup,
      userData,
      requireImdsv2: true,
      httpPutResponseHopLimit: 1,
      associatePublicIpAddress: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(DISK_GIB, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
        },
      ],
    });
    const group = new AutoScalingGroup(this, 'Group', {
      vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      launchTemplate: template,
      minCapacity: hosts.least,
      maxCapacity: hosts.most,
      newInstancesProtectedFromScaleIn: true,
      maxInstanceLifetime: Duration.days(hosts.lifetimeDays),
      groupMetrics: [GroupMetrics.all()],
    });
    acknowledge(group, 'AS3', 'ECS scales the group; alarms look at what it reports.');
    this.capacityProvider = new AsgCapacityProvider(this, 'Provider', {
      autoScalingGroup: group,
      enableManagedScaling: true,
      enableManagedTerminationProtection: true,
      enableManagedDraining: true,
      targetCapacityPercent: 100,
    });
  }

  /** The calls of the ECS agent. Images are pulled with the tasks' execution role. */
  #createRole(cluster: Cluster, clusterName: string): Role {
    const { partition, region, account } = Stack.of(this);
    const onInstances = `arn:${partition}:ecs:${region}:${account}:container-instance/${clusterName}/*`;
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      description: 'The ECS agent of a host',
      inlinePolicies: {
        Agent: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: [
                'ecs:RegisterContainerInstance',
                'ecs:DeregisterContainerInstance',
                'ecs:SubmitContainerStateChange',
                'ecs:SubmitTaskStateChange',
                'ecs:SubmitAttachmentStateChanges',
              ],
              resources: [cluster.clusterArn],
            }),
            new PolicyStatement({
              actions: ['ecs:Poll', 'ecs:StartTelemetrySession', 'ecs:UpdateContainerInstancesState'],
              resources: [onInstances],
              conditions: { ArnEquals: { 'ecs:cluster': cluster.clusterArn } },
            }),
            new PolicyStatement({ actions: ['ecs:DiscoverPollEndpoint'], resources: ['*'] }),
          ],
        }),
      },
    });
    acknowledge(role, 'IAM5[Resource::*]', 'DiscoverPollEndpoint has no resource.');
    acknowledge(
      role,
      `IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:container-instance/${clusterName}/*]`,
      'Hosts get their ids when they register; all of the cluster are Berth’s.',
    );
    return role;
  }
}
