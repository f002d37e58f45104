/**
 * A short flood against the whole system: callers are rejected; the workers' calls, at their own API, are not. The
 * two-minute form: npm run bench -- flood. The whole fleet in virtual time: npm run simulate -- --flood.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { problemSchema } from '../../../contract/errors.ts';
import { WORKER_API } from '../../../contract/worker/protocol.ts';
import { openWaitsPartition } from '../../../core/items.ts';
import { databaseClient } from '../../helpers/berth-table.ts';
import { type System, startSystem } from '../../helpers/system.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const OPEN_WAITS = 3;
/** Lower than the template's: what passes it must not be more than a slow machine carries. */
const THROTTLE = { rate: 20, burst: 60 };

let system: System;
beforeAll(async () => {
  system = await startSystem({
    throttle: THROTTLE,
    settings: { heartbeatSeconds: 1, heartbeatTimeoutSeconds: 30, openWaitsPerUser: OPEN_WAITS },
  });
});
afterAll(() => system?.stop());

const entrySchema = z.object({ routeKey: z.string().optional(), status: z.int() });

/** Statuses of the heartbeats so far, from the access log. */
const heartbeats = (): number[] =>
  readFileSync(join(system.dataDir, 'logs', 'api-access.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(WORKER_API.report))
    .map((line) => entrySchema.parse(JSON.parse(line)).status);

test('a flood of callers is refused by the gateway, and no heartbeat and no session is lost', async () => {
  await system.berth.sessions.create({ name: 'calm' });
  await system.berth.sessions.waitForStatus('calm', 'SCAN_QR_CODE');
  const before = heartbeats().length;
  const statuses: number[] = [];
  const ask = async () => (await fetch(`${system.stack.url}/api/sessions`)).status;
  // Until heartbeats came in the middle of it, at any speed of the machine.
  while (heartbeats().length < before + 3)
    statuses.push(...(await Promise.all(Array.from({ length: 2 * THROTTLE.burst }, ask))));
  // 503: this machine has no instance free in time, as Lambda would answer above its concurrency.
  expect(statuses.filter((status) => ![401, 429, 503].includes(status))).toEqual([]);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(THROTTLE.burst / 2);
  expect([...new Set(heartbeats())]).toEqual([200]);
  await system.stack.trigger('reaper');
  await vi.waitFor(
    async () => expect(await system.berth.sessions.get('calm')).toMatchObject({ state: 'RUNNING' }),
    { timeout: 10_000, interval: 500 },
  );
});

/** Of a user, as the database has them. */
const openWaits = async (userId: string): Promise<number> => {
  const client = databaseClient(system.stack.databaseUrl);
  const { Count } = await client.send(
    new QueryCommand({
      TableName: system.stack.model.tables[0]?.name,
      KeyConditionExpression: 'pk = :waits',
      ExpressionAttributeValues: { ':waits': { S: openWaitsPartition(userId) } },
    }),
  );
  client.destroy();
  return Count ?? 0;
};

test('a user has so many waits open and no more; others wait and are answered, and an end makes room', async () => {
  const key = async (userId: string) => (await system.berth.keys.create({ userId })).key;
  const [ann, ben] = [await key('ann'), await key('ben')];
  const follow = (of: string, wait: number, signal?: AbortSignal) =>
    fetch(`${system.stack.url}/api/events?wait=${wait}`, {
      headers: { 'x-api-key': of, accept: 'application/json' },
      ...(signal && { signal }),
    });
  const waiting = Array.from({ length: OPEN_WAITS }, () => follow(ann, 20));
  await vi.waitFor(async () => expect(await openWaits('ann')).toBe(OPEN_WAITS), {
    timeout: 15_000,
    interval: 100,
  });
  // Answered at once, while the others wait.
  const refused = await follow(ann, 20);
  expect(refused.status).toBe(429);
  const problem = problemSchema.parse(await refused.json());
  expect(problem).toMatchObject({ scope: 'waits', limit: OPEN_WAITS, active: OPEN_WAITS });
  expect(refused.headers.get('retry-after')).toBe(String(problem.retryAfterSeconds));
  expect((await follow(ann, 0)).status, 'a request that does not wait').toBe(200);
  expect((await follow(ben, 1)).status, 'another user').toBe(200);
  for (const response of await Promise.all(waiting)) expect(response.status).toBe(200);
  expect((await follow(ann, 1)).status, 'once they have ended').toBe(200);
});
