import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Control } from '../../../core/control.ts';
import { base } from '../../../functions/adapters/base.ts';
import { dynamoDbStore } from '../../../functions/adapters/dynamodb-store.ts';

const quiet = () => {};

/** What admission, release and limits need, as the functions build it, without the queue and the log. */
export const controlOver = (client: DynamoDBClient, table: string) =>
  ({
    ...base,
    store: dynamoDbStore(table, client),
    events: { send: async () => {} },
    metrics: { count: quiet },
    log: { info: quiet, warn: quiet, error: quiet },
  }) satisfies Partial<Control>;
export type AdmissionControl = ReturnType<typeof controlOver>;
