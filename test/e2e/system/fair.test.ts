/** One user takes what can be taken of what all share, on the running system: the others are served, and slots bound tasks. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { problemSchema } from '../../../contract/errors.ts';
import { type System, startSystem } from '../../helpers/system.ts';
import { startWebhookReceiver } from '../../helpers/webhook-receiver.ts';
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
  // If this machine was slower than a launch may take, a sweep looks for the task.
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
  const begun = Date.now();
  // Ten starts at once, then one a minute.
  for (let round = 0; round < 30 && last?.status !== 429; round++) {
    const creating = system.call('POST', '/api/sessions', { key, body: { name: `s${round}` } });
    const deleting = (async () => {
      const path = `/api/sessions/s${round}`;
      await vi.waitFor(async () => {
        const { status } = await system.call('GET', path, { key });
        if (status !== 200) expect((await creating).status).toBe(429);
      }, PATIENCE);
      let tries = 0;
      await vi.waitFor(async () => {
        // As above: the task of a launch that took longer than it may is found by a sweep.
        if (tries > 0) await system.stack.trigger('reaper');
        tries += 1;
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
  const started = statuses.filter((status) => status === 201).length;
  expect(started).toBeGreaterThanOrEqual(10);
  expect(started).toBeLessThanOrEqual(10 + Math.ceil((Date.now() - begun) / 60_000));
  expect(last.status).toBe(429);
  expect(await problemOf(last)).toMatchObject({ scope: 'starts', limit: 1 });
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  const other = await system.call('POST', '/api/sessions', { key: await keyOf('anna'), body: { name: 'a' } });
  expect(other.status).toBe(201);
});

test('45 open long polls of one key: those above the bound are refused, and another user’s list is served beside them', async () => {
  const [mallory, ben] = [await keyOf('poller'), await keyOf('ben')];
  const [limit, seconds] = [4, 20];
  await system.berth.limits.set({ user: { userId: 'poller', bounds: { waits: limit } } });
  const begun = Date.now();
  const polls = Array.from({ length: 45 }, () =>
    system.call('GET', `/api/events?wait=${seconds}`, {
      key: mallory,
      headers: { accept: 'application/json' },
    }),
  );
  let answered = 0;
  for (const poll of polls) void poll.then(() => (answered += 1));
  // All but those that wait are answered; the machine may be slow to take 45 at once.
  await vi.waitFor(() => expect(answered).toBeGreaterThanOrEqual(polls.length - limit), PATIENCE);
  expect((await system.call('GET', '/api/sessions', { key: ben })).status).toBe(200);
  const answers = await Promise.all(polls);
  const waited = answers.filter(({ status }) => status === 200).length;
  const refused = answers.filter(({ status }) => status === 429);
  // 503: this machine had no instance free in time, as Lambda answers above its concurrency.
  expect(answers.filter(({ status }) => ![200, 429, 503].includes(status))).toEqual([]);
  expect(waited).toBeGreaterThan(0);
  // A place is free again as soon as a wait ends.
  expect(waited).toBeLessThanOrEqual(limit * Math.ceil((Date.now() - begun) / (seconds * 1000)));
  expect(refused.length).toBeGreaterThan(0);
  for (const each of refused) expect(await problemOf(each)).toMatchObject({ scope: 'waits', limit });
});

test('requests a minute are bounded, and rejected with their scope; another user continues', async () => {
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

test('a configuration above its size is rejected with its scope, and the session keeps the one that it has', async () => {
  const key = await keyOf('writer');
  await system.berth.limits.set({ user: { userId: 'writer', bounds: { configBytes: 1024 } } });
  const config = (length: number) => ({ metadata: { a: 'x'.repeat(400), b: 'x'.repeat(length) } });
  const small = await system.call('POST', '/api/sessions', {
    key,
    body: { name: 'a', start: false, config: config(100) },
  });
  expect(small.status).toBe(201);
  const wide = { metadata: Object.fromEntries(['a', 'b', 'c'].map((name) => [name, 'x'.repeat(400)])) };
  const refused = await system.call('PUT', '/api/sessions/a', { key, body: { config: wide } });
  expect(refused.status).toBe(429);
  expect(await problemOf(refused)).toMatchObject({ scope: 'configBytes', limit: 1024 });
  const kept = await (await system.call('GET', '/api/sessions/a', { key })).json();
  expect(kept).toMatchObject({ config: config(100) });
});

test('while an endpoint that does not answer takes a user’s deliveries, a redrive for the user is rejected with its scope', async () => {
  const hooks = await startWebhookReceiver();
  try {
    const key = await keyOf('mute');
    await system.berth.limits.set({ user: { userId: 'mute', bounds: { deliveries: 1 } } });
    const webhook = {
      url: hooks.url,
      events: ['session.admitted', 'session.stopped'],
      retries: { policy: 'constant', delaySeconds: 1, attempts: 1 },
    };
    hooks.answer(500);
    const body = { name: 'a', config: { webhooks: [webhook] } };
    expect((await system.call('POST', '/api/sessions', { key, body })).status).toBe(201);
    const dead = async () => (await system.call('GET', '/api/webhooks/dead?userId=mute')).json();
    await vi.waitFor(async () => expect(await dead()).toHaveLength(1), PATIENCE);
    hooks.answer(undefined);
    expect((await system.call('POST', '/api/sessions/a/stop', { key })).status).toBeLessThan(300);
    await vi.waitFor(() => expect(hooks.held()).toBe(1), PATIENCE);
    const redrive = (userId: string) => system.call('POST', '/api/webhooks/redrive', { body: { userId } });
    const refused = await redrive('mute');
    expect(refused.status).toBe(429);
    expect(await problemOf(refused)).toMatchObject({ scope: 'deliveries', limit: 1, active: 1 });
    expect((await redrive('ben')).status).toBe(200);
    hooks.answer(200);
    await vi.waitFor(async () => expect((await redrive('mute')).status).toBe(200), PATIENCE);
    // Nothing was lost: what was dead, and what the endpoint did not answer or lost again by its policy.
    await hooks.event(({ event, session }) => event === 'session.admitted' && session === 'a');
  } finally {
    await hooks.close();
  }
});
