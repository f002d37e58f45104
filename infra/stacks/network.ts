import { Annotations, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { hasHosts } from '../environment-schema.ts';
import type { Environment } from '../environments.ts';
import { ownVpc } from '../network-schema.ts';

/** Docker's range of ports that a host chooses (the default of the ECS-optimized image). */
const DYNAMIC_PORTS = Port.tcpRange(32_768, 60_999);

/**
 * Tasks go out through their own public address, so that nothing costs while none runs (no NAT gateway, no load
 * balancer). Nothing comes in except commands from the command functions, which have no way out at all.
 */
export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  #zones: string[] = [];
  readonly taskSecurityGroup: SecurityGroup;
  readonly commandSecurityGroup: SecurityGroup;
  /** Of hosts that sessions share; absent if the environment has none. */
  readonly hostSecurityGroup: SecurityGroup | undefined;

  constructor(scope: Construct, id: string, props: StackProps & { environment: Environment }) {
    super(scope, id, props);
    const { environment } = props;

    this.vpc = environment.network.vpc ? this.#existing(environment.network.vpc) : this.#create(environment);

    this.taskSecurityGroup = new SecurityGroup(this, 'TaskSecurityGroup', {
      vpc: this.vpc,
      description: 'Session tasks: commands from the command functions, and out to WhatsApp',
    });
    this.commandSecurityGroup = new SecurityGroup(this, 'CommandSecurityGroup', {
      vpc: this.vpc,
      description: 'Command functions: to the tasks, DynamoDB and S3',
      allowAllOutbound: false,
    });
    const commandPort = Port.tcp(environment.task.commandPort);
    this.taskSecurityGroup.addIngressRule(this.commandSecurityGroup, commandPort, 'Commands');
    this.commandSecurityGroup.addEgressRule(this.taskSecurityGroup, commandPort, 'Commands');
    this.hostSecurityGroup = hasHosts(environment.task) ? this.#createHostGroup() : undefined;
    // Their subnets route nowhere but to the gateway endpoints.
    this.commandSecurityGroup.addEgressRule(
      Peer.anyIpv4(),
      Port.tcp(443),
      'DynamoDB and S3 through their endpoints',
    );
  }

  /** Commands come to the port that ECS chose for a task. */
  #createHostGroup(): SecurityGroup {
    const group = new SecurityGroup(this, 'HostSecurityGroup', {
      vpc: this.vpc,
      description: 'Hosts of sessions: commands from the command functions, and out to WhatsApp',
    });
    group.addIngressRule(this.commandSecurityGroup, DYNAMIC_PORTS, 'Commands');
    this.commandSecurityGroup.addEgressRule(group, DYNAMIC_PORTS, 'Commands');
    return group;
  }

  /** Zones by their place in the region's list, so that synth asks AWS for none, also if the region is pinned. */
  override get availabilityZones(): string[] {
    return this.#zones;
  }

  #create(environment: Environment): IVpc {
    const { cidr, zones, taskMask, commandMask } = ownVpc(environment.network);
    this.#zones = Array.isArray(zones)
      ? zones
      : Array.from({ length: zones }, (_, n) => Fn.select(n, Fn.getAzs()));
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: this.#zones.length,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'tasks', subnetType: SubnetType.PUBLIC, cidrMask: taskMask, mapPublicIpOnLaunch: false },
        { name: 'commands', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: commandMask },
      ],
      gatewayEndpoints: {
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
        S3: { service: GatewayVpcEndpointAwsService.S3 },
      },
    });
    vpc.addFlowLog('Refused', {
      destination: FlowLogDestination.toCloudWatchLogs(
        new LogGroup(this, 'RefusedTraffic', {
          retention: environment.logs.retentionDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      ),
      trafficType: FlowLogTrafficType.REJECT,
    });
    // With exactOptionalPropertyTypes the compiler does not see that a Vpc is an IVpc (its vpnGatewayId may be undefined).
    return vpc as IVpc;
  }

  /** A VPC of the operator's. Its zones are of no consequence here: the subnets are named. */
  #existing({ id, taskSubnets, commandSubnets }: NonNullable<Environment['network']['vpc']>): IVpc {
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: id,
      availabilityZones: ['any'],
      publicSubnetIds: taskSubnets,
      publicSubnetNames: taskSubnets.map((_, n) => `tasks${n}`),
      isolatedSubnetIds: commandSubnets,
      isolatedSubnetNames: commandSubnets.map((_, n) => `commands${n}`),
    });
    // Berth adds no route and no endpoint there.
    Annotations.of(vpc).acknowledgeWarning('@aws-cdk/aws-ec2:noSubnetRouteTableId');
    return vpc;
  }
}
