/** Storage, database and queue that refuse for a while: sessions work on or recover, and nothing is lost. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { problemSchema } from '../../../contract/errors.ts';
import { WORKER_API } from '../../../contract/worker/protocol.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';
import {
  type FaultySystem,
  leftOf,
  PATIENCE,
  processesOf,
  SETTINGS,
  startFaulty,
  workerOf,
} from './harness.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000003';
const CONTACT = '491712223333@c.us';

let system: FaultySystem;
let hooks: WebhookReceiver;
beforeAll(async () => {
  hooks = await startWebhookReceiver();
  system = await startFaulty({ settings: { startTimeoutSeconds: 25 } });
});
afterAll(async () => {
  const all = system?.tasks() ?? [];
  await system?.stop();
  await hooks?.close();
  expect(leftOf(all)).toEqual([]);
});
afterEach(() => {
  for (const engine of ['s3', 'dynamodb', 'sqs'] as const) system.stack.faults.refuse(engine, false);
});

describe.sequential('storage refuses', () => {
  test('an account that is linked meanwhile works, and is saved by its stop once storage is back', async () => {
    const { berth, phone, stack } = system;
    await berth.sessions.create({
      name: 'shop',
      config: { webhooks: [{ url: hooks.url, events: ['message'] }] },
    });
    await berth.sessions.waitForStatus('shop', ['SCAN_QR_CODE', 'FAILED']);
    stack.faults.refuse('s3', true);
    await phone.scan({ code: await berth.auth.qr('shop', { waitSeconds: 25 }), account: ACCOUNT });
    await berth.sessions.waitForStatus('shop', ['WORKING', 'FAILED']);
    const sent = await berth.messages.sendText({ session: 'shop', chatId: CONTACT, text: 'unsaved' });
    expect(sent.body).toBe('unsaved');
    expect(await berth.sessions.stop('shop')).toMatchObject({ state: 'STOPPING', linked: false });
    stack.faults.refuse('s3', false);
    expect(await system.ended('shop')).toMatchObject({ state: 'STOPPED', stopReason: 'user', linked: true });
    await system.worksAgain('shop');
  });

  test('a stop that storage does not let save keeps the state before, and the slot comes back', async () => {
    const { berth, phone, stack } = system;
    await vi.waitFor(
      async () => expect((await berth.sessions.get('shop')).authState).not.toBeNull(),
      PATIENCE,
    );
    stack.faults.refuse('s3', true);
    await phone.send({ account: ACCOUNT, from: CONTACT, text: 'something to save' });
    await berth.sessions.stop('shop');
    expect(await system.ended('shop')).toMatchObject({ state: 'STOPPED', stopReason: 'user', linked: true });
  });

  test('a start meanwhile fails and never shows a QR code; afterwards the account is there', async () => {
    const { berth, stack } = system;
    const before = await system.lastCodeAt('shop');
    stack.faults.refuse('s3', true);
    await berth.sessions.start('shop');
    const session = await berth.sessions.waitForStatus('shop', [
      'FAILED',
      'STOPPED',
      'SCAN_QR_CODE',
      'WORKING',
    ]);
    expect(session).toMatchObject({ status: 'FAILED', linked: true, me: { id: `${ACCOUNT}@c.us` } });
    const health = await system.call('GET', '/api/health');
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ checks: { storage: { ok: false }, database: { ok: true } } });
    expect(await system.lastCodeAt('shop')).toBe(before);
    await system.ended('shop');
    stack.faults.refuse('s3', false);
    await system.worksAgain('shop');
  });
});

describe.sequential('the queue refuses', () => {
  test('messages that come in meanwhile reach their webhook afterwards, all of them, in order', async () => {
    const { berth, phone, stack } = system;
    const texts = ['one', 'two', 'three'];
    stack.faults.refuse('sqs', true);
    for (const text of texts) await phone.send({ account: ACCOUNT, from: CONTACT, text });
    await system.killInFlight('worker-api', WORKER_API.events);
    expect(await berth.sessions.get('shop')).toMatchObject({ status: 'WORKING' });
    stack.faults.refuse('sqs', false);
    const last = await hooks.event(({ payload }) => payload.body === 'three');
    expect(last.session).toBe('shop');
    const unique = new Map(hooks.received.map(({ id, payload }) => [id, payload.body]));
    expect([...unique.values()].filter((body) => texts.includes(String(body)))).toEqual(texts);
  });
});

describe.sequential('the database refuses', () => {
  test('for longer than a heartbeat may be late: calls get an answer to retry, and no session is reaped for it', async () => {
    const { berth, stack } = system;
    const { epoch } = await berth.sessions.get('shop');
    await stack.trigger('reaper');
    const refusedAt = Date.now();
    stack.faults.refuse('dynamodb', true);
    for (const answer of [
      await system.call('GET', '/api/sessions/shop'),
      await system.call('POST', '/api/sessions', { body: { name: 'other' } }),
    ]) {
      expect(problemSchema.parse(await answer.json())).toMatchObject({ status: 503 });
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    // The passing of time is what is waited for: by now every heartbeat is too old.
    await vi.waitFor(
      () => expect(Date.now() - refusedAt).toBeGreaterThan(SETTINGS.heartbeatTimeoutSeconds * 1000 + 500),
      PATIENCE,
    );
    stack.faults.refuse('dynamodb', false);
    await stack.trigger('reaper');
    await stack.trigger('reconciler');
    await stack.trigger('reaper');
    expect(await berth.sessions.get('shop')).toMatchObject({
      status: 'WORKING',
      state: 'RUNNING',
      epoch,
      linked: true,
    });
    const sent = await berth.messages.sendText({ session: 'shop', chatId: CONTACT, text: 'alive' });
    expect(sent.body).toBe('alive');
    await system.holds(1);
    await expect(berth.sessions.get('other')).rejects.toMatchObject({ status: 404 });
  });

  test('a worker that dies meanwhile: its slot comes back, its account is kept', async () => {
    const { stack } = system;
    const dead = system.newestTask();
    stack.faults.refuse('dynamodb', true);
    process.kill(workerOf(dead).pid, 'SIGKILL');
    await vi.waitFor(() => expect(processesOf(dead)).toEqual([]), PATIENCE);
    stack.faults.refuse('dynamodb', false);
    await system.sweepUntil('reaper', async () =>
      expect(await system.berth.sessions.get('shop')).toMatchObject({ state: 'FAILED', linked: true }),
    );
    await system.ended('shop');
    await system.worksAgain('shop');
  });

  test('a session whose whole end falls into it: the slot comes back, the account is kept', async () => {
    const { berth, stack } = system;
    const ending = system.newestTask();
    await berth.sessions.stop('shop');
    stack.faults.refuse('dynamodb', true);
    await vi.waitFor(() => expect(processesOf(ending)).toEqual([]), PATIENCE);
    stack.faults.refuse('dynamodb', false);
    await system.sweepUntil('reaper', async () =>
      expect(await berth.sessions.get('shop')).toMatchObject({ state: 'STOPPED', stopReason: 'user' }),
    );
    expect(await system.ended('shop')).toMatchObject({ linked: true });
    await system.worksAgain('shop');
  });
});
