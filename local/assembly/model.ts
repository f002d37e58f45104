/** The resources of an assembly that one machine can run. All CloudFormation syntax is resolved. */
import type { StageThrottles } from '../api/throttle.ts';
import type { PolicyDocument } from '../iam/policy.ts';

export type TableModel = {
  readonly name: string;
  readonly attributes: readonly { readonly AttributeName: string; readonly AttributeType: 'S' | 'N' | 'B' }[];
  readonly keys: readonly KeyElement[];
  readonly indexes: readonly {
    readonly name: string;
    readonly keys: readonly KeyElement[];
    readonly projection: {
      readonly ProjectionType: 'ALL' | 'KEYS_ONLY' | 'INCLUDE';
      readonly NonKeyAttributes?: string[];
    };
  }[];
  readonly ttlAttribute: string | undefined;
};
type KeyElement = { readonly AttributeName: string; readonly KeyType: 'HASH' | 'RANGE' };

export type BucketModel = {
  readonly name: string;
  readonly versioned: boolean;
  readonly lifecycle: readonly LifecycleRule[];
};
export type LifecycleRule = {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  readonly expireDays: number | undefined;
  readonly expireNoncurrentDays: number | undefined;
  readonly abortUploadDays: number | undefined;
};

export type QueueModel = {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  readonly fifo: boolean;
  /** As SetQueueAttributes takes them: all values are text. */
  readonly attributes: Readonly<Record<string, string>>;
};

export type FunctionModel = {
  readonly name: string;
  readonly logicalId: string;
  /** The handler's name, as `sessions-admit`. */
  readonly label: string;
  readonly arn: string;
  readonly assetDir: string;
  /** `index.handler` */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly role: string;
  readonly reservedConcurrency: number | undefined;
};

type RoleModel = {
  readonly name: string;
  readonly arn: string;
  readonly policies: readonly PolicyDocument[];
};

/** Lets a service invoke a function; without one, AWS refuses. */
export type PermissionModel = {
  readonly functionName: string;
  readonly principal: string;
  readonly sourceArn: string | undefined;
};

export type AuthorizerModel = {
  readonly id: string;
  readonly functionName: string;
  /** `$request.header.X-Api-Key` and similar. */
  readonly identitySources: readonly string[];
  readonly ttlSeconds: number;
  readonly simpleResponses: boolean;
};
export type RouteModel = {
  readonly id: string;
  /** `ANY` or an HTTP method; `$default` has the path `$default`. */
  readonly method: string;
  readonly path: string;
  readonly functionName: string;
  readonly timeoutMs: number;
  readonly authorizer: AuthorizerModel | undefined;
};
export type CorsModel = {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeSeconds: number | undefined;
};
export type ApiModel = {
  readonly id: string;
  /** Its address. */
  readonly url: string;
  readonly throttles: StageThrottles;
  readonly routes: readonly RouteModel[];
  readonly cors: CorsModel | undefined;
};

/** `$connect`, `$disconnect`, `$default`, or an action that messages name. */
export type SocketRouteModel = {
  readonly id: string;
  readonly key: string;
  readonly functionName: string;
  readonly timeoutMs: number;
  readonly authorizer: Pick<AuthorizerModel, 'id' | 'functionName'> | undefined;
  /** The function's result is sent to the client. */
  readonly responds: boolean;
};
/** A WebSocket API: one stage, which is its path. */
export type SocketApiModel = {
  readonly id: string;
  /** Its address, without the stage. */
  readonly url: string;
  readonly stage: string;
  readonly throttles: StageThrottles;
  readonly routes: readonly SocketRouteModel[];
};

export type EventSourceModel = {
  readonly id: string;
  readonly functionName: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly maxConcurrency: number | undefined;
  readonly reportsItemFailures: boolean;
  readonly enabled: boolean;
};

/** The target of a schedule or rule. */
export type TargetModel = {
  readonly functionName: string;
  /** The role that invokes (Scheduler); undefined if a resource permission decides (EventBridge rules). */
  readonly role: string | undefined;
  /** Sent instead of the event. */
  readonly input: string | undefined;
  readonly deadLetterArn: string | undefined;
  readonly retries: number;
  readonly maxAgeSeconds: number;
};
export type ScheduleModel = {
  readonly name: string;
  readonly logicalId: string;
  readonly arn: string;
  /** `rate(5 minutes)`, `cron(…)` */
  readonly expression: string;
  readonly enabled: boolean;
  readonly targets: readonly TargetModel[];
  readonly kind: 'scheduler' | 'rule';
};
export type EventRuleModel = {
  readonly name: string;
  readonly arn: string;
  readonly pattern: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
  readonly targets: readonly TargetModel[];
};

export type ClusterModel = { readonly name: string; readonly arn: string };
/** EC2 hosts as a capacity provider. */
export type HostProviderModel = {
  readonly name: string;
  /** A task without room waits for it; otherwise RunTask fails. */
  readonly scaled: boolean;
};
type ContainerModel = {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly stopTimeoutSeconds: number;
  /** The limit, and what it is placed with on a host. */
  readonly memoryMb: number | undefined;
  readonly reservedMb: number | undefined;
};
export type TaskDefinitionModel = {
  readonly arn: string;
  readonly family: string;
  /** Full ARNs. */
  readonly taskRoleArn: string | undefined;
  readonly executionRoleArn: string | undefined;
  /** `bridge`: for hosts. */
  readonly networkMode: 'awsvpc' | 'bridge';
  /** CPU units. */
  readonly cpu: number | undefined;
  readonly memoryMb: number | undefined;
  readonly containers: readonly ContainerModel[];
};

export type Model = {
  readonly tables: readonly TableModel[];
  readonly buckets: readonly BucketModel[];
  readonly queues: readonly QueueModel[];
  readonly functions: readonly FunctionModel[];
  readonly roles: readonly RoleModel[];
  readonly permissions: readonly PermissionModel[];
  readonly apis: readonly ApiModel[];
  readonly socketApis: readonly SocketApiModel[];
  readonly eventSources: readonly EventSourceModel[];
  readonly schedules: readonly ScheduleModel[];
  readonly eventRules: readonly EventRuleModel[];
  readonly clusters: readonly ClusterModel[];
  readonly hostProviders: readonly HostProviderModel[];
  readonly taskDefinitions: readonly TaskDefinitionModel[];
  /** Resources that have no meaning on one machine, with the reason. */
  readonly withoutMeaning: readonly {
    readonly resource: string;
    readonly type: string;
    readonly reason: string;
  }[];
};
