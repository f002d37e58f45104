import { once } from 'node:events';
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  TransactGetItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DynamoDb, startDynamoDb } from '../../../local/engines/dynamodb/index.ts';
import {
  connect,
  createTable,
  failure,
  get,
  increment,
  key,
  N,
  numberOf,
  reasons,
  S,
  transact,
} from './table.ts';

// Amazon's DynamoDB Local never answers TransactionConflict, so only the embedded engine is tested here.

/** Stops every transaction that begins while it is shut in the middle, holding its items. */
class Gate extends EventTarget {
  #shut = false;
  shut(): void {
    this.#shut = true;
  }
  open(): void {
    this.#shut = false;
    this.dispatchEvent(new Event('opened'));
  }
  async pass(): Promise<void> {
    if (!this.#shut) return;
    const opened = once(this, 'opened');
    this.dispatchEvent(new Event('reached'));
    await opened;
  }
}

let gate: Gate;
let engine: DynamoDb;
let client: DynamoDBClient;
let TableName: string;

beforeEach(async () => {
  gate = new Gate();
  engine = await startDynamoDb({ transactionWindow: () => gate.pass() });
  client = connect(engine.url);
  TableName = await createTable(client);
  await client.send(new PutItemCommand({ TableName, Item: { ...key('held'), n: N(0) } }));
});
afterEach(async () => {
  client.destroy();
  await engine.close();
});

/** Runs `during` while a transaction that adds one to the item `held` is in flight. */
const whileHeld = async (during: () => Promise<void>): Promise<void> => {
  const reached = once(gate, 'reached');
  gate.shut();
  const holder = transact(client, [increment(TableName, key('held'), 'n')]);
  await reached;
  try {
    await during();
  } finally {
    gate.open();
    await holder;
  }
  expect(await numberOf(client, TableName, key('held'), 'n')).toBe(1);
};

test('of two transactions that overlap, the later one is canceled for the items that the other holds', () =>
  whileHeld(async () => {
    const canceled = await reasons(
      transact(client, [increment(TableName, key('free'), 'n'), increment(TableName, key('held'), 'n')]),
    );
    expect(canceled?.map((reason) => reason.Code)).toEqual(['None', 'TransactionConflict']);
    expect(await get(client, TableName, key('free'))).toBeUndefined();
  }));

test('a condition check alone holds its item too', () =>
  whileHeld(async () => {
    const check = { TableName, Key: key('held'), ConditionExpression: 'attribute_exists(pk)' };
    expect(await reasons(transact(client, [{ ConditionCheck: check }]))).toMatchObject([
      { Code: 'TransactionConflict' },
    ]);
  }));

test('single writes to a held item are turned away, whichever kind', () =>
  whileHeld(async () => {
    const update = { UpdateExpression: 'SET x = :x', ExpressionAttributeValues: { ':x': S('x') } };
    for (const call of [
      client.send(new PutItemCommand({ TableName, Item: key('held') })),
      client.send(new UpdateItemCommand({ TableName, Key: key('held'), ...update })),
      client.send(new DeleteItemCommand({ TableName, Key: key('held') })),
    ]) {
      expect((await failure(call)).name).toBe('TransactionConflictException');
    }
  }));

test('a batch leaves the held item unprocessed and writes the others', () =>
  whileHeld(async () => {
    const request = (pk: string) => ({ PutRequest: { Item: key(pk) } });
    const { UnprocessedItems } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [TableName]: [request('held'), request('free')] } }),
    );
    expect(UnprocessedItems).toEqual({ [TableName]: [request('held')] });
    expect(await get(client, TableName, key('free'))).toEqual(key('free'));
  }));

test('a read transaction over a held item is canceled, a plain read sees what was committed', () =>
  whileHeld(async () => {
    const read = client.send(
      new TransactGetItemsCommand({
        TransactItems: [{ Get: { TableName, Key: key('free') } }, { Get: { TableName, Key: key('held') } }],
      }),
    );
    expect((await reasons(read))?.map((reason) => reason.Code)).toEqual(['None', 'TransactionConflict']);
    expect(await numberOf(client, TableName, key('held'), 'n')).toBe(0);
  }));

test('a token whose transaction is in flight is refused until that has ended', async () => {
  const again = () => transact(client, [increment(TableName, key('held'), 'n')], 'token');
  const reached = once(gate, 'reached');
  gate.shut();
  const first = again();
  await reached;
  expect((await failure(again())).name).toBe('TransactionInProgressException');
  gate.open();
  await first;
  await again();
  expect(await numberOf(client, TableName, key('held'), 'n')).toBe(1);
});

test('transactions and writes on other items continue beside one that waits', () =>
  whileHeld(async () => {
    await client.send(new PutItemCommand({ TableName, Item: key('free') }));
    await client.send(new DeleteItemCommand({ TableName, Key: key('free') }));
    expect(await get(client, TableName, key('free'))).toBeUndefined();
  }));
