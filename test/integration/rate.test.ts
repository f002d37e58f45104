/** The rate limiter over a real database: what the rule says and what the conditional writes say is the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rateLimiter, setRate } from '../../core/access/rate.ts';
import { parseSettings } from '../../core/settings.ts';
import { dynamoDbStore } from '../../functions/adapters/dynamodb-store.ts';
import { type DynamoDb, startDynamoDb } from '../../local/engines/dynamodb/index.ts';
import { createBerthTable, databaseClient } from '../helpers/berth-table.ts';

let engine: DynamoDb;
beforeAll(async () => {
  engine = await startDynamoDb();
  await createBerthTable(databaseClient(engine.url), 'table');
});
afterAll(() => engine?.close());

test('instances that count at the same time pass exactly what the rate allows, now and later', async () => {
  let now = Date.now();
  const store = dynamoDbStore('table', databaseClient(engine.url));
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  await setRate({ store }, 'ann', { perMinute: 700, burst: 25 });
  const instances = [1, 2, 3, 4].map(() =>
    rateLimiter({ store, clock: () => now, log, settings: parseSettings(undefined) }),
  );
  const passed = async () => {
    const calls = instances.flatMap((limiter) =>
      Array.from({ length: 15 }, () => limiter({ id: 'k', userId: 'ann' })),
    );
    return (await Promise.all(calls)).filter((refusal) => refusal === undefined).length;
  };
  expect(await passed()).toBe(25);
  expect(await passed()).toBe(0);
  // 700 a minute are 11.67 a second.
  now += 1000;
  expect(await passed()).toBe(11);
  now += 60_000;
  expect(await passed()).toBe(25);
});
