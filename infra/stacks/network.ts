import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
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
import type { Environment } from '../environments.ts';

/**
 * Tasks go out through a public address of their own, so that nothing costs while none runs (no NAT gateway, no load
 * balancer). Nothing comes in except commands from the command functions, which have no way out at all.
 */
export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  readonly taskSecurityGroup: SecurityGroup;
  readonly commandSecurityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: StackProps & { environment: Environment }) {
    super(scope, id, props);
    const { environment } = props;

    // With exactOptionalPropertyTypes the compiler does not see that a Vpc is an IVpc (its vpnGatewayId may be undefined).
    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.42.0.0/16'),
      maxAzs: 2,
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'tasks', subnetType: SubnetType.PUBLIC, cidrMask: 20, mapPublicIpOnLaunch: false },
        { name: 'commands', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 22 },
      ],
      gatewayEndpoints: {
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
        S3: { service: GatewayVpcEndpointAwsService.S3 },
      },
    }) as IVpc;
    this.vpc.addFlowLog('Refused', {
      destination: FlowLogDestination.toCloudWatchLogs(
        new LogGroup(this, 'RefusedTraffic', {
          retention: environment.logs.retentionDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      ),
      trafficType: FlowLogTrafficType.REJECT,
    });

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
    // Their subnets route nowhere but to the gateway endpoints.
    this.commandSecurityGroup.addEgressRule(
      Peer.anyIpv4(),
      Port.tcp(443),
      'DynamoDB and S3 through their endpoints',
    );
  }
}
