import * as z from 'zod';
import type { Identity } from '../intrinsics.ts';
import type { EventSourceModel, FunctionModel, PermissionModel } from '../model.ts';
import { COSMETIC, functionNameOf, integer, properties } from './properties.ts';

const functionSchema = properties(
  {
    Code: z.object({ S3Key: z.string() }),
    Handler: z.string(),
    Runtime: z.string().regex(/^nodejs/, 'only Node.js runtimes run locally'),
    Role: z.string(),
    Timeout: integer.default(3),
    MemorySize: integer.default(128),
    Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()) }).optional(),
    ReservedConcurrentExecutions: integer.optional(),
  },
  {
    ...COSMETIC,
    FunctionName: 'is the identity',
    Architectures: 'bundles are plain JavaScript',
    VpcConfig: 'everything is on loopback',
    LoggingConfig: 'logs are files in the data directory',
    TracingConfig: 'nothing is traced here',
    Layers: 'bundles carry what they need',
    EphemeralStorage: 'functions write no files',
    KmsKeyArn: 'data at rest is protected by the file system',
    RecursiveLoop: 'a guard of AWS',
    SnapStart: 'no snapshots here',
    RuntimeManagementConfig: 'this machine has one Node.js',
  },
);

/** Functions are named `berth-<environment>-<handler>`. */
const labelOf = (name: string): string => name.replace(/^berth-[^-]+-/, '');

export const interpretFunction = (
  value: unknown,
  logicalId: string,
  identity: Identity,
  assets: ReadonlyMap<string, string>,
): FunctionModel => {
  const fn = functionSchema.parse(value);
  const assetHash =
    fn.Code.S3Key.replace(/\.zip$/, '')
      .split('/')
      .at(-1) ?? '';
  const assetDir = assets.get(assetHash);
  if (assetDir === undefined) {
    throw new Error(`Code.S3Key: the assembly has no asset ${assetHash}`);
  }
  const environment = fn.Environment?.Variables ?? {};
  return {
    name: identity.ref,
    logicalId,
    label: labelOf(identity.ref),
    arn: identity.attributes.Arn ?? '',
    assetDir,
    handler: fn.Handler,
    environment,
    timeoutSeconds: fn.Timeout,
    memoryMb: fn.MemorySize,
    role: fn.Role.split('/').at(-1) ?? '',
    reservedConcurrency: fn.ReservedConcurrentExecutions,
  };
};

const permissionSchema = properties(
  {
    Action: z.string(),
    FunctionName: z.string(),
    Principal: z.string(),
    SourceArn: z.string().optional(),
  },
  { SourceAccount: 'one account here' },
);

export const interpretPermission = (value: unknown): PermissionModel => {
  const permission = permissionSchema.parse(value);
  return {
    functionName: functionNameOf(permission.FunctionName),
    principal: permission.Principal,
    sourceArn: permission.SourceArn,
  };
};

const eventSourceSchema = properties(
  {
    EventSourceArn: z.string().regex(/^arn:aws:sqs:/, 'only SQS event sources are interpreted locally'),
    FunctionName: z.string(),
    BatchSize: integer.default(10),
    MaximumBatchingWindowInSeconds: integer.default(0),
    ScalingConfig: z.object({ MaximumConcurrency: integer }).optional(),
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
    Enabled: z.boolean().default(true),
  },
  COSMETIC,
);

export const interpretEventSource = (value: unknown, id: string): EventSourceModel => {
  const source = eventSourceSchema.parse(value);
  return {
    id,
    functionName: functionNameOf(source.FunctionName),
    queueArn: source.EventSourceArn,
    batchSize: source.BatchSize,
    windowSeconds: source.MaximumBatchingWindowInSeconds,
    maxConcurrency: source.ScalingConfig?.MaximumConcurrency,
    reportsItemFailures: source.FunctionResponseTypes.length > 0,
    enabled: source.Enabled,
  };
};
