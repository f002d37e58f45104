import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startFakeWorkerApi } from '../../helpers/fake-worker-api.ts';
import { ACCOUNT, type Bench, openBench } from './harness.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());
beforeEach(() => {
  const { api } = bench;
  if (api.bootstraps.length > 0) api.nextEpoch();
  api.faults.fenced = false;
  api.settings.clockAheadMs = 0;
  api.settings.stopGraceSeconds = 20;
  api.faults.status.clear();
  api.states = [];
  api.discards.length = 0;
  api.finalReports.length = 0;
  api.events.length = 0;
  api.settings.deadlines = {
    qrTimeoutMs: 300_000,
    idleTimeoutMs: 900_000,
    maxAt: Date.now() + 7_200_000,
    startBy: Date.now() + 180_000,
  };
});
const nothingIsLeft = async () => {
  await vi.waitFor(async () => expect(await bench.browserProcesses()).toEqual([]), { timeout: 10_000 });
};

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('how a session ends', () => {
  it('ends itself when the code is not scanned in time', async () => {
    bench.api.settings.deadlines.qrTimeoutMs = 1_500;
    const worker = bench.start();
    expect(await worker.exit, worker.log()).toBe(0);
    expect(bench.api.finalReports).toEqual([
      { reason: 'qr_expired', builds: [expect.objectContaining({ starts: 1, failures: 0 })] },
    ]);
    expect(bench.api.states).toEqual([]);
    await nothingIsLeft();
  });

  it('ends itself when idle, with notice before and its state saved', async () => {
    const { api } = bench;
    const worker = bench.start();
    await bench.link(worker);
    // Long enough for a busy machine to learn of it before it ends: an overdue deadline gives no notice.
    api.settings.deadlines.idleTimeoutMs = 8_000;
    expect(await worker.exit, worker.log()).toBe(0);
    expect(api.finalReports).toEqual([
      { reason: 'idle', builds: [expect.objectContaining({ starts: 1, failures: 0 })] },
    ]);
    expect(api.events.filter(({ event }) => event === 'session.expiring').at(0)?.payload).toMatchObject({
      reason: 'idle',
    });
    expect(api.states.length).toBeGreaterThan(0);
  });

  it('ends itself at its maximum duration, measured by the control plane’s clock', async () => {
    const { api } = bench;
    api.settings.clockAheadMs = 3_600_000;
    api.settings.deadlines.startBy = Date.now() + 3_600_000 + 60_000;
    api.settings.deadlines.maxAt = Date.now() + 3_600_000 + 4_000;
    const worker = bench.start();
    expect(await worker.exit, worker.log()).toBe(0);
    expect(api.finalReports).toEqual([
      { reason: 'max_duration', builds: [expect.objectContaining({ starts: 1, failures: 0 })] },
    ]);
  });

  it('fenced: kills the browser, saves nothing, says nothing, and exits with its own code', async () => {
    const { api } = bench;
    const worker = bench.start();
    await bench.status(worker, 'SCAN_QR_CODE');
    api.faults.fenced = true;
    expect(await worker.exit, worker.log()).toBe(10);
    expect(api.states).toEqual([]);
    expect(api.finalReports).toEqual([]);
    await nothingIsLeft();
  });

  it('fault 7: after a logout by the phone it discards, ends for logged_out, and never shows another code', async () => {
    const { api, simulator } = bench;
    const worker = bench.start();
    await bench.link(worker);
    const before = api.reports.length;
    await simulator.phone.logout({ target: ACCOUNT });
    expect(await worker.exit, worker.log()).toBe(0);
    expect(api.discards).toEqual(['logged_out']);
    expect(api.finalReports).toMatchObject([{ reason: 'logged_out' }]);
    expect(api.states).toEqual([]);
    expect(api.reports.slice(before).map(({ status }) => status)).not.toContain('SCAN_QR_CODE');
    await nothingIsLeft();
  });

  it('the logout command unlinks at WhatsApp, discards and ends for logged_out', async () => {
    const { api, simulator } = bench;
    const worker = bench.start();
    await bench.link(worker);
    expect((await api.command('logout', {})).status).toBe(200);
    expect(await worker.exit, worker.log()).toBe(0);
    expect(api.discards).toEqual(['logged_out']);
    expect(api.finalReports).toMatchObject([{ reason: 'logged_out' }]);
    const { accounts } = await simulator.phone.accounts({});
    expect(accounts.find(({ phoneNumber }) => phoneNumber === ACCOUNT)?.devices).toEqual([]);
  });

  it('a logout that WhatsApp does not confirm is unknown: nothing is discarded, and the session works again', async () => {
    const { api, simulator } = bench;
    const worker = bench.start();
    await bench.link(worker);
    await bench.saved(1);
    const before = api.reports.length;
    await simulator.phone.network({ mode: 'offline', target: ACCOUNT });
    expect(await api.command('logout', {})).toMatchObject({ status: 504, body: { code: 'unknown' } });
    await simulator.phone.network({ mode: 'online', target: ACCOUNT });
    await vi.waitFor(
      () => {
        expect(worker.process.exitCode, worker.log()).toBe(null);
        const since = api.reports.slice(before).map(({ status }) => status);
        expect(since, worker.log()).toContain('STARTING');
        expect(since.at(-1), worker.log()).toBe('WORKING');
      },
      { timeout: 60_000, interval: 50 },
    );
    expect(api.discards).toEqual([]);
    const { accounts } = await simulator.phone.accounts({});
    expect(accounts.find(({ phoneNumber }) => phoneNumber === ACCOUNT)?.devices).toHaveLength(1);
    worker.process.kill('SIGTERM');
    expect(await worker.exit, worker.log()).toBe(0);
  });

  it('fault 13: kill -9 of the worker leaves no browser', async () => {
    const worker = bench.start();
    await bench.status(worker, 'SCAN_QR_CODE');
    expect((await bench.browserProcesses()).length).toBeGreaterThan(0);
    worker.process.kill('SIGKILL');
    await worker.exit;
    await nothingIsLeft();
  });

  it('a second signal does not wait for the orderly end', async () => {
    const { api } = bench;
    const worker = bench.start();
    await bench.link(worker);
    for (const path of ['storage', '/worker/v1/events', '/worker/v1/last-word'])
      api.faults.status.set(path, 503);
    worker.process.kill('SIGTERM');
    await vi.waitFor(() => expect(worker.log()).toContain('"ending"'));
    worker.process.kill('SIGTERM');
    expect(await worker.exit, worker.log()).toBe(12);
    await nothingIsLeft();
  });

  it('keeps the state before when the final one can’t be saved, and says so', async () => {
    const { api } = bench;
    api.settings.stopGraceSeconds = 8;
    const worker = bench.start();
    await bench.link(worker);
    await bench.saved(1);
    // First: a save by the schedule could store the new message before the end.
    api.faults.status.set('storage', 503);
    await api.command('sendText', { chatId: '15550001111@c.us', text: 'something new to save' });
    worker.process.kill('SIGTERM');
    expect(await worker.exit, worker.log()).toBe(0);
    expect(api.finalReports[0]?.detail).toContain('not saved');
    expect(api.states.length).toBeGreaterThan(0);
  });

  it('a token that another process exchanged ends the worker before it starts a browser', async () => {
    const other = await startFakeWorkerApi();
    other.faults.status.set('/worker/v1/bootstrap', 409);
    const worker = bench.start(other.environment());
    expect(await worker.exit, worker.log()).toBe(11);
    await other.close();
  });

  it('ends the browser that was launched ahead, too, when its token is not accepted', async () => {
    const { api } = bench;
    const before = api.bootstraps.length;
    api.faults.status.set('/worker/v1/bootstrap', 409);
    const worker = bench.start({ BERTH_BROWSER_AHEAD: '1' });
    expect(await worker.exit, worker.log()).toBe(11);
    expect(api.bootstraps).toHaveLength(before);
    await nothingIsLeft();
  });

  it('ends the browser that was launched ahead, too, when its environment is not usable', async () => {
    const before = await readdir(bench.workDir);
    const worker = bench.start({ BERTH_BROWSER_AHEAD: '1', BERTH_STAGE_SECONDS: 'soon' });
    expect(await worker.exit, worker.log()).toBe(2);
    expect(worker.log()).toContain('BERTH_STAGE_SECONDS');
    await nothingIsLeft();
    expect(await readdir(bench.workDir)).toEqual(before);
  });

  it('says which browser it tried and what to install when none starts', async () => {
    const { api } = bench;
    const worker = bench.start({ CHROMIUM_PATH: '/nowhere/chromium' });
    expect(await worker.exit).toBe(1);
    expect(api.finalReports[0]).toMatchObject({ reason: 'crashed' });
    expect(api.finalReports[0]?.detail).toContain('/nowhere/chromium');
  });

  it('leaves no file behind', async () => {
    const before = await readdir(bench.workDir);
    const worker = bench.start();
    await bench.status(worker, 'SCAN_QR_CODE');
    expect(await readdir(bench.workDir)).toHaveLength(before.length + 1);
    worker.process.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
    expect(await readdir(bench.workDir)).toEqual(before);
  });
});
