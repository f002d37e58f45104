import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Deps } from '../../../core/deps.ts';
import { base } from '../../../functions/adapters/base.ts';
import { dynamoDbStore } from '../../../functions/adapters/dynamodb-store.ts';

const quiet = () => {};

/** The dependencies of admission, release and limits, as the functions build it, without the queue and the log. */
export const depsOver = (client: DynamoDBClient, table: string) =>
  ({
    ...base,
    store: dynamoDbStore(table, client),
    events: { send: async () => {}, wake: async () => {} },
    metrics: { count: quiet },
    log: { info: quiet, warn: quiet, error: quiet },
  }) satisfies Partial<Deps>;
export type AdmissionDeps = ReturnType<typeof depsOver>;
