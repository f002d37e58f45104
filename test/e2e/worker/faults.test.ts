import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { buildNames } from '../../../contract/phone/behavior.ts';
import { ACCOUNT, type Bench, openBench, type RunningWorker } from './harness.ts';

let bench: Bench;
let worker: RunningWorker;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const WAIT = { timeout: 60_000, interval: 50 };
const CHAT = '15550001111@c.us';

beforeAll(async () => {
  bench = await openBench();
  // A pairing code of WhatsApp Web is good for three minutes; these are renewed sooner.
  worker = bench.start({ BERTH_STAGE_SECONDS: '30', BERTH_PAIRING_CODE_SECONDS: '5' });
});
afterAll(() => bench.close());
afterEach(async () => {
  await bench.simulator.phone.setFaults({
    syncFast: false,
    rateLimitPairing: false,
    refuseSend: false,
    unpairedIdle: false,
  });
});

/** Waits until the client was restarted since `from` reports, and works again without having shown a code. */
const comesBack = async (from: number) => {
  const since = () => bench.api.reports.slice(from).map(({ status }) => status);
  await vi.waitFor(() => {
    expect(worker.process.exitCode, worker.log()).toBe(null);
    expect(since(), worker.log()).toContain('STARTING');
    expect(since().at(-1), worker.log()).toBe('WORKING');
  }, WAIT);
  expect(since()).not.toContain('SCAN_QR_CODE');
};

