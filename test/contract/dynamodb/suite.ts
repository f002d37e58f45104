import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  connect,
  createTable,
  failure,
  get,
  type Item,
  increment,
  isCanceled,
  key,
  N,
  numberOf,
  pages,
  reasons,
  S,
  transact,
} from './table.ts';

export type Target = { readonly url: string; close(): Promise<void> };

/** What Berth relies on in DynamoDB, the same for every engine that stands in for it. */
export const contract = (engine: string, start: () => Promise<Target>): void => {
  describe(`DynamoDB as Berth uses it, on ${engine}`, () => {
    let target: Target;
    let client: DynamoDBClient;
    let TableName: string;

    beforeAll(async () => {
      target = await start();
      client = connect(target.url);
      TableName = await createTable(client);
    });
    afterAll(async () => {
      client?.destroy();
      await target?.close();
    });

    const put = (item: Item) => client.send(new PutItemCommand({ TableName, Item: item }));
    const fresh = (): string => randomUUID();

    describe('tables', () => {
      test('a table is listed until it is deleted, and then unknown', async () => {
        const other = await createTable(client);
        expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual(
          expect.arrayContaining([TableName, other]),
        );
        await client.send(new DeleteTableCommand({ TableName: other }));
        await expect
          .poll(async () => (await client.send(new ListTablesCommand({}))).TableNames)
          .not.toContain(other);
        expect((await failure(get(client, other, key('x')))).name).toBe('ResourceNotFoundException');
        expect((await failure(put({ ...key('x'), pk: N(1) }))).name).toBe('ValidationException');
      });

      test('time to live is described as it was set, and set only once', async () => {
        const other = await createTable(client);
        const set = (Enabled: boolean) =>
          client.send(
            new UpdateTimeToLiveCommand({
              TableName: other,
              TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled },
            }),
          );
        const described = async () =>
          (await client.send(new DescribeTimeToLiveCommand({ TableName: other }))).TimeToLiveDescription;
        expect(await described()).toEqual({ TimeToLiveStatus: 'DISABLED' });
        await set(true);
        expect(await described()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
        expect((await failure(set(true))).name).toBe('ValidationException');
      });
    });

    describe('single items', () => {
      test('a failed condition returns the item that it met, if the caller asks for it', async () => {
        const pk = fresh();
        const old = { ...key(pk), state: S('RUNNING') };
        await put(old);
        const never = { TableName, ConditionExpression: 'attribute_not_exists(pk)' };
        const returning = { ...never, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };
        const update = { Key: key(pk), UpdateExpression: 'REMOVE nothing' };
        for (const call of [
          client.send(new PutItemCommand({ ...returning, Item: key(pk) })),
          client.send(new UpdateItemCommand({ ...returning, ...update })),
          client.send(new DeleteItemCommand({ ...returning, Key: key(pk) })),
        ]) {
          expect(await failure(call)).toMatchObject({ name: 'ConditionalCheckFailedException', Item: old });
        }
        const withoutItem = await failure(client.send(new PutItemCommand({ ...never, Item: key(pk) })));
        expect(withoutItem.name).toBe('ConditionalCheckFailedException');
        expect(Reflect.get(withoutItem, 'Item')).toBeUndefined();
        expect(await get(client, TableName, key(pk))).toEqual(old);
      });

      test('a failed condition on an item that is not there returns no item', async () => {
        const error = await failure(
          client.send(
            new DeleteItemCommand({
              TableName,
              Key: key(fresh()),
              ConditionExpression: 'attribute_exists(pk)',
              ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            }),
          ),
        );
        expect(error.name).toBe('ConditionalCheckFailedException');
        expect(Reflect.get(error, 'Item')).toBeUndefined();
      });

      test('concurrent updates of one item lose none', async () => {
        const Key = key(fresh());
        const { Update } = increment(TableName, Key, 'n');
        await Promise.all(
          Array.from({ length: 100 }, () =>
            client.send(new UpdateItemCommand({ Key, TableName, ...Update })),
          ),
        );
        expect(await numberOf(client, TableName, Key, 'n')).toBe(100);
      });

      test('only one of many conditional creations wins', async () => {
        const Item = key(fresh());
        const attempts = Array.from({ length: 30 }, () =>
          client
            .send(new PutItemCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' }))
            .then(() => 1)
            .catch(() => 0),
        );
        expect((await Promise.all(attempts)).reduce<number>((sum, won) => sum + won, 0)).toBe(1);
      });

      test('update expressions set, keep, append, add and remove', async () => {
        const pk = fresh();
        await put({ ...key(pk), n: N(5), list: { L: [N(1)] }, gone: S('x'), map: { M: { inner: N(1) } } });
        const { Attributes } = await client.send(
          new UpdateItemCommand({
            TableName,
            Key: key(pk),
            UpdateExpression:
              'SET #n = #n - :two, kept = if_not_exists(kept, :two), #l = list_append(#l, :more), #m.#i = :two ADD added :two REMOVE gone',
            ConditionExpression: '#n BETWEEN :two AND :nine AND size(#l) < :two AND begins_with(gone, :x)',
            ExpressionAttributeNames: { '#n': 'n', '#l': 'list', '#m': 'map', '#i': 'inner' },
            ExpressionAttributeValues: { ':two': N(2), ':nine': N(9), ':more': { L: [N(2)] }, ':x': S('x') },
            ReturnValues: 'ALL_NEW',
          }),
        );
        expect(Attributes).toEqual({
          ...key(pk),
          n: N(3),
          kept: N(2),
          list: { L: [N(1), N(2)] },
          map: { M: { inner: N(2) } },
          added: N(2),
        });
      });
    });

    describe('write transactions', () => {
      test('all of it happens, indexes included', async () => {
        const [a, b, c, owner] = [fresh(), fresh(), fresh(), fresh()];
        await put({ ...key(b), n: N(1), owner: S(owner) });
        await put({ ...key(c), owner: S(owner) });
        await transact(client, [
          { Put: { TableName, Item: { ...key(a), owner: S(owner) } } },
          increment(TableName, key(b), 'n'),
          { Delete: { TableName, Key: key(c) } },
          {
            ConditionCheck: {
              TableName,
              Key: key(fresh()),
              ConditionExpression: 'attribute_not_exists(pk)',
            },
          },
        ]);
        expect(await numberOf(client, TableName, key(b), 'n')).toBe(2);
        expect(await get(client, TableName, key(c))).toBeUndefined();
        await expect.poll(async () => (await ownedBy(owner)).map((item) => item.pk)).toHaveLength(2);
        expect(await ownedBy(owner)).toEqual(
          expect.arrayContaining([a, b].map((pk) => expect.objectContaining(key(pk)))),
        );
      });

      test('none of it happens if one condition fails, and the reasons stand in the order of the items', async () => {
        const [a, b, c] = [fresh(), fresh(), fresh()];
        const full = { ...key(b), active: N(5) };
        await put(full);
        const canceled = await reasons(
          transact(client, [
            { Put: { TableName, Item: key(a) } },
            {
              Update: {
                TableName,
                Key: key(b),
                UpdateExpression: 'ADD active :one',
                ConditionExpression: 'active < :limit',
                ExpressionAttributeValues: { ':one': N(1), ':limit': N(5) },
                ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
              },
            },
            { ConditionCheck: { TableName, Key: key(c), ConditionExpression: 'attribute_exists(pk)' } },
          ]),
        );
        expect(canceled?.map((reason) => reason.Code)).toEqual([
          'None',
          'ConditionalCheckFailed',
          'ConditionalCheckFailed',
        ]);
        expect(canceled?.map((reason) => reason.Item)).toEqual([undefined, full, undefined]);
        expect(await get(client, TableName, key(a))).toBeUndefined();
        expect(await get(client, TableName, key(b))).toEqual(full);
      });

      test('an update that does not fit the item cancels with a validation error', async () => {
        const pk = fresh();
        await put({ ...key(pk), n: S('text') });
        const canceled = await reasons(
          transact(client, [{ Put: { TableName, Item: key(fresh()) } }, increment(TableName, key(pk), 'n')]),
        );
        expect(canceled?.map((reason) => reason.Code)).toEqual(['None', 'ValidationError']);
      });

      test('two actions on one item, and more than 100 items, are refused', async () => {
        const pk = fresh();
        const twice = transact(client, [
          { ConditionCheck: { TableName, Key: key(pk), ConditionExpression: 'attribute_not_exists(pk)' } },
          { Put: { TableName, Item: key(pk) } },
        ]);
        expect((await failure(twice)).name).toBe('ValidationException');
        const puts = (count: number) =>
          Array.from({ length: count }, (_, at) => ({ Put: { TableName, Item: key(pk, String(at)) } }));
        expect((await failure(transact(client, puts(101)))).name).toBe('ValidationException');
        await transact(client, puts(100));
        const { Count } = await client.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': S(pk) },
            ConsistentRead: true,
          }),
        );
        expect(Count).toBe(100);
      });

      test('a repeat with its token changes nothing, and other parameters under that token are refused', async () => {
        const [Key, token] = [key(fresh()), fresh()];
        await transact(client, [increment(TableName, Key, 'n')], token);
        await transact(client, [increment(TableName, Key, 'n')], token);
        expect(await numberOf(client, TableName, Key, 'n')).toBe(1);
        const other = await failure(transact(client, [increment(TableName, Key, 'm')], token));
        expect(other.name).toBe('IdempotentParameterMismatchException');
      });

      test('a canceled transaction does not use up its token', async () => {
        const [pk, token] = [fresh(), fresh()];
        const create = () =>
          transact(
            client,
            [{ Put: { TableName, Item: key(pk), ConditionExpression: 'attribute_not_exists(pk)' } }],
            token,
          );
        await put(key(pk));
        expect(await reasons(create())).toMatchObject([{ Code: 'ConditionalCheckFailed' }]);
        await client.send(new DeleteItemCommand({ TableName, Key: key(pk) }));
        await create();
        expect(await get(client, TableName, key(pk))).toEqual(key(pk));
      });

      test('of 100 contenders for 10 slots exactly 10 get one, and the counter says so', async () => {
        const user = fresh();
        const [contenders, limit] = [100, 10];
        await put({ ...key(user, 'QUOTA'), active: N(0), limit: N(limit) });

        const admit = async (name: string): Promise<'admitted' | 'full'> => {
          for (let attempt = 0; ; attempt++) {
            try {
              await transact(client, [
                {
                  Put: {
                    TableName,
                    Item: { ...key(user, `SESSION#${name}`), owner: S(user) },
                    ConditionExpression: 'attribute_not_exists(pk)',
                  },
                },
                {
                  Update: {
                    TableName,
                    Key: key(user, 'QUOTA'),
                    UpdateExpression: 'ADD active :one',
                    ConditionExpression: 'active < #limit',
                    ExpressionAttributeNames: { '#limit': 'limit' },
                    ExpressionAttributeValues: { ':one': N(1) },
                  },
                },
              ]);
              return 'admitted';
            } catch (error) {
              if (!isCanceled(error)) throw error;
              const codes = error.CancellationReasons?.map((reason) => reason.Code) ?? [];
              if (codes[1] === 'ConditionalCheckFailed') return 'full';
              if (!codes.includes('TransactionConflict')) throw error;
              await sleep(Math.random() * Math.min(5_000, 400 * 2 ** attempt));
            }
          }
        };
        const outcomes = await Promise.all(Array.from({ length: contenders }, (_, at) => admit(String(at))));

        expect(outcomes.filter((outcome) => outcome === 'admitted')).toHaveLength(limit);
        expect(await numberOf(client, TableName, key(user, 'QUOTA'), 'active')).toBe(limit);
        const { items: holders } = await pages(client, {
          TableName,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :session)',
          ExpressionAttributeValues: { ':pk': S(user), ':session': S('SESSION#') },
          ConsistentRead: true,
        });
        expect(holders).toHaveLength(limit);
        await expect.poll(async () => await ownedBy(user)).toHaveLength(limit);
      }, 120_000);
    });

    describe('read transactions', () => {
      test('items come in the order of the request, with gaps for items that do not exist', async () => {
        const [a, b] = [fresh(), fresh()];
        await put({ ...key(a), n: N(1), m: N(2) });
        await put({ ...key(b), n: N(3) });
        const { Responses } = await client.send(
          new TransactGetItemsCommand({
            TransactItems: [
              { Get: { TableName, Key: key(b) } },
              { Get: { TableName, Key: key(fresh()) } },
              { Get: { TableName, Key: key(a), ProjectionExpression: 'm' } },
            ],
          }),
        );
        expect(Responses?.map((response) => response.Item)).toEqual([
          { ...key(b), n: N(3) },
          undefined,
          { m: N(2) },
        ]);
      });

      test('a transaction is never seen half done', async () => {
        const [a, b] = [key(fresh()), key(fresh())];
        await transact(client, [increment(TableName, a, 'n'), increment(TableName, b, 'n')]);
        const both = { TransactItems: [{ Get: { TableName, Key: a } }, { Get: { TableName, Key: b } }] };
        let writing = true;
        const writer = (async () => {
          for (let i = 0; i < 40; i++) {
            await transact(client, [increment(TableName, a, 'n'), increment(TableName, b, 'n')]);
          }
          writing = false;
        })();
        let seen = 0;
        while (writing) {
          const answer = await client.send(new TransactGetItemsCommand(both)).catch((error: unknown) => {
            if (!isCanceled(error)) throw error;
          });
          if (answer === undefined) continue;
          const [first, second] = answer.Responses ?? [];
          expect(first?.Item?.n).toEqual(second?.Item?.n);
          seen++;
        }
        await writer;
        expect(seen).toBeGreaterThan(0);
      });
    });

    describe('batches', () => {
      test('25 writes are done, 26 or the same item twice are refused', async () => {
        const pk = fresh();
        const batch = (sks: readonly string[]) =>
          client.send(
            new BatchWriteItemCommand({
              RequestItems: { [TableName]: sks.map((sk) => ({ PutRequest: { Item: key(pk, sk) } })) },
            }),
          );
        const sks = Array.from({ length: 26 }, (_, at) => `item-${at}`);
        expect((await failure(batch(sks))).name).toBe('ValidationException');
        expect((await failure(batch(['same', 'same']))).name).toBe('ValidationException');
        expect((await batch(sks.slice(0, 25))).UnprocessedItems).toEqual({});
        const { Responses } = await client.send(
          new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: sks.map((sk) => key(pk, sk)) } } }),
        );
        expect(Responses?.[TableName]).toHaveLength(25);
        await client.send(
          new BatchWriteItemCommand({
            RequestItems: { [TableName]: [{ DeleteRequest: { Key: key(pk, 'item-0') } }] },
          }),
        );
        expect(await get(client, TableName, key(pk, 'item-0'))).toBeUndefined();
      });
    });

    describe('queries', () => {
      test('an item enters, moves in and leaves a sparse index with its key', async () => {
        const [pk, due] = [fresh(), fresh()];
        const times = async () => (await dueIn(due)).items.map((item) => item.at?.N);
        await put(key(pk));
        expect(await times()).toEqual([]);
        const update = (UpdateExpression: string, values?: Item) =>
          client.send(
            new UpdateItemCommand({
              TableName,
              Key: key(pk),
              UpdateExpression,
              ExpressionAttributeNames: { '#at': 'at' },
              ...(values && { ExpressionAttributeValues: values }),
            }),
          );
        await update('SET due = :due, #at = :at', { ':due': S(due), ':at': N(10) });
        await expect.poll(times).toEqual(['10']);
        await update('SET #at = :at', { ':at': N(9) });
        await expect.poll(times).toEqual(['9']);
        await update('REMOVE #at');
        await expect.poll(times).toEqual([]);
      });

      test('pages of an index join up in both directions, whether its keys differ or not', async () => {
        const due = fresh();
        const times = Array.from({ length: 40 }, (_, at) => [7, 1000, -3, 0.5, 42][at % 5] ?? 0);
        await Promise.all(times.map((at, i) => put({ ...key(fresh(), String(i)), due: S(due), at: N(at) })));
        const sorted = times.toSorted((a, b) => a - b);
        for (const ScanIndexForward of [true, false]) {
          const expected = ScanIndexForward ? sorted : sorted.toReversed();
          await expect
            .poll(async () =>
              (await dueIn(due, { Limit: 7, ScanIndexForward })).items.map((item) => Number(item.at?.N)),
            )
            .toEqual(expected);
          const { items, pages: count } = await dueIn(due, { Limit: 7, ScanIndexForward });
          expect(new Set(items.map((item) => item.pk?.S)).size).toBe(40);
          expect(count).toBe(6);
        }
        const range = await dueIn(due, { until: 7 });
        expect(range.items.map((item) => Number(item.at?.N))).toEqual(sorted.filter((at) => at <= 7));
      });

      test('items with equal index keys and colliding hashes of the tables’ keys are all found', async () => {
        const owner = fresh();
        const pair = collidingKeys(owner);
        await Promise.all(pair.map((pk) => put({ ...key(pk), owner: S(owner) })));
        await expect
          .poll(async () => (await ownedBy(owner)).map((item) => item.pk?.S).sort())
          .toEqual([...pair].sort());
      });

      test('a page ends after Limit items even if a filter leaves none of them', async () => {
        const pk = fresh();
        await Promise.all(['a', 'b', 'c'].map((sk) => put(key(pk, sk))));
        const page = await client.send(
          new QueryCommand({
            TableName,
            KeyConditionExpression: 'pk = :pk',
            FilterExpression: 'attribute_exists(absent)',
            ExpressionAttributeValues: { ':pk': S(pk) },
            Limit: 2,
          }),
        );
        expect(page).toMatchObject({ Count: 0, ScannedCount: 2, LastEvaluatedKey: key(pk, 'b') });
      });

      test('an index is scanned page by page, and refuses consistent reads', async () => {
        const other = await createTable(client);
        const owners = Array.from({ length: 10 }, (_, at) => `owner-${at}`);
        await Promise.all(
          owners.map((owner) =>
            client.send(
              new PutItemCommand({
                TableName: other,
                Item: { ...key(fresh()), owner: S(owner), more: S('x') },
              }),
            ),
          ),
        );
        await client.send(new PutItemCommand({ TableName: other, Item: key(fresh()) }));
        const scanned: Item[] = [];
        const scan = { TableName: other, IndexName: 'by-owner', Limit: 3 };
        let from: Item | undefined;
        do {
          const page = await client.send(
            new ScanCommand({ ...scan, ...(from && { ExclusiveStartKey: from }) }),
          );
          scanned.push(...(page.Items ?? []));
          from = page.LastEvaluatedKey;
        } while (from !== undefined);
        expect(scanned.map((item) => item.owner?.S).sort()).toEqual(owners);
        expect(Object.keys(scanned[0] ?? {}).sort()).toEqual(['owner', 'pk', 'sk']);
        const consistent = await failure(client.send(new ScanCommand({ ...scan, ConsistentRead: true })));
        expect(consistent.name).toBe('ValidationException');
        const everything = await client.send(new ScanCommand({ TableName: other, ConsistentRead: true }));
        expect(everything.Count).toBe(11);
      });
    });

    describe('consumed capacity', () => {
      test('a transaction costs twice what its parts cost', async () => {
        const Key = key(fresh());
        const Item = { ...Key, data: S('x'.repeat(1500)) };
        const single = await client.send(
          new PutItemCommand({ TableName, Item, ReturnConsumedCapacity: 'TOTAL' }),
        );
        expect(single.ConsumedCapacity?.CapacityUnits).toBe(2);
        const read = await client.send(
          new TransactGetItemsCommand({
            TransactItems: [{ Get: { TableName, Key } }],
            ReturnConsumedCapacity: 'TOTAL',
          }),
        );
        expect(read.ConsumedCapacity?.[0]?.CapacityUnits).toBe(2);
        const eventual = await client.send(
          new GetItemCommand({ TableName, Key: key(fresh()), ReturnConsumedCapacity: 'TOTAL' }),
        );
        expect(eventual.ConsumedCapacity?.CapacityUnits).toBe(0.5);
      });
    });

    const ownedBy = async (owner: string): Promise<Item[]> =>
      (
        await pages(client, {
          TableName,
          IndexName: 'by-owner',
          KeyConditionExpression: '#owner = :owner',
          ExpressionAttributeNames: { '#owner': 'owner' },
          ExpressionAttributeValues: { ':owner': S(owner) },
        })
      ).items;

    const dueIn = (
      due: string,
      options: { Limit?: number; ScanIndexForward?: boolean; until?: number } = {},
    ) => {
      const { until = 1e9, ...rest } = options;
      return pages(client, {
        TableName,
        IndexName: 'by-due',
        KeyConditionExpression: 'due = :due AND #at <= :until',
        ExpressionAttributeNames: { '#at': 'at' },
        ExpressionAttributeValues: { ':due': S(due), ':until': N(until) },
        ...rest,
      });
    };
  });
};

/** Two partition keys whose items share the 24 bits of hash in which dynalite ends an index key. */
const collidingKeys = (seed: string): [string, string] => {
  const seen = new Map<string, string>();
  for (let i = 0; ; i++) {
    const pk = `${seed}-${i}`;
    const hash = createHash('md5').update('Outliers').update(pk).update('META').digest('hex').slice(0, 6);
    const other = seen.get(hash);
    if (other !== undefined) return [other, pk];
    seen.set(hash, pk);
  }
};
