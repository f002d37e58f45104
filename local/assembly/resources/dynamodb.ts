import * as z from 'zod';
import type { TableModel } from '../model.ts';
import { COSMETIC, properties } from './properties.ts';

const keys = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));

const withoutMeaning = {
  ...COSMETIC,
  TableName: 'is the identity',
  BillingMode: 'nothing costs money here',
  PointInTimeRecoverySpecification: 'the data directory is the only copy',
  DeletionProtectionEnabled: 'guards a deployed table',
  SSESpecification: 'data at rest is protected by the file system',
  ContributorInsightsSpecification: 'no dashboards of AWS here',
  Replicas: 'one region here',
  WarmThroughput: 'capacity is what this machine has',
  TableClass: 'nothing costs money here',
};

const tableSchema = properties(
  {
    AttributeDefinitions: z.array(
      z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
    ),
    KeySchema: keys,
    GlobalSecondaryIndexes: z
      .array(
        properties(
          {
            IndexName: z.string(),
            KeySchema: keys,
            Projection: z.object({
              ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
              NonKeyAttributes: z.array(z.string()).optional(),
            }),
          },
          {
            ContributorInsightsSpecification: 'no dashboards of AWS here',
            WarmThroughput: 'capacity is what this machine has',
            OnDemandThroughput: 'capacity is what this machine has',
          },
        ),
      )
      .default([]),
    TimeToLiveSpecification: z
      .object({ AttributeName: z.string().optional(), Enabled: z.boolean() })
      .optional(),
  },
  withoutMeaning,
);

export const interpretTable = (value: unknown, name: string): TableModel => {
  const table = tableSchema.parse(value);
  const ttl = table.TimeToLiveSpecification;
  return {
    name,
    attributes: table.AttributeDefinitions,
    keys: table.KeySchema,
    indexes: table.GlobalSecondaryIndexes.map((index) => ({
      name: index.IndexName,
      keys: index.KeySchema,
      projection: {
        ProjectionType: index.Projection.ProjectionType,
        ...(index.Projection.NonKeyAttributes === undefined
          ? {}
          : { NonKeyAttributes: index.Projection.NonKeyAttributes }),
      },
    })),
    ttlAttribute: ttl?.Enabled === true ? ttl.AttributeName : undefined,
  };
};
