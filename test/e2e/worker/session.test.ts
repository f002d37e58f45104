import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WORKER_API } from '../../../contract/worker/protocol.ts';
import { ACCOUNT, type Bench, openBench } from './harness.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('a session from its first code to its return', () => {
  it('has its browser launched while the control plane is asked, and links in this one', async () => {
    const { api } = bench;
    api.faults.status.set(WORKER_API.bootstrap, 503);
    const worker = bench.start({ BERTH_BROWSER_AHEAD: '1' });
    await vi.waitFor(async () => expect(await bench.browserProcesses()).not.toEqual([]), { timeout: 30_000 });
    const launched = await bench.browserProcesses();
    expect(api.bootstraps).toEqual([]);
    api.faults.status.clear();
    await bench.link(worker);
    expect(await bench.browserProcesses()).toEqual(expect.arrayContaining(launched));
    worker.process.kill('SIGTERM');
    expect(await worker.exit, worker.log()).toBe(0);
    expect(api.states.length).toBeGreaterThan(0);
    expect(await bench.browserProcesses()).toEqual([]);
  });

  it('comes back in the browser that was launched meanwhile, and from what that browser saved', async () => {
    const { api } = bench;
    const first = bench.start();
    await bench.link(first);
    await bench.saved(1);
    api.faults.stop = 'user';
    expect(await first.exit, first.log()).toBe(0);

    api.nextEpoch();
    api.faults.status.set(WORKER_API.bootstrap, 503);
    const second = bench.start({ BERTH_BROWSER_AHEAD: '1' });
    await vi.waitFor(async () => expect(await bench.browserProcesses()).not.toEqual([]), { timeout: 30_000 });
    const launched = await bench.browserProcesses();
    api.faults.status.clear();
    await bench.status(second, 'WORKING');
    expect(await bench.browserProcesses(), second.log()).toEqual(expect.arrayContaining(launched));
    const [restored] = api.states;
    api.faults.stop = 'user';
    expect(await second.exit, second.log()).toBe(0);
    expect(api.states[0]?.key).not.toBe(restored?.key);

    api.nextEpoch();
    api.states.splice(1);
    const third = bench.start();
    await bench.status(third, 'WORKING');
    expect(api.reports.map(({ status }) => status)).not.toContain('SCAN_QR_CODE');
  });

  it('shows a code, links, receives, sends, stops with its state saved, and comes back without a code', async () => {
    const { api, simulator } = bench;
    const first = bench.start();
    await bench.link(first);
    const own = await simulator.phone.identity({ id: ACCOUNT });
    expect(api.reports.at(-1)?.me).toMatchObject({
      id: `${ACCOUNT}@c.us`,
      lid: own.lid,
      pushName: 'Ada',
    });

    const { lid } = await simulator.phone.identity({ id: '15550001111' });
    await simulator.phone.send({ account: ACCOUNT, from: '15550001111', text: 'hello there' });
    await vi.waitFor(() =>
      expect(
        api.events.filter(({ event }) => event === 'message').map(({ payload }) => payload),
      ).toMatchObject([
        {
          from: lid,
          fromPn: '15550001111@c.us',
          fromMe: false,
          body: 'hello there',
          ackName: expect.any(String),
        },
      ]),
    );

    const sent = await api.command('sendText', { chatId: '15550001111@c.us', text: 'hi' });
    expect(sent).toMatchObject({
      status: 200,
      body: { fromMe: true, body: 'hi', to: lid, toPn: '15550001111@c.us', ack: 1 },
    });

    api.faults.stop = 'user';
    expect(await first.exit, first.log()).toBe(0);
    expect(api.finalReports).toEqual([
      { reason: 'user', builds: [expect.objectContaining({ starts: 1, failures: 0 })] },
    ]);
    expect(api.states.length).toBeGreaterThan(0);
    expect(await bench.browserProcesses()).toEqual([]);

    // While no client listens (F6): several within a second, in a chat with more than is read of it at first.
    await simulator.phone.fill({ account: ACCOUNT, chat: '15550001111', messages: 60 });
    const missed = Array.from({ length: 10 }, (_, n) => `missed ${n}`);
    for (const text of missed) await simulator.phone.send({ account: ACCOUNT, from: '15550001111', text });
    api.nextEpoch();
    const second = bench.start();
    await bench.status(second, 'WORKING');
    expect(api.reports.map(({ status }) => status)).not.toContain('SCAN_QR_CODE');
    expect(api.reports.at(-1)?.me?.id).toBe(`${ACCOUNT}@c.us`);
    const received = () =>
      api.events
        .filter(({ event }) => event === 'message')
        .map(({ payload }) => payload as { body: string; late?: true });
    await vi.waitFor(() => expect(received(), second.log()).toHaveLength(1 + missed.length));
    await simulator.phone.send({ account: ACCOUNT, from: '15550001111', text: 'live' });
    await vi.waitFor(() => expect(received()).toHaveLength(2 + missed.length));
    expect(received().map(({ body, late }) => [body, late])).toEqual([
      ['hello there', undefined],
      ...missed.map((text) => [text, true]),
      ['live', undefined],
    ]);
    // The messages that this session sent before were delivered then.
    expect(api.events.filter(({ event }) => event === 'message.any')).toHaveLength(3 + missed.length);

    second.process.kill('SIGTERM');
    expect(await second.exit, second.log()).toBe(0);
    // A signal is no caller's request (F23).
    expect(api.finalReports.at(-1)).toEqual({
      reason: 'task_stopped',
      builds: [expect.objectContaining({ starts: 1, readies: 1 })],
    });
  });
});

