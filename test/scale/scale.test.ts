/** The scale tool counts what the rules ask of AWS, and the cost model says the same. */
import { expect, test } from 'vitest';
import { COST_DEFAULTS } from '../../cli/cost/input.ts';
import { usageOf } from '../../cli/cost/parts.ts';
import { sessionKey } from '../../core/items.ts';
import { environmentOf } from '../../infra/environments.ts';
import { simulateDay } from './day.ts';
import { bytesOf, Ledger } from './ledger.ts';
import { loadOf, perSessionHour } from './load.ts';
import { type Quota, reachedAt, withoutRoom } from './quotas.ts';
import { measureSweeps } from './sweeps.ts';

const { messages, heartbeatSeconds } = COST_DEFAULTS;
const { settings } = environmentOf('prod');
const SESSIONS = 3;
const SLACK = 0.05;

test('the cost model asks of AWS what a session asks for that runs for some hours', async () => {
  const day = await simulateDay({
    sessions: SESSIONS,
    cohort: SESSIONS,
    messagesAnHour: messages,
    alwaysOn: 1,
    hours: 6,
    settings,
  });
  const usage = usageOf({ messages, heartbeatSeconds });
  for (const [name, expected] of [
    ['API Gateway (workers)', usage.workerCalls],
    ['Lambda Invoke', usage.executions],
    ['write units', usage.writeUnits],
    ['read units', usage.readUnits],
    ['S3 PUT', usage.objectWrites],
    ['S3 GET', usage.objectReads],
  ] as const) {
    const counted = perSessionHour(day, name);
    expect(counted, name).toBeGreaterThan(expected * (1 - SLACK));
    expect(counted, name).toBeLessThan(expected * (1 + SLACK));
  }

  // A pass costs calls for the tasks that run and the sessions that hold slots, and grows with both.
  const small = await measureSweeps(day, 50);
  const large = await measureSweeps(day, 500);
  expect(large.ledger.get('ECS DescribeTasks')).toBe(5);
  // Every session is healthy: there is nothing to set right.
  expect(large.ledger.get('write units')).toBe(0);
  expect(large.ledger.get('read units')).toBeGreaterThan(5 * small.ledger.get('read units'));
  // Of a session's day, only what sweeps read is copied: with its history, 50,000 do not fit into memory.
  expect(large.items).toBeLessThan(10 * 500);
  const load = loadOf(day, large, 500, 1);
  expect(load).toMatchObject({ sessions: 500, taskReads: 10 / 60 });
});

test('the cost model has the heartbeat of prod', () => {
  expect(heartbeatSeconds).toBe(settings.heartbeatSeconds);
});

test('a worker reports with each heartbeat, and a message adds no report', async () => {
  const reportsAnHour = async (messagesAnHour: number): Promise<number> => {
    const day = await simulateDay({
      sessions: SESSIONS,
      cohort: SESSIONS,
      messagesAnHour,
      alwaysOn: 1,
      hours: 3,
      settings: { ...settings, snapshotIntervalSeconds: 36_000 },
    });
    // Each message that comes in is one call with its event.
    return perSessionHour(day, 'API Gateway (workers)') - messagesAnHour / 2;
  };
  const beats = 3600 / heartbeatSeconds;
  expect(await reportsAnHour(0)).toBeCloseTo(beats, 0);
  expect(await reportsAnHour(40)).toBeCloseTo(beats, -1);
});

test('an item has the size that DynamoDB documents', () => {
  // 2 + 3, 1 + 2, 4 + 1, and a list: 4 + 3 + (1 + 1) + (1 + 3 + (1 + 1 + 4)).
  expect(bytesOf({ pk: 'abc', n: 17, flag: true, list: ['x', { y: 'üü' }] })).toBe(32);
});

test('an entry of an index that moves costs two writes, one that stays costs none', () => {
  const key = sessionKey('ann', 'shop');
  const item = { ...key, listUser: 'ann', listName: 'shop', dueBucket: 'DUE#0', nextDeadlineAt: 1 };
  const costOf = (after: object) => {
    const ledger = new Ledger();
    ledger.write('UpdateItem', [{ key, before: item, after: { ...item, ...after } }], 0);
    return ['table', 'ofUser', 'due'].map((place) => ledger.get(`write units of ${place}`));
  };
  expect(costOf({})).toEqual([1, 0, 0]);
  expect(costOf({ status: 'WORKING' })).toEqual([1, 1, 0]);
  // A list does not show it.
  expect(costOf({ nextDeadlineAt: 2 })).toEqual([1, 0, 2]);
});

test('a limit that AWS does not raise needs room; one that it raises does not', () => {
  const quota = (remedy: Quota['remedy'], need: number): Quota => ({
    name: remedy,
    need,
    limit: 100,
    remedy,
    action: '',
  });
  const failing = withoutRoom([quota('raise', 500), quota('design', 81), quota('setting', 79)]);
  expect(failing.map(({ name }) => name)).toEqual(['design']);
  expect(reachedAt(quota('design', 50), 1000)).toBe(2000);
});
