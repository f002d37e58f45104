/** One user takes what can be taken of what all share, on the running system: the others are served, and slots bound tasks. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { problemSchema } from '../../../contract/errors.ts';
import { type System, startSystem } from '../../helpers/system.ts';
import { PATIENCE, readTasks } from '../faults/harness.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let system: System;
beforeAll(async () => {
  system = await startSystem({
    settings: {
      globalLimit: 10,
      userLimit: 1,
      launchRetrySeconds: 3,
      stopGraceSeconds: 12,
      startsPerMinute: 60,
    },
  });
});
afterAll(() => system?.stop());

const keyOf = async (userId: string) => (await system.berth.keys.create({ userId })).key;
const problemOf = async (response: Response) => problemSchema.parse(await response.json());
const alive = () => readTasks(system.dataDir).filter(({ lastStatus }) => lastStatus !== 'STOPPED').length;

test('a delete that races the launch of its create frees no slot, so no second task runs beside it', async () => {
  const key = await keyOf('mallory');
  const { ecs } = system.stack.faults;
  const release = ecs.holdCalls('RunTask', 1);
  const creating = system.call('POST', '/api/sessions', { key, body: { name: 'a' } });
  await vi.waitFor(() => expect(ecs.heldCalls('RunTask')).toBe(1), PATIENCE);
  const deleting = system.call('DELETE', '/api/sessions/a', { key });
  const now = async () => (await system.call('GET', '/api/sessions/a', { key })).json();
  await vi.waitFor(async () => expect(await now()).toMatchObject({ state: 'STOPPING' }), PATIENCE);
  const refused = await system.call('POST', '/api/sessions', { key, body: { name: 'b' } });
  expect(refused.status).toBe(429);
  expect(await problemOf(refused)).toMatchObject({ scope: 'user', limit: 1, active: 1 });
  release();
  expect((await creating).status).toBe(201);
  await deleting;
  // Where this machine was slower than a launch may take, a sweep looks for the task.
  await vi.waitFor(async () => {
    await system.stack.trigger('reaper');
    expect((await system.call('DELETE', '/api/sessions/a', { key })).status).toBe(200);
  }, PATIENCE);
  expect(alive()).toBe(0);
});

test('creating and deleting in a loop runs one task at a time on one slot, and is refused above the rate of starts', async () => {
  const key = await keyOf('oscar');
  await system.berth.limits.set({ user: { userId: 'oscar', bounds: { starts: 1 } } });
  const seen: number[] = [];
  const statuses: number[] = [];
  let last: Response | undefined;
  // Ten starts at once, then one a minute.
  for (let round = 0; round < 14 && last?.status !== 429; round++) {
    const creating = system.call('POST', '/api/sessions', { key, body: { name: `s${round}` } });
    const deleting = (async () => {
      const path = `/api/sessions/s${round}`;
      await vi.waitFor(async () => {
        const { status } = await system.call('GET', path, { key });
        if (status !== 200) expect((await creating).status).toBe(429);
      }, PATIENCE);
      await vi.waitFor(async () => {
        seen.push(alive());
        expect((await system.call('DELETE', path, { key })).status).toBe(200);
        seen.push(alive());
      }, PATIENCE);
    })();
    last = await creating;
    statuses.push(last.status);
    await deleting;
  }
  if (!last) throw new Error('nothing was asked');
  expect(Math.max(...seen)).toBeLessThanOrEqual(1);
  expect(statuses.filter((status) => status === 201)).toHaveLength(10);
  expect(last.status).toBe(429);
  expect(await problemOf(last)).toMatchObject({ scope: 'starts', limit: 1 });
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  const other = await system.call('POST', '/api/sessions', { key: await keyOf('anna'), body: { name: 'a' } });
  expect(other.status).toBe(201);
});

test('45 open long polls of one key: those above the bound are refused at once, another user’s list is served', async () => {
  const [mallory, ben] = [await keyOf('poller'), await keyOf('ben')];
  const poll = () =>
    system.call('GET', '/api/events?wait=20', { key: mallory, headers: { accept: 'application/json' } });
  await system.berth.limits.set({ user: { userId: 'poller', bounds: { waits: 4 } } });
  const polls = Array.from({ length: 45 }, poll);
  let open = 45;
  for (const each of polls) void each.then(() => (open -= 1));
  await vi.waitFor(() => expect(open).toBeLessThanOrEqual(4), PATIENCE);
  const list = await system.call('GET', '/api/sessions', { key: ben });
  expect(list.status).toBe(200);
  // It was answered while polls wait: none of those within the bound has ended.
  expect(open).toBe(4);
  const answers = await Promise.all(polls);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(4);
  for (const refused of answers.filter(({ status }) => status !== 200))
    expect(await problemOf(refused)).toMatchObject({ status: 429, scope: 'waits', limit: 4 });
});

test('requests a minute are bounded, and told with their scope; another user goes on', async () => {
  const [key, ben] = [await keyOf('rusher'), await keyOf('ben')];
  await system.berth.limits.set({ user: { userId: 'rusher', rate: { perMinute: 10, burst: 2 } } });
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => system.call('GET', '/api/sessions', { key })),
  );
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  for (const each of refused) expect(await problemOf(each)).toMatchObject({ scope: 'rate', limit: 10 });
  expect((await system.call('GET', '/api/sessions', { key: ben })).status).toBe(200);
});