describe('a standby task', () => {
  it('serves the session that it is assigned with the browser that waited, one with a saved account as well', async () => {
    const { api } = bench;
    const first = await bench.standBy();
    expect(await bench.browserProcesses()).not.toEqual([]);
    expect(api.bootstraps).toEqual([]);
    expect(await api.assign(), first.log()).toBe(200);
    // A repeat has the same outcome, and starts nothing again.
    expect(await api.assign()).toBe(200);
    expect(api.bootstraps).toHaveLength(1);
    await bench.link(first);
    await bench.saved(1);
    api.faults.stop = 'user';
    expect(await first.exit, first.log()).toBe(0);
    expect(await bench.browserProcesses()).toEqual([]);

    api.nextEpoch();
    const second = await bench.standBy();
    const waited = await bench.browserProcesses();
    expect(await api.assign(), second.log()).toBe(200);
    await bench.status(second, 'WORKING');
    expect(await bench.browserProcesses(), second.log()).toEqual(expect.arrayContaining(waited));
    expect(api.reports.map(({ status }) => status)).not.toContain('SCAN_QR_CODE');
    // It serves this session, and takes no other.
    api.epoch += 1;
    expect(await api.assign()).toBe(503);
  });

  it('with its page loaded links in that page, and serves a session that needs another page with another browser', async () => {
    const { api } = bench;
    const first = await bench.standBy('page');
    const waited = await bench.browserProcesses();
    expect(api.bootstraps).toEqual([]);
    expect(await api.assign(), first.log()).toBe(200);
    await bench.link(first);
    expect(await bench.browserProcesses()).toEqual(expect.arrayContaining(waited));
    await bench.saved(1);
    api.faults.stop = 'user';
    expect(await first.exit, first.log()).toBe(0);
    expect(await bench.browserProcesses()).toEqual([]);

    api.nextEpoch();
    const linked = await bench.standBy('page');
    expect(await api.assign(), linked.log()).toBe(200);
    await bench.status(linked, 'WORKING');
    expect(api.reports.map(({ status }) => status)).not.toContain('SCAN_QR_CODE');
    api.faults.stop = 'user';
    expect(await linked.exit, linked.log()).toBe(0);

    api.nextEpoch();
    api.states.length = 0;
    api.settings.client = { deviceName: 'Another name' };
    const named = await bench.standBy('page');
    const other = await bench.browserProcesses();
    expect(await api.assign(), named.log()).toBe(200);
    await bench.link(named);
    expect((await bench.browserProcesses()).filter((pid) => other.includes(pid))).toEqual([]);
  });

  it('whose page is being loaded again serves a linked session: what the library leaves behind there is no fault', async () => {
    const heavy = await openBench({
      qrRefreshMs: 3_000,
      qrRefreshLimit: 1,
      weight: { scriptMegabytes: 12, heapMegabytes: 100 },
    });
    try {
      const { api } = heavy;
      const first = await heavy.standBy('page');
      expect(await api.assign(), first.log()).toBe(200);
      await heavy.link(first);
      await heavy.saved(1);
      api.faults.stop = 'user';
      expect(await first.exit, first.log()).toBe(0);

      api.nextEpoch();
      const worker = await heavy.standBy('page');
      await vi.waitFor(() => expect(worker.log()).toContain('loaded again'), { timeout: 40_000 });
      // The rejections of the page's library come while the control plane is asked.
      api.faults.status.set(WORKER_API.bootstrap, 503);
      api.faults.times.set(WORKER_API.bootstrap, 2);
      expect(await api.assign(), worker.log()).toBe(200);
      await heavy.status(worker, 'WORKING');
      expect(api.finalReports).toHaveLength(1);
      expect(worker.log()).not.toContain('client failed');
    } finally {
      await heavy.close();
    }
  });

  it('whose page goes away while it waits ends, and leaves no process', async () => {
    const worker = await bench.standBy('page');
    for (const pid of await bench.browserProcesses()) process.kill(pid, 'SIGKILL');
    expect(await worker.exit, worker.log()).toBe(0);
    expect(await bench.browserProcesses()).toEqual([]);
    expect(bench.api.finalReports).toEqual([]);
  });

  it('ends without a trace if it is not needed any more, and when it receives a stop', async () => {
    const { api } = bench;
    const first = await bench.standBy();
    first.process.kill('SIGTERM');
    expect(await first.exit, first.log()).toBe(0);
    expect(await bench.browserProcesses()).toEqual([]);
    expect(api.finalReports).toEqual([]);
  });
});
