/** The path of a webhook with real parts: the queue's engine, the table's engine, and the deliverer as it is deployed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Deps } from '../../core/deps.ts';
import { bundleFunctions } from '../../infra/bundle.ts';
import type { FunctionModel } from '../../local/assembly/model.ts';
import { startDynamoDb } from '../../local/engines/dynamodb/index.ts';
import { startStorage } from '../../local/engines/storage/storage.ts';
import { startGateway } from '../../local/gateway/gateway.ts';
import { Principals } from '../../local/gateway/principals.ts';
import { ACCOUNT_ID, queueArn, REGION } from '../../local/iam/arn.ts';
import { authorizeByPolicies } from '../../local/iam/authorize.ts';
import { parsePolicy } from '../../local/iam/policy.ts';
import { Functions } from '../../local/runtime/functions.ts';
import { MetricStore } from '../../local/runtime/metrics.ts';
import { SqsSource } from '../../local/triggers/sqs-source.ts';
import { createBerthTable, databaseClient } from '../helpers/berth-table.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const TABLE = 'berth';
const QUEUE = 'events.fifo';
const DEAD = 'dead.fifo';
const EVERYTHING = parsePolicy({
  Statement: [{ Effect: 'Allow', Action: ['sqs:*', 'dynamodb:*'], Resource: '*' }],
});

export type WebhookSystem = {
  readonly deps: Pick<Deps, 'store' | 'events' | 'clock' | 'sleep' | 'ids' | 'sha256' | 'settings'> &
    Pick<Deps, 'metrics' | 'log'>;
  /** Messages in the queue, received or not. */
  readonly waiting: () => number;
  /** Messages that the deliverer could not handle at all. */
  readonly unhandled: () => number;
  /** Ends every deliverer that works on something, as a crash would; how many. */
  readonly kill: () => Promise<number>;
  readonly inFlight: () => number;
  close(): Promise<void>;
};

/** @param visibilitySeconds after which a message comes back whose deliverer was killed */
export const openWebhookSystem = async (visibilitySeconds: number): Promise<WebhookSystem> => {
  const dir = await mkdtemp(join(tmpdir(), 'berth-webhooks-'));
  const [bundle] = await bundleFunctions({
    handlers: ['deliver'],
    functionsDir: join(ROOT, 'functions'),
    outDir: join(ROOT, 'dist', 'webhooks'),
  });
  const dynamodb = await startDynamoDb({});
  const storage = await startStorage();
  const principals = new Principals();
  const gateway = await startGateway({
    principals,
    authorize: authorizeByPolicies(() => [EVERYTHING]),
    engines: { sqsUrl: storage.sqsUrl },
    services: { dynamodb: (call) => dynamodb.handle(call) },
    partitionKeyOf: () => 'pk',
  });
  storage.ensureQueue({ name: DEAD, attributes: {} });
  const redrive = JSON.stringify({ deadLetterTargetArn: queueArn(DEAD), maxReceiveCount: 1000 });
  const attributes = { VisibilityTimeout: String(visibilitySeconds), RedrivePolicy: redrive };
  storage.ensureQueue({ name: QUEUE, attributes });
  const client = databaseClient(dynamodb.url);
  await createBerthTable(client, TABLE);

  const urlOf = (queue: string) => `${gateway.url}/${ACCOUNT_ID}/${queue}`;
  const environment = {
    BERTH_TABLE: TABLE,
    BERTH_EVENTS_QUEUE_URL: urlOf(QUEUE),
    BERTH_DEAD_LETTER_QUEUE_URL: urlOf(DEAD),
    // No event here is followed over a WebSocket.
    BERTH_LIVE_QUEUE_URL: urlOf('unused'),
    BERTH_SETTINGS: JSON.stringify({ environment: 'faults', allowLoopbackWebhooks: true }),
  };
  const deliverer: FunctionModel = {
    name: 'deliver',
    logicalId: 'deliver',
    label: 'deliver',
    arn: `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:deliver`,
    assetDir: bundle?.directory ?? '',
    handler: 'index.handler',
    environment,
    timeoutSeconds: 30,
    memoryMb: 256,
    role: 'deliverer',
    reservedConcurrency: undefined,
  };
  const functions = new Functions({
    models: [deliverer],
    endpoint: gateway.url,
    principals,
    metrics: new MetricStore(Date.now),
    logDir: dir,
    clock: Date.now,
    onWarning: () => {},
  });
  const sqs = new SQSClient({
    endpoint: gateway.url,
    region: REGION,
    credentials: principals.register('deliverer'),
    maxAttempts: 1,
  });
  const source = new SqsSource({
    source: {
      id: 'deliveries',
      functionName: 'deliver',
      queueArn: queueArn(QUEUE),
      batchSize: 1,
      windowSeconds: 0,
      // As deployed (infra/concurrency-schema.ts).
      maxConcurrency: 100,
      reportsItemFailures: true,
      enabled: true,
    },
    queueUrl: urlOf(QUEUE),
    client: sqs,
    invoke: (name, event) => functions.invoke(name, event),
    onProblem: () => {},
  });
  const depth = (queue: string): number => {
    const { visible = 0, inFlight = 0, delayed = 0 } = storage.queueDepth(queue) ?? {};
    return visible + inFlight + delayed;
  };
  return {
    deps: await senderDeps(environment, gateway.url, principals, client),
    waiting: () => depth(QUEUE),
    unhandled: () => depth(DEAD),
    kill: () => functions.kill('deliver'),
    inFlight: () => functions.inFlight('deliver'),
    close: async () => {
      await source.close();
      await functions.close();
      sqs.destroy();
      client.destroy();
      await gateway.close();
      await storage.close();
      await dynamodb.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

/** The parts that accept events and redrive dead letters, as the functions build it. */
const senderDeps = async (
  environment: Readonly<Record<string, string>>,
  endpoint: string,
  principals: Principals,
  client: ReturnType<typeof databaseClient>,
): Promise<WebhookSystem['deps']> => {
  const { accessKeyId, secretAccessKey } = principals.register('sender');
  Object.assign(process.env, environment, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  });
  // They read the environment as they are loaded.
  const [{ base }, { dynamoDbStore }, { sqsEvents }] = await Promise.all([
    import('../../functions/adapters/base.ts'),
    import('../../functions/adapters/dynamodb-store.ts'),
    import('../../functions/adapters/sqs-events.ts'),
  ]);
  const quiet = () => {};
  return {
    ...base,
    store: dynamoDbStore(TABLE, client),
    events: sqsEvents(),
    metrics: { count: quiet },
    log: { info: quiet, warn: quiet, error: quiet },
  };
};
