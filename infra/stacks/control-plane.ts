import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import { EventSourceMapping, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { OPERATIONS } from '../../contract/routes.ts';
import type { Bundle } from '../bundle.ts';
import { acknowledge } from '../constructs/acknowledge.ts';
import { AlarmTopic } from '../constructs/alarm-topic.ts';
import { Alarms, type Watched } from '../constructs/alarms.ts';
import { BerthApi } from '../constructs/api.ts';
import { CapacityProviders } from '../constructs/capacity-providers.ts';
import { ClusterEventRule, HOST_DRAINING, TASK_STOPPED } from '../constructs/cluster-event.ts';
import { ControlFunction } from '../constructs/control-function.ts';
import { BerthDashboard } from '../constructs/dashboard.ts';
import { Hosts } from '../constructs/hosts.ts';
import { LiveApi } from '../constructs/live-api.ts';
import { paceRoutes } from '../constructs/pace-routes.ts';
import { removalOf } from '../constructs/removal.ts';
import type { Resources } from '../constructs/resources.ts';
import { Sweeps } from '../constructs/sweeps.ts';
import { WorkerTask } from '../constructs/worker-task.ts';
import type { Environment } from '../environments.ts';
import { FUNCTIONS } from '../functions.ts';
import { namesOf } from '../names.ts';
import type { DataStack } from './data.ts';
import type { NetworkStack } from './network.ts';

type ControlPlaneProps = StackProps & {
  readonly environment: Environment;
  readonly data: DataStack;
  readonly network: NetworkStack;
  readonly bundles: readonly Bundle[];
};

/** The API, its functions, the cluster they launch tasks in, and what runs by itself. Holds no state. */
export class ControlPlaneStack extends Stack {
  constructor(scope: Construct, id: string, props: ControlPlaneProps) {
    super(scope, id, props);
    const { environment, data, network } = props;

    const { cors, domain } = { ...environment.api, ...environment };
    const api = new BerthApi(this, 'Api', {
      environment,
      apiName: namesOf(environment).api,
      description: 'WhatsApp sessions',
      logName: `${namesOf(environment).api}-api`,
      throttle: environment.api,
      cors,
      domain,
    });
    // A separate API, so that no flood of callers keeps heartbeats away.
    const workerApi = new BerthApi(this, 'WorkerApi', {
      environment,
      apiName: namesOf(environment).workerApi,
      description: 'The API that workers call',
      logName: `${namesOf(environment).workerApi}-api`,
      throttle: environment.api.workers,
    });
    const live = new LiveApi(this, 'Live', { environment });
    const cluster = new Cluster(this, 'Cluster', {
      vpc: network.vpc,
      clusterName: namesOf(environment).cluster,
      containerInsightsV2: environment.containerInsights
        ? ContainerInsights.ENABLED
        : ContainerInsights.DISABLED,
    });
    if (!environment.containerInsights)
      acknowledge(cluster, 'ECS4', 'The metrics cost by the task; this environment does without.');
    const worker = new WorkerTask(this, 'Worker', {
      environment,
      cluster,
      workerApiUrl: workerApi.url,
      logGroup: new LogGroup(this, 'WorkerLog', {
        logGroupName: `/berth/${environment.name}/worker`,
        retention: environment.logs.retentionDays,
        removalPolicy: removalOf(environment),
      }),
    });

    const hosts =
      network.hostSecurityGroup &&
      new Hosts(this, 'Hosts', {
        environment,
        cluster,
        vpc: network.vpc,
        securityGroup: network.hostSecurityGroup,
      });

    const functions = this.#createFunctions(props, {
      table: data.table,
      authBucket: data.authBucket,
      events: data.events,
      live,
      cluster,
      worker,
      hosts,
      vpc: network.vpc,
      taskSecurityGroup: network.taskSecurityGroup,
      commandSecurityGroup: network.commandSecurityGroup,
      apiUrl: environment.domain ? `https://${environment.domain.name}` : api.url,
      names: {
        ...namesOf(environment),
        workerCall: namesOf(environment).function('worker-call'),
        authBucketExport: data.authBucketExport,
      },
    });
    const functionOf = (handler: string): LambdaFunction => {
      const found = functions.get(handler);
      if (found === undefined) throw new Error(`No function for the handler ${handler}`);
      return found;
    };

    // The workers' routes stay on the callers' API as well: a worker that runs during an upgrade knows no other address
    // (docs/decisions/2026-11-29-workers-have-their-own-api.md).
    api.addRoutes(OPERATIONS, functionOf, functionOf('authorizer'));
    api.addFallback(functionOf('no-route'));
    workerApi.addRoutes(
      OPERATIONS.filter(({ auth }) => auth === 'worker'),
      functionOf,
    );
    live.addRoutes(functionOf('live-connections'));
    paceRoutes(this);

    const deadLetters = new Queue(this, 'BackgroundDeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(deadLetters, 'SQS3', 'This is the dead-letter queue.');
    const sweeps = new Sweeps(this, 'Sweeps', {
      functions: {
        reaper: functionOf('reaper'),
        reconciler: functionOf('reconciler'),
        eraser: functionOf('eraser'),
      },
      minutes: environment.sweepMinutes,
      groupName: namesOf(environment).scheduleGroup,
      deadLetters,
    });
    const fromCluster = { cluster, target: functionOf('task-events'), deadLetters };
    new ClusterEventRule(this, 'TaskStopped', { ...fromCluster, event: TASK_STOPPED });
    if (hosts) new ClusterEventRule(this, 'HostDraining', { ...fromCluster, event: HOST_DRAINING });
    const deliveries = new EventSourceMapping(this, 'Deliveries', {
      target: functionOf('deliver'),
      eventSourceArn: data.events.queue.queueArn,
      // One at a time: a message that only waits behind a failed one would use up its receives (event-queue.ts).
      batchSize: 1,
      reportBatchItemFailures: true,
      maxConcurrency: environment.concurrency.deliveries,
    });
    const topics = new EventSourceMapping(this, 'LiveTopics', {
      target: functionOf('live-events'),
      eventSourceArn: live.queue.queueArn,
      batchSize: 10,
      reportBatchItemFailures: true,
      maxConcurrency: environment.concurrency.live,
    });
    new CapacityProviders(this, 'CapacityProviders', {
      cluster,
      after: [sweeps, deliveries, topics],
      hosts: hosts?.capacityProvider.capacityProviderName,
    });

    const { topic } = new AlarmTopic(this, 'AlarmTopic', {
      name: `berth-${environment.name}-alarms`,
      ...(environment.alarms.email !== undefined && { email: environment.alarms.email }),
    });
    const watched: Watched = {
      environment,
      sweep: Duration.minutes(environment.sweepMinutes),
      api: api.api,
      workerApi: workerApi.api,
      live: {
        api: live.api,
        queue: live.queue,
        functions: {
          connections: namesOf(environment).function('live-connections'),
          events: namesOf(environment).function('live-events'),
        },
      },
      table: data.table,
      eventDeadLetters: data.events.deadLetters,
      backgroundDeadLetters: deadLetters,
      hosts: hosts && { cluster: cluster.clusterName, provider: hosts.capacityProvider.capacityProviderName },
    };
    const alarms = new Alarms(this, 'Alarms', { watched, topic });
    new BerthDashboard(this, 'Dashboard', { watched, alarms, events: data.events.queue });

    new CfnOutput(this, 'AlarmTopicArn', { value: topic.topicArn });
    new CfnOutput(this, 'ApiUrl', { value: api.url });
    new CfnOutput(this, 'LiveUrl', {
      description: 'WebSocket clients that use no ticket connect here',
      value: live.url,
    });
    new CfnOutput(this, 'WorkerApiUrl', {
      description: 'Only workers call it',
      value: workerApi.url,
    });
    new CfnOutput(this, 'ClusterName', { value: cluster.clusterName });
    new CfnOutput(this, 'BackgroundDeadLettersUrl', { value: deadLetters.queueUrl });
    new CfnOutput(this, 'KeysBootstrapFunction', {
      description: 'Invoke it once: it answers the first admin key',
      value: functionOf('keys-bootstrap').functionName,
    });
  }

  #createFunctions(
    { bundles, environment }: ControlPlaneProps,
    resources: Resources,
  ): ReadonlyMap<string, LambdaFunction> {
    const scope = new Construct(this, 'Functions');
    return new Map(
      bundles.map(({ handler, directory }) => {
        const needs = FUNCTIONS[handler];
        if (needs === undefined) throw new Error(`infra/functions.ts does not say what ${handler} needs`);
        const created = new ControlFunction(scope, handler, {
          environment,
          handler,
          needs,
          resources,
          directory,
        });
        return [handler, created.function] as const;
      }),
    );
  }
}