describe('the real library over a page that misbehaves', () => {
  it('fault 4, F12: a rate-limited pairing code is an answer; one that is given is renewed and reported, and the newest links', async () => {
    const { api, simulator } = bench;
    await bench.status(worker, 'SCAN_QR_CODE');
    await simulator.phone.setFaults({ rateLimitPairing: true });
    expect(await api.command('requestCode', { phoneNumber: ACCOUNT })).toMatchObject({ status: 429 });
    await simulator.phone.setFaults({ rateLimitPairing: false });
    const answer = await api.command('requestCode', { phoneNumber: `+${ACCOUNT}` });
    expect(answer).toMatchObject({
      status: 200,
      body: { code: expect.stringMatching(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/) },
    });
    const { code: first } = z.object({ code: z.string() }).parse(answer.body);
    const reported = () =>
      api.events
        .filter(({ event }) => event === 'session.code')
        .map(({ payload }) => z.object({ code: z.string(), expiresAt: z.int() }).parse(payload));
    await vi.waitFor(() => expect(reported().length, worker.log()).toBeGreaterThan(1), WAIT);
    const account = { phoneNumber: ACCOUNT, pushName: 'Ada' };
    const codes = reported().map(({ code }) => code);
    expect(codes[0]).toBe(first);
    expect(new Set(codes).size).toBe(codes.length);
    await expect(simulator.phone.enterPairingCode({ code: first, account })).rejects.toMatchObject({
      code: 'pairing_code_unknown',
    });
    // Asked again, the answer is the renewed one: WhatsApp is not asked for another.
    const again = await api.command('requestCode', { phoneNumber: `+${ACCOUNT}` });
    const { code } = z.object({ code: z.string() }).parse(again.body);
    expect(reported().at(-1)?.code).toBe(code);
    await simulator.phone.enterPairingCode({ code, account });
    await bench.status(worker, 'WORKING');
    await bench.saved(1);
  });

  it('fault 17: what the server refuses is refused', async () => {
    const { api, simulator } = bench;
    await simulator.phone.setFaults({ refuseSend: true });
    expect(await api.command('sendText', { chatId: CHAT, text: 'refused' })).toMatchObject({ status: 422 });
  });

  it('a repeat with the same Idempotency-Key gets the first answer and sends nothing', async () => {
    const { api, simulator } = bench;
    const send = () => api.command('sendText', { chatId: CHAT, text: 'once' }, { 'idempotency-key': 'one' });
    const [first, second] = await Promise.all([send(), send()]);
    expect(first.status).toBe(200);
    expect(second).toEqual(first);
    const { messages } = await simulator.phone.inbox({ account: ACCOUNT, sent: true });
    expect(messages.filter(({ body }) => body === 'once')).toHaveLength(1);
  });

  it('replies and mentions arrive as such', async () => {
    const { api, simulator } = bench;
    const { message } = await simulator.phone.send({
      account: ACCOUNT,
      from: '15550001111',
      text: 'question',
    });
    const isTheQuestion = ({ payload }: { payload: unknown }) =>
      (payload as { body?: string }).body === message.body;
    await vi.waitFor(() => expect(api.events.some(isTheQuestion)).toBe(true), WAIT);
    const received = api.events.find(isTheQuestion)?.payload as { id: string };
    const sent = await api.command('sendText', {
      chatId: CHAT,
      text: 'answer @15550001111',
      reply_to: received.id,
      mentions: [CHAT],
    });
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
    const { messages } = await simulator.phone.inbox({ account: ACCOUNT, sent: true });
    expect(messages.at(-1)).toMatchObject({ quotedId: expect.any(String), mentions: [CHAT] });
  });

  it('fault 5: a conflict restarts the client and keeps the account', async () => {
    const from = bench.api.reports.length;
    await bench.simulator.phone.state({ target: ACCOUNT, state: 'CONFLICT' });
    await comesBack(from);
    expect(bench.api.discards).toEqual([]);
  });

  it('a page that reloads itself receives messages again', async () => {
    const { api, simulator } = bench;
    const navigations = () => worker.log().split('page navigated').length;
    const before = navigations();
    await simulator.phone.disturb({ target: ACCOUNT, how: 'reload' });
    await vi.waitFor(() => expect(navigations()).toBeGreaterThan(before), WAIT);
    await vi.waitFor(async () => {
      const text = `after the reload ${api.events.length}`;
      await simulator.phone.send({ account: ACCOUNT, from: '15550001111', text });
      await vi.waitFor(
        () =>
          expect(api.events.some(({ payload }) => (payload as { body?: string }).body === text)).toBe(true),
        { timeout: 3_000 },
      );
    }, WAIT);
    await bench.status(worker, 'WORKING');
  });

  it('fault 11: a page that answers nothing is replaced', async () => {
    const from = bench.api.reports.length;
    await bench.simulator.phone.disturb({ target: ACCOUNT, how: 'freeze' });
    await comesBack(from);
  });

  it('fault 11: SIGKILL of the browser is recovered from without a code', async () => {
    const from = bench.api.reports.length;
    for (const pid of await bench.browserProcesses()) process.kill(pid, 'SIGKILL');
    await comesBack(from);
  });

  it('fault 2: sync that completes within 50 ms of CONNECTED still becomes WORKING', async () => {
    const from = bench.api.reports.length;
    await bench.simulator.phone.setFaults({ syncFast: true });
    for (const pid of await bench.browserProcesses()) process.kill(pid, 'SIGKILL');
    await comesBack(from);
  });

  it.each(buildNames)('fault 18: over build %s messages come in and go out', async (build) => {
    const { api, simulator } = bench;
    const from = api.reports.length;
    await simulator.phone.setBuild({ build });
    for (const pid of await bench.browserProcesses()) process.kill(pid, 'SIGKILL');
    await comesBack(from);
    const before = api.events.length;
    await simulator.phone.send({ account: ACCOUNT, from: '15550001111', text: `over ${build}` });
    const { lid } = await simulator.phone.identity({ id: CHAT });
    const address = build === '2026-04' ? CHAT : lid;
    await vi.waitFor(
      () =>
        expect(api.events.slice(before).filter(({ event }) => event === 'message')).toMatchObject([
          {
            payload: {
              id: expect.stringMatching(`^false_${address}_`),
              from: address,
              ...(build === '2026-04' ? {} : { fromPn: CHAT }),
              body: `over ${build}`,
            },
          },
        ]),
      WAIT,
    );
    const sent = await api.command('sendText', { chatId: CHAT, text: `out over ${build}` });
    expect(sent, JSON.stringify(sent.body)).toMatchObject({
      status: 200,
      body: { id: expect.stringMatching(`^true_${address}_`), to: address },
    });
    const { messages } = await simulator.phone.inbox({ account: ACCOUNT, sent: true });
    expect(messages.at(-1)).toMatchObject({ chatId: CHAT, body: `out over ${build}` });
  });

  it('a module that the library hooks is missing: it is named, in the log and in the failure', async () => {
    const { api, simulator } = bench;
    const killBrowsers = async () => {
      for (const pid of await bench.browserProcesses()) process.kill(pid, 'SIGKILL');
    };
    // Without this one the library receives no reactions, and reports no error.
    let from = api.reports.length;
    await simulator.phone.setFaults({ missingModule: 'WAWebAddonReactionTableMode' });
    await killBrowsers();
    await comesBack(from);
    expect(worker.log()).toMatch(/lacks modules[^\n]*WAWebAddonReactionTableMode/);
    // Without this one it never becomes ready.
    from = api.reports.length;
    await simulator.phone.setFaults({ missingModule: 'WAWebSyncGatingUtils' });
    await killBrowsers();
    await vi.waitFor(
      () => expect(worker.log()).toMatch(/client failed[^\n]*lacks the module WAWebSyncGatingUtils/),
      WAIT,
    );
    await simulator.phone.setFaults({ missingModule: '' });
    await comesBack(from);
  });

  it('hides secrets and bodies from its log, at any level', async () => {
    const { api } = bench;
    const secrets = api.bootstraps.flatMap(({ bootstrapToken, workerSecret, commandSecret }) => [
      bootstrapToken,
      workerSecret,
      commandSecret,
    ]);
    for (const secret of [...secrets, 'question', 'over 2026', 'signature='])
      expect(worker.log()).not.toContain(secret);
  });

  it('a memory limit that is passed restarts the client with its state saved', async () => {
    const { api } = bench;
    worker.process.kill('SIGTERM');
    expect(await worker.exit, worker.log()).toBe(0);
    api.nextEpoch();
    worker = bench.start({ BERTH_MEMORY_LIMIT_MB: '10' });
    await bench.status(worker, 'WORKING');
    await vi.waitFor(() => expect(worker.log()).toContain('"memory: '), WAIT);
    await bench.status(worker, 'WORKING');
    await vi.waitFor(() => expect(api.reports.at(-1)?.memoryBytes).toBeGreaterThan(10 * 1024 * 1024), WAIT);
    worker.process.kill('SIGTERM');
    expect(await worker.exit, worker.log()).toBe(0);
  });
});
