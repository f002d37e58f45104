import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../../core/clock.ts';
import type { Control } from '../../../core/control.ts';
import { base } from '../../../functions/adapters/base.ts';
import { dynamoDbStore } from '../../../functions/adapters/dynamodb-store.ts';

const quiet = () => {};

/**
 * Runs at a tenth. A rule gives up after some seconds, which are plenty for a function with a core of its own, and few
 * for one of dozens that share two cores with whatever else runs: giving up would then tell of the machine.
 */
const slowClock =
  (start: number): Clock =>
  () =>
    Math.round(start + (Date.now() - start) / 10);

/** What admission, release and limits need, as the functions build it, without the queue and the log. */
export const controlOver = (client: DynamoDBClient, table: string) =>
  ({
    ...base,
    clock: slowClock(Date.now()),
    store: dynamoDbStore(table, client),
    events: { send: async () => {} },
    metrics: { count: quiet },
    log: { info: quiet, warn: quiet, error: quiet },
  }) satisfies Partial<Control>;
export type AdmissionControl = ReturnType<typeof controlOver>;
