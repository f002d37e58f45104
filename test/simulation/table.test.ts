import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DUE_BUCKETS, DUE_PROJECTION, LIST_PROJECTION } from '../../core/items.ts';
import {
  absent,
  and,
  type Condition,
  type Item,
  type Key,
  or,
  type Query,
  type Store,
  type Write,
} from '../../core/store.ts';
import { dynamoDbStore } from '../../functions/adapters/dynamodb-store.ts';
import { type DynamoDb, startDynamoDb } from '../../local/engines/dynamodb/index.ts';
import { directStore, Table } from './model/table.ts';

/** One engine for all runs; each run works under its own partition prefix. */
let engine: DynamoDb;
let real: Store;
let runs = 0;

beforeAll(async () => {
  engine = await startDynamoDb();
  const client = new DynamoDBClient({
    endpoint: engine.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const key = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  await client.send(
    new CreateTableCommand({
      TableName: 'compared',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        ...['pk', 'sk', 'listUser', 'listName', 'dueBucket'].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S' as const,
        })),
        { AttributeName: 'nextDeadlineAt', AttributeType: 'N' },
      ],
      KeySchema: key('pk', 'sk'),
      GlobalSecondaryIndexes: [
        {
          IndexName: 'ofUser',
          KeySchema: key('listUser', 'listName'),
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...LIST_PROJECTION] },
        },
        {
          IndexName: 'due',
          KeySchema: key('dueBucket', 'nextDeadlineAt'),
          Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...DUE_PROJECTION] },
        },
      ],
    }),
  );
  real = dynamoDbStore('compared', client);
});
afterAll(() => engine.close());

const ATTRS = ['state', 'active', 'limit', 'version', 'flag'] as const;
const number = fc.integer({ min: -2, max: 3 });
const word = fc.constantFrom('STOPPED', 'RUNNING', 'x');
const scalar = fc.oneof(number, word, fc.boolean());
const attr = fc.constantFrom(...ATTRS);
const condition: fc.Arbitrary<Condition> = fc.letrec<{ any: Condition; leaf: Condition }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('any'), { minLength: 1, maxLength: 3 }),
    }),
  ),
  leaf: fc.oneof(
    fc.record({
      op: fc.constantFrom('exists' as const, 'absent' as const),
      attr: fc.oneof(attr, fc.constant('pk')),
    }),
    fc.record({ op: fc.constantFrom('eq' as const, 'ne' as const), attr, value: scalar }),
    fc.record({
      op: fc.constantFrom('lt' as const, 'le' as const, 'gt' as const, 'ge' as const),
      attr,
      value: fc.oneof(number, word),
    }),
    // One attribute against itself is malformed to DynamoDB.
    fc.record({ op: fc.constant('ltAttr' as const), attr, other: attr }).filter((c) => c.attr !== c.other),
    fc.record({
      op: fc.constant('in' as const),
      attr,
      values: fc.array(word, { minLength: 1, maxLength: 3 }),
    }),
  ),
})).any;

/** With `run` in its partition, so that runs don't meet. */
const keyIn = (run: string) =>
  fc.record({ pk: fc.constantFrom(`${run}A`, `${run}B`), sk: fc.constantFrom('1', '2', 'x1') });
const indexed = (run: string) =>
  fc.record(
    {
      listUser: fc.constantFrom(`${run}ann`, `${run}bob`),
      listName: fc.constantFrom('a', 'b', 'c'),
      dueBucket: fc.constant(`${run}${DUE_BUCKETS[0]}`),
      nextDeadlineAt: fc.integer({ min: 0, max: 5 }),
      expectedEndAt: number,
    },
    { requiredKeys: [] },
  );
const values = fc.record(
  { state: word, active: number, limit: number, version: number, flag: fc.boolean() },
  { requiredKeys: [] },
);

type SingleWrite = Exclude<Write, { kind: 'check' }>;
const writeOf = (run: string): fc.Arbitrary<SingleWrite> =>
  fc
    .record({
      key: keyIn(run),
      kind: fc.constantFrom('put' as const, 'update' as const, 'update' as const, 'delete' as const),
      item: fc
        .tuple(values, indexed(run))
        .map(([a, b]): Item => ({ ...a, ...b, nested: { list: [1, 'two', null] } })),
      set: fc
        .tuple(fc.record({ state: word, flag: fc.boolean() }, { requiredKeys: [] }), indexed(run))
        .map(([a, b]): Item => ({ ...a, ...b })),
      remove: fc.subarray(['limit', 'flag', 'state', 'dueBucket']),
      // Adding to what is not a number is malformed, and so is what adds to what it sets.
      add: fc.record({ active: number, version: fc.constant(1) }, { requiredKeys: ['version'] }),
      condition: fc.option(condition, { nil: undefined }),
    })
    .map(({ key, kind, item, set, remove, add, condition: c }): SingleWrite => {
      const held = c === undefined ? {} : { condition: c };
      if (kind === 'put') return { kind, key, item: { ...item, ...key }, ...held };
      if (kind === 'delete') return { kind, key, ...held };
      return { kind, key, set, remove, add, ...held };
    });

