import { resolve } from 'node:path';
import { CfnDeletionPolicy, CfnResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import {
  Capability,
  type Cluster,
  type ContainerDefinitionOptions,
  ContainerImage,
  CpuArchitecture,
  Ec2TaskDefinition,
  FargateTaskDefinition,
  LinuxParameters,
  LogDriver,
  NetworkMode,
  OperatingSystemFamily,
  Scope,
  type TaskDefinition,
} from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { TASK_STOP_SECONDS, WORKER_CONTAINER } from '../../core/settings.ts';
import { hasHosts } from '../environment-schema.ts';
import type { Environment } from '../environments.ts';
import { namesOf } from '../names.ts';
import { acknowledge } from './acknowledge.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Writable places of the worker; everything else of its file system is read-only. */
const SCRATCH = [
  { name: 'tmp', path: '/tmp' },
  { name: 'work', path: '/work' },
] as const;

/** A separate volume for each task, removed with it. */
const TASK_VOLUME = { scope: Scope.TASK, driver: 'local' };

/** Not root, and no user of the host. */
const WORKER_USER = '10001:10001';

/** Fargate waits at most this long between SIGTERM and SIGKILL; the worker saves its auth state in it. */
const STOP_TIMEOUT = Duration.seconds(TASK_STOP_SECONDS);

/** The task of one session. Its role allows nothing: the worker talks to the worker API only. */
export class WorkerTask extends Construct {
  readonly definition: FargateTaskDefinition;
  /** For the operator's own hosts; absent if the environment has none. */
  readonly onHosts: Ec2TaskDefinition | undefined;
  readonly taskRole: Role;
  readonly executionRole: Role;

  constructor(
    scope: Construct,
    id: string,
    options: {
      readonly environment: Environment;
      readonly cluster: Cluster;
      readonly workerApiUrl: string;
      readonly logGroup: LogGroup;
    },
  ) {
    super(scope, id);
    const { task, logs } = options.environment;
    const ecsTasks = new ServicePrincipal('ecs-tasks.amazonaws.com');
    this.taskRole = new Role(this, 'TaskRole', { assumedBy: ecsTasks, description: 'Allows nothing' });
    this.executionRole = new Role(this, 'ExecutionRole', { assumedBy: ecsTasks });

    this.definition = new FargateTaskDefinition(this, 'Definition', {
      family: namesOf(options.environment).workerFamily,
      cpu: task.cpu,
      memoryLimitMiB: task.memoryMiB,
      taskRole: this.taskRole,
      executionRole: this.executionRole,
      runtimePlatform: {
        operatingSystemFamily: OperatingSystemFamily.LINUX,
        cpuArchitecture: task.architecture === 'ARM64' ? CpuArchitecture.ARM64 : CpuArchitecture.X86_64,
      },
      volumes: SCRATCH.map((scratch) => ({ name: scratch.name })),
    });
    const linux = new LinuxParameters(this, 'Linux', { initProcessEnabled: true });
    linux.dropCapabilities(Capability.ALL);
    const container: ContainerDefinitionOptions = {
      containerName: WORKER_CONTAINER,
      image: ContainerImage.fromAsset(ROOT, {
        assetName: 'berth-worker',
        file: 'container/Dockerfile',
        platform: task.architecture === 'ARM64' ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
      }),
      user: WORKER_USER,
      readonlyRootFilesystem: true,
      linuxParameters: linux,
      stopTimeout: STOP_TIMEOUT,
      // Fargate does not read the image's own. For people who look at a task: what acts on silence is the heartbeat.
      healthCheck: {
        command: ['CMD', 'node', 'container/health-check.mjs'],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        startPeriod: Duration.seconds(60),
        retries: 3,
      },
      environment: {
        BERTH_WORKER_API_URL: options.workerApiUrl,
        BERTH_COMMAND_PORT: String(task.commandPort),
        BERTH_WORK_DIR: '/work',
        LOG_LEVEL: logs.level.toLowerCase(),
      },
      logging: LogDriver.awsLogs({ logGroup: options.logGroup, streamPrefix: 'worker' }),
    };
    this.#complete(this.definition, options.environment, {
      ...container,
      portMappings: [{ containerPort: task.commandPort }],
    });
    this.onHosts = hasHosts(task) ? this.#onHosts(options.environment, container) : undefined;
    acknowledge(
      this.executionRole,
      'IAM5[Resource::*]',
      'The token to pull images with (ecr:GetAuthorizationToken) has no resource; pulling is for the one repository.',
    );
  }

  /** On a bridge of the host: ECS chooses the port, and places it by the memory that it reserves. */
  #onHosts(environment: Environment, container: ContainerDefinitionOptions): Ec2TaskDefinition {
    const { task } = environment;
    const definition = new Ec2TaskDefinition(this, 'OnHosts', {
      family: namesOf(environment).hostsFamily,
      networkMode: NetworkMode.BRIDGE,
      taskRole: this.taskRole,
      executionRole: this.executionRole,
      volumes: SCRATCH.map((scratch) => ({ name: scratch.name, dockerVolumeConfiguration: TASK_VOLUME })),
    });
    this.#complete(definition, environment, {
      ...container,
      memoryReservationMiB: task.hosts.sessionMiB,
      memoryLimitMiB: task.memoryMiB,
      portMappings: [{ containerPort: task.commandPort, hostPort: 0 }],
    });
    return definition;
  }

  #complete(
    definition: TaskDefinition,
    { protected: isProtected }: Environment,
    options: ContainerDefinitionOptions,
  ): void {
    // Sessions admitted by the version before may still be launched with its revision, and a rollback needs it. A
    // revision has no fixed name, so one that is left stops nothing; an environment that leaves nothing takes its last
    // one along.
    definition.applyRemovalPolicy(RemovalPolicy.RETAIN);
    if (!isProtected && definition.node.defaultChild instanceof CfnResource)
      definition.node.defaultChild.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
    acknowledge(definition, 'ECS2', 'Addresses and ports; the one secret comes with RunTask, once.');
    definition.addContainer('Worker', options).addMountPoints(
      ...SCRATCH.map(({ name: sourceVolume, path: containerPath }) => ({
        sourceVolume,
        containerPath,
        readOnly: false,
      })),
    );
  }
}
