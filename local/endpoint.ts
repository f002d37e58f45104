import type { Clock } from '../contract/clock.ts';
import type { Model } from './assembly/model.ts';
import type { Closers } from './closers.ts';
import type { DataDir } from './data-dir.ts';
import { startDynamoDb } from './engines/dynamodb/index.ts';
import type { Ecs } from './engines/ecs/ecs.ts';
import { startStorage } from './engines/storage/storage.ts';
import { type Faults, Refusals } from './faults.ts';
import { startGateway } from './gateway/gateway.ts';
import { lambdaService } from './gateway/lambda.ts';
import type { ServiceAnswer } from './gateway/options.ts';
import type { TaskDefinitionFacts } from './gateway/permissions/ecs.ts';
import { Principals } from './gateway/principals.ts';
import { engineUnreachable } from './gateway/refusals.ts';
import { type Authorize, authorizeByPolicies } from './iam/authorize.ts';
import type { PolicyDocument } from './iam/policy.ts';
import { AccessRecorder } from './iam/recorder.ts';
import { provision } from './provision.ts';
import type { EngineLogger } from './runtime/engine-log.ts';
import type { InvokeResult } from './runtime/pool.ts';
import type { Connections } from './websocket/connections.ts';
import { managementService } from './websocket/management.ts';

/** Where every AWS call of the system goes: the gateway, and behind it the engines. */
export type Endpoint = {
  /** The gateway's, for `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** The database and the queues themselves, behind the gateway: no permission is checked there. */
  readonly databaseUrl: string;
  readonly sqsUrl: string;
  readonly s3Url: string;
  /** Carries out the buckets' lifecycle rules as of a time, ms. */
  readonly expireObjects: (atMs: number) => void;
  readonly principals: Principals;
  readonly authorize: Authorize;
  /** Which permissions were used and which were refused. */
  readonly access: AccessRecorder;
  readonly refuse: Faults['refuse'];
  /**
   * Permits by this model from now on; until then every call is denied. Makes its tables, buckets and queues that
   * are not there yet, and deletes expired objects now and every hour. Throws SchemaChanged.
   */
  deploy(model: Model): Promise<void>;
  /** Until then Lambda's Invoke fails. */
  serveLambda(
    invoke: (functionName: string, event: unknown, signal?: AbortSignal) => Promise<InvokeResult>,
  ): void;
  /** Until then no WebSocket API has connections. */
  serveConnections(connectionsOf: (stage: string) => Connections | undefined): void;
  /** Until then ECS answers that it is not available. */
  serveEcs(ecs: Pick<Ecs, 'handle'>): void;
};

const LIFECYCLE_EVERY_MS = 3_600_000;
const ECS_UNAVAILABLE: ServiceAnswer = {
  status: 503,
  body: JSON.stringify({ __type: 'ServerException', message: 'Service Unavailable' }),
};

/**
 * Starts the database, the storage and the gateway, on free ports of loopback. The gateway's address is part of what
 * the template's values resolve to, so it listens before there is a model, functions or an ECS: they are handed to it
 * as they come.
 */
export const openEndpoint = async ({
  dir,
  clock,
  logger,
  closers,
}: {
  readonly dir: DataDir;
  readonly clock: Clock;
  readonly logger: EngineLogger;
  readonly closers: Closers;
}): Promise<Endpoint> => {
  const dynamodb = await startDynamoDb({ dir: dir.dynamodb, clock, logger });
  closers.add(() => dynamodb.close());
  const storage = await startStorage({ dir: dir.storage, clock });
  closers.add(() => storage.close());

  let model: Model | undefined;
  let invoke: Parameters<Endpoint['serveLambda']>[0] = async () => {
    throw new Error('the functions are not up yet');
  };
  let ecs: Pick<Ecs, 'handle'> | undefined;
  let connectionsOf: (stage: string) => Connections | undefined = () => undefined;
  const principals = new Principals();
  const access = new AccessRecorder();
  const refusals = new Refusals();
  const authorize = authorizeByPolicies((role) => policiesOf(model, role), access);
  const gateway = await startGateway({
    principals,
    authorize,
    // By the machine's clock: it judges signatures that SDK clients make by it.
    engines: {
      get s3Url() {
        return refusals.address('s3', storage.s3Url);
      },
      get sqsUrl() {
        return refusals.address('sqs', storage.sqsUrl);
      },
    },
    services: {
      // A call of its own over HTTP would take more of the main thread than the database does.
      dynamodb: async (call) => {
        if (refusals.has('dynamodb')) throw engineUnreachable();
        return dynamodb.handle(call);
      },
      ecs: async (call) => (ecs === undefined || refusals.has('ecs') ? ECS_UNAVAILABLE : ecs.handle(call)),
      'execute-api': managementService((stage) => connectionsOf(stage)),
      lambda: lambdaService((name, event, signal) => invoke(name, event, signal)),
    },
    onCall: ({ refused, service, operation, principal }) => {
      if (refused === 'engineTooSlow') {
        logger.warn(`the local ${service} did not answer ${operation} in time`, {
          service,
          operation,
          principal,
        });
      }
    },
    taskDefinitionOf: (reference) => taskDefinitionOf(model, reference),
    socketApiOf: (stage) => model?.socketApis.find((api) => api.stage === stage)?.id,
    partitionKeyOf: (table) => partitionKeyOf(model, table),
  });
  closers.add(() => gateway.close());

  return {
    url: gateway.url,
    databaseUrl: dynamodb.url,
    sqsUrl: storage.sqsUrl,
    s3Url: storage.s3Url,
    expireObjects: (atMs) => void storage.sweepLifecycle(atMs),
    principals,
    authorize,
    access,
    refuse: (engine, on) => refusals.set(engine, on),
    deploy: async (deployed) => {
      model = deployed;
      await provision(deployed, { dynamodbUrl: dynamodb.url, storage });
      const sweep = setInterval(() => storage.sweepLifecycle(), LIFECYCLE_EVERY_MS).unref();
      storage.sweepLifecycle();
      closers.add(() => clearInterval(sweep));
    },
    serveLambda: (served) => {
      invoke = served;
    },
    serveConnections: (served) => {
      connectionsOf = served;
    },
    serveEcs: (served) => {
      ecs = served;
    },
  };
};

const policiesOf = (model: Model | undefined, role: string): readonly PolicyDocument[] =>
  model?.roles.find(({ name }) => name === role)?.policies ?? [];

const taskDefinitionOf = (model: Model | undefined, reference: string): TaskDefinitionFacts | undefined => {
  const found = model?.taskDefinitions.find(
    ({ arn, family }) => arn === reference || family === reference || arn.endsWith(`/${reference}`),
  );
  return (
    found && {
      arn: found.arn,
      ...(found.taskRoleArn === undefined ? {} : { taskRoleArn: found.taskRoleArn }),
      ...(found.executionRoleArn === undefined ? {} : { executionRoleArn: found.executionRoleArn }),
    }
  );
};

const partitionKeyOf = (model: Model | undefined, table: string): string | undefined =>
  model?.tables.find(({ name }) => name === table)?.keys.find(({ KeyType }) => KeyType === 'HASH')
    ?.AttributeName;
