import { Duration, Stack } from 'aws-cdk-lib';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { METRICS_NAMESPACE } from '../../core/observability/metrics.ts';
import { reservedFor } from '../concurrency-schema.ts';
import { sizesOf } from '../environment-schema.ts';
import type { Environment } from '../environments.ts';
import { API_TIMEOUT_SECONDS, DEFAULT_MEMORY_MIB, isCommandHandler, type Needs } from '../functions.ts';
import { namesOf } from '../names.ts';
import { acknowledge } from './acknowledge.ts';
import { type Grant, grantsFor, logGrant, tracingGrant, vpcGrants } from './permissions.ts';
import { removalOf } from './removal.ts';
import type { Resources } from './resources.ts';

type ControlFunctionProps = {
  readonly environment: Environment;
  readonly handler: string;
  readonly needs: Needs;
  readonly resources: Resources;
  /** The bundle's folder. */
  readonly directory: string;
};

/** One handler: its function `berth-<env>-<handler>`, its log, and a role that allows what it needs. */
export class ControlFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: ControlFunctionProps) {
    super(scope, id);
    const { environment, handler, needs, resources } = props;
    const functionName = namesOf(environment).function(handler);
    const inVpc = isCommandHandler(handler);
    const reservedConcurrentExecutions = reservedFor(environment.concurrency, handler);

    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: environment.logs.retentionDays,
      removalPolicy: removalOf(environment),
    });
    const needed = grantsFor(needs, resources);
    const runtime = [
      logGrant(logGroup.logGroupArn),
      ...(environment.tracing ? [tracingGrant()] : []),
      ...(inVpc ? vpcGrants(Stack.of(this), functionName) : []),
    ];
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: needs.does,
      inlinePolicies: {
        ...(needed.length > 0 && { Needs: documentOf(needed) }),
        Runtime: documentOf(runtime),
      },
    });
    for (const { wildcard } of [...needed, ...runtime])
      if (wildcard) acknowledge(role, `IAM5[Resource::${wildcard.resource}]`, wildcard.reason);

    this.function = new LambdaFunction(this, 'Function', {
      functionName,
      description: needs.does,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(props.directory),
      handler: 'index.handler',
      // By its ARN: CDK would widen the role's policy, and add a DependsOn that the ARN implies already.
      role: Role.fromRoleArn(this, 'RoleByArn', role.roleArn, { mutable: false }),
      logGroup,
      timeout: Duration.seconds(needs.timeoutSeconds ?? API_TIMEOUT_SECONDS),
      memorySize: needs.memoryMiB ?? DEFAULT_MEMORY_MIB,
      ...(reservedConcurrentExecutions !== undefined && { reservedConcurrentExecutions }),
      tracing: environment.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      environment: variablesFor(props),
      ...(inVpc && {
        vpc: resources.vpc,
        vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
        securityGroups: [resources.commandSecurityGroup],
      }),
    });
  }
}

const documentOf = (grants: readonly Grant[]) =>
  new PolicyDocument({ statements: grants.map((grant) => grant.statement) });

/** Names and meaning: core/settings.ts. A function gets what it has a use for, and never a secret. */
const variablesFor = ({ environment, handler, needs, resources }: ControlFunctionProps) => ({
  BERTH_SETTINGS: JSON.stringify({
    ...environment.settings,
    // Half of the deliveries at most, or one user could delay those of all others.
    mostDeliveriesPerUser: Math.floor(environment.concurrency.deliveries / 2),
  }),
  POWERTOOLS_SERVICE_NAME: handler,
  POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
  POWERTOOLS_LOG_LEVEL: environment.logs.level,
  ...((needs.table || needs.indexes) && { BERTH_TABLE: resources.table.tableName }),
  ...((needs.bucket || needs.probesBucket || needs.erases) && {
    BERTH_AUTH_BUCKET: resources.authBucket.bucketName,
  }),
  ...(needs.builds && { BERTH_BUILDS_BUCKET: resources.authBucket.bucketName }),
  ...(needs.media && { BERTH_MEDIA_BUCKET: resources.authBucket.bucketName }),
  ...(needs.queue && { BERTH_EVENTS_QUEUE_URL: resources.events.queue.queueUrl }),
  ...(needs.queue === 'deliver' && { BERTH_DEAD_LETTER_QUEUE_URL: resources.events.deadLetters.queueUrl }),
  ...((needs.queue === 'send' || needs.wakesLive || needs.servesLive) && {
    BERTH_LIVE_QUEUE_URL: resources.live.queue.queueUrl,
  }),
  ...((needs.servesLive || needs.linksToLive) && { BERTH_LIVE_URL: resources.live.url }),
  ...(needs.linksToApi && { BERTH_API_URL: resources.apiUrl }),
  ...(needs.alarms && {
    BERTH_ALARM_PERCENTS: [environment.alarms.warningPercent, environment.alarms.criticalPercent].join(),
  }),
  ...(needs.callsWorkers && { BERTH_WORKER_CALL: namesOf(environment).function('worker-call') }),
  ...(needs.tasks && { BERTH_CLUSTER: resources.cluster.clusterArn }),
  ...((needs.tasks?.includes('run') || needs.comparesVersions) && {
    BERTH_TASK_DEFINITION: resources.worker.definition.taskDefinitionArn,
    ...(resources.hosts &&
      resources.worker.onHosts && {
        BERTH_HOSTS_PROVIDER: resources.hosts.capacityProvider.capacityProviderName,
        BERTH_HOSTS_TASK_DEFINITION: resources.worker.onHosts.taskDefinitionArn,
        BERTH_HOSTS_SESSION_MIB: String(environment.task.hosts.sessionMiB),
      }),
  }),
  ...(needs.tasks?.includes('run') && {
    BERTH_SIZES: JSON.stringify(sizesOf(environment.task)),
    BERTH_SUBNETS: resources.vpc.publicSubnets.map((subnet) => subnet.subnetId).join(','),
    BERTH_SECURITY_GROUPS: resources.taskSecurityGroup.securityGroupId,
    BERTH_CAPACITY: environment.task.capacity.join(','),
  }),
});
