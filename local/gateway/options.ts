import type { Authorize } from '../iam/authorize.ts';
import type { PartitionKeyOf } from './permissions/dynamodb.ts';
import type { TaskDefinitionOf } from './permissions/ecs.ts';
import type { Principals } from './principals.ts';
import type { AwsRefusalKind } from './refusals.ts';

/** An authenticated and authorized call to a service that is served in this process. */
export interface ServiceCall {
  /** Signing name: `ecs`, `events`, `monitoring`, `logs`, `sts`, `sns`, … */
  readonly service: string;
  /** `RunTask`; for REST protocols the method and path. */
  readonly operation: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded JSON or form body. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** Role that signed. */
  readonly principal: string;
  /** ARNs that the call was authorized on. */
  readonly resources: readonly string[];
  /** Aborted when the caller is gone, and when it has its answer. */
  readonly over: AbortSignal;
}

export interface ServiceAnswer {
  readonly status: number;
  /** The content type is the request's own unless it is given. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export type ServiceHandler = (call: ServiceCall) => Promise<ServiceAnswer>;

/** The outcome of one call, for logs and tests; never holds a body, a key or a header. */
export interface CallSummary {
  readonly service: string;
  readonly operation: string;
  readonly principal: string | undefined;
  readonly status: number;
  /** Why the gateway itself refused. */
  readonly refused?: AwsRefusalKind;
  /** The caller closed its connection before it had the answer. */
  readonly abandoned?: true;
}

export interface GatewayOptions {
  readonly principals: Principals;
  readonly authorize: Authorize;
  readonly engines: { readonly s3Url?: string; readonly sqsUrl?: string };
  /** Handlers by signing name. */
  readonly services?: Readonly<Record<string, ServiceHandler>>;
  /** 0 or left out: any free port. */
  readonly port?: number;
  /**
   * Milliseconds since the epoch: presigned expiry and signing skew are judged by it. SDK clients sign by the
   * machine's clock, so one that is more than 15 minutes off it refuses their calls, as AWS would.
   */
  readonly clock?: () => number;
  /** For `iam:PassRole` and the full ARN on RunTask. */
  readonly taskDefinitionOf?: TaskDefinitionOf;
  /** For `dynamodb:LeadingKeys`; without it that condition key is absent. */
  readonly partitionKeyOf?: PartitionKeyOf;
  /** The id of the WebSocket API with a stage, for `execute-api:ManageConnections`. */
  readonly socketApiOf?: (stage: string) => string | undefined;
  /** How long an engine or a handler may take for one call, body included. Left out: by service, 30 s or more. */
  readonly deadlineMs?: number;
  readonly onCall?: (call: CallSummary) => void;
}
