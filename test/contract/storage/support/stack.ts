import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ECSClient } from '@aws-sdk/client-ecs';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Storage } from '../../../../local/engines/storage/storage.ts';
import { startStorage } from '../../../../local/engines/storage/storage.ts';
import type { Gateway } from '../../../../local/gateway/gateway.ts';
import { startGateway } from '../../../../local/gateway/gateway.ts';
import type { CallSummary, GatewayOptions } from '../../../../local/gateway/options.ts';
import type { Credentials } from '../../../../local/gateway/principals.ts';
import { Principals } from '../../../../local/gateway/principals.ts';
import { REGION } from '../../../../local/iam/arn.ts';
import { authorizeByPolicies } from '../../../../local/iam/authorize.ts';
import { parsePolicy } from '../../../../local/iam/policy.ts';
import { AccessRecorder } from '../../../../local/iam/recorder.ts';

export interface Statement {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: object;
}

/** Storage behind a gateway, with roles that may do what they are given. */
export interface Stack {
  readonly storage: Storage;
  readonly gateway: Gateway;
  readonly recorder: AccessRecorder;
  readonly calls: CallSummary[];
  /** Registers a role with these statements and returns its credentials. */
  role(name: string, ...statements: Statement[]): Credentials;
  s3(credentials: Credentials): S3Client;
  sqs(credentials: Credentials): SQSClient;
  dynamodb(credentials: Credentials): DynamoDBClient;
  ecs(credentials: Credentials): ECSClient;
  close(): Promise<void>;
}

export const everything: Statement = { Action: '*', Resource: '*' };

export const startStack = async (
  options: Partial<GatewayOptions> & { dir?: string } = {},
): Promise<Stack> => {
  const { dir, engines, ...rest } = options;
  const storage = await startStorage(dir === undefined ? {} : { dir });
  const principals = new Principals();
  const policies = new Map<string, ReturnType<typeof parsePolicy>[]>();
  const recorder = new AccessRecorder();
  const calls: CallSummary[] = [];
  const gateway = await startGateway({
    principals,
    authorize: authorizeByPolicies((role) => policies.get(role) ?? [], recorder),
    engines: { s3Url: storage.s3Url, sqsUrl: storage.sqsUrl, ...engines },
    onCall: (call) => calls.push(call),
    ...rest,
  });
  const client = (credentials: Credentials) => ({
    endpoint: gateway.url,
    region: REGION,
    credentials,
    maxAttempts: 1,
  });
  return {
    storage,
    gateway,
    recorder,
    calls,
    role: (name, ...statements) => {
      policies.set(name, [
        parsePolicy({ Statement: statements.map((one) => ({ Effect: 'Allow', ...one })) }),
      ]);
      return principals.register(name);
    },
    s3: (credentials) => new S3Client(client(credentials)),
    sqs: (credentials) => new SQSClient(client(credentials)),
    dynamodb: (credentials) => new DynamoDBClient(client(credentials)),
    ecs: (credentials) => new ECSClient(client(credentials)),
    close: async () => {
      await gateway.close();
      await storage.close();
    },
  };
};

/** Runs with its own directory, which is removed afterwards. */
export const withDir = async (work: (dir: string) => Promise<void>): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'berth-storage-'));
  try {
    await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};
