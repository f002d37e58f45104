import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';

type Consumed = { readonly calls: number; readonly read: number; readonly write: number };

export type Units = {
  /** What `run` consumed; nothing else may use the client meanwhile. */
  during(run: () => Promise<unknown>): Promise<Consumed>;
};

const capacitySchema = z.object({ CapacityUnits: z.number() });
const outputSchema = z.object({
  ConsumedCapacity: z.union([capacitySchema, z.array(capacitySchema)]).optional(),
});

const READS = new Set(['GetItemCommand', 'BatchGetItemCommand', 'QueryCommand', 'ScanCommand']);

/**
 * Asks for the consumed capacity of every call of the client, and adds it up. A transaction that is cancelled reports
 * none (DynamoDB bills it all the same), so only what succeeds is counted.
 */
export const countUnits = (client: DynamoDBClient): Units => {
  let calls = 0;
  let read = 0;
  let write = 0;
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const input = /Table/.test(commandName)
          ? args.input
          : { ...args.input, ReturnConsumedCapacity: 'TOTAL' };
        const result = await next({ ...args, input });
        const { ConsumedCapacity = [] } = outputSchema.parse(result.output);
        const units = [ConsumedCapacity].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
        calls += 1;
        if (READS.has(commandName)) read += units;
        else write += units;
        return result;
      },
    { step: 'initialize', name: 'countUnits' },
  );
  return {
    during: async (run) => {
      const before = { calls, read, write };
      await run();
      return { calls: calls - before.calls, read: read - before.read, write: write - before.write };
    },
  };
};