type Step =
  | { readonly do: 'write'; readonly write: SingleWrite }
  | { readonly do: 'transact'; readonly writes: readonly Write[]; readonly again: boolean }
  | { readonly do: 'query'; readonly query: Query }
  | { readonly do: 'get'; readonly keys: readonly Key[] };

const stepOf = (run: string): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 4, arbitrary: writeOf(run).map((write): Step => ({ do: 'write', write })) },
    {
      weight: 3,
      arbitrary: fc
        .record({
          writes: fc.uniqueArray(
            fc.oneof(
              { weight: 3, arbitrary: writeOf(run) },
              {
                weight: 1,
                arbitrary: fc.record({ kind: fc.constant('check' as const), key: keyIn(run), condition }),
              },
            ),
            { minLength: 1, maxLength: 4, selector: ({ key }) => `${key.pk} ${key.sk}` },
          ),
          again: fc.boolean(),
        })
        .map((t): Step => ({ do: 'transact', ...t })),
    },
    {
      weight: 2,
      arbitrary: fc
        .oneof(
          fc.record({
            partition: fc.constant(`${run}A`),
            limit: fc.integer({ min: 1, max: 4 }),
            descending: fc.boolean(),
          }),
          fc.record({
            partition: fc.constant(`${run}A`),
            limit: fc.constant(10),
            prefix: fc.constantFrom('x', '1'),
          }),
          fc.record({
            index: fc.constant('ofUser' as const),
            partition: fc.constant(`${run}ann`),
            limit: fc.constant(10),
          }),
          fc.record({
            index: fc.constant('due' as const),
            partition: fc.constant(`${run}${DUE_BUCKETS[0]}`),
            upTo: fc.integer({ min: 0, max: 5 }),
            limit: fc.constant(10),
          }),
        )
        .map((query): Step => ({ do: 'query', query })),
    },
    {
      weight: 1,
      arbitrary: fc
        .array(keyIn(run), { minLength: 1, maxLength: 3 })
        .map((keys): Step => ({ do: 'get', keys })),
    },
  );

const byKey = (items: readonly Item[]): Item[] =>
  [...items].sort((a, b) => (`${a.pk} ${a.sk}` < `${b.pk} ${b.sk}` ? -1 : 1));

/** The result of a step, as far as both must agree; the order within one sort key of an index is not specified. */
const outcome = async (store: Store, step: Step, token: string): Promise<unknown> => {
  switch (step.do) {
    case 'write':
      return store.write(step.write);
    case 'transact': {
      const first = await store.transact(step.writes, token);
      return step.again && first.ok ? [first, await store.transact(step.writes, token)] : first;
    }
    case 'get': {
      const unique = [...new Map(step.keys.map((key) => [`${key.pk} ${key.sk}`, key])).values()];
      const [one] = unique;
      return [one && (await store.get(one)), byKey(await store.getMany(unique))];
    }
    case 'query': {
      const items: Item[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.query({ ...step.query, ...(cursor === undefined ? {} : { cursor }) });
        items.push(...page.items);
        cursor = page.cursor;
      } while (cursor !== undefined);
      return step.query.index ? byKey(items) : items;
    }
  }
};

test('a condition of one part within others of one part is that part', async () => {
  const key = { pk: 'parentheses', sk: '1' };
  expect(await real.write({ kind: 'put', key, item: key, condition: and(or(and(absent('pk')))) })).toEqual({
    ok: true,
    item: key,
  });
});

test('the store in memory and the one over DynamoDB agree on every write, condition, transaction and query', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepOf('@'), { minLength: 1, maxLength: 25 }), async (steps) => {
      runs += 1;
      const run = `r${runs}-`;
      const mine: Step[] = JSON.parse(JSON.stringify(steps).replaceAll('"@', `"${run}`));
      const model = directStore(new Table({ now: () => 0, lag: () => 0 }));
      for (const [i, step] of mine.entries()) {
        const token = `${run}${i}`;
        expect(await outcome(model, step, token)).toEqual(await outcome(real, step, token));
      }
    }),
    { numRuns: 25, seed: 20260101 },
  );
}, 60_000);
