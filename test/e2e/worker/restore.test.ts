import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SavedState } from '../../helpers/fake-worker-api.ts';
import { ACCOUNT, type Bench, openBench, type RunningWorker } from './harness.ts';

let bench: Bench;
let good: SavedState;

const end = async (worker: RunningWorker) => {
  bench.api.faults.stop = 'user';
  expect(await worker.exit, worker.log()).toBe(0);
};
const damaged = (state: SavedState, key: string): SavedState => {
  const bytes = Buffer.from(state.bytes);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
  return { ...state, key, bytes };
};
const statuses = () => bench.api.reports.map(({ status }) => status);

beforeAll(async () => {
  bench = await openBench();
  const worker = bench.start();
  await bench.link(worker);
  await end(worker);
  const saved = bench.api.states[0];
  if (!saved) throw new Error('nothing was saved');
  good = saved;
});
afterAll(() => bench.close());
beforeEach(() => {
  const { api } = bench;
  api.nextEpoch();
  api.faults.status.clear();
  api.faults.times.clear();
  api.states = [good];
  api.finalReports.length = 0;
});

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('what is restored', () => {
  it('falls back to the state before when the newest is damaged, and shows no code', async () => {
    bench.api.states = [damaged(good, 'newest'), { ...good, key: 'older' }];
    const worker = bench.start();
    await bench.status(worker, 'WORKING');
    expect(statuses()).not.toContain('SCAN_QR_CODE');
    await end(worker);
  });

  it('shows a code and says why when every saved state is damaged', async () => {
    bench.api.states = [damaged(good, 'newest'), damaged(good, 'older')];
    const worker = bench.start();
    await bench.status(worker, 'SCAN_QR_CODE');
    expect(bench.api.reports.at(-1)?.qrReason).toBe('auth_state_corrupt');
    await end(worker);
    expect(bench.api.states, 'what is saved is not replaced by an unlinked profile').toHaveLength(2);
  });

  it('prefers an older state of this build to a newer one of another build', async () => {
    bench.api.states = [
      { ...damaged(good, 'foreign'), chromiumBuild: 'Chromium 1.0' },
      { ...good, key: 'own' },
    ];
    const worker = bench.start();
    await bench.status(worker, 'WORKING');
    expect(worker.log()).not.toContain('saved auth state skipped');
    await end(worker);
  });

  it('tries a state of another build before giving the account up', async () => {
    bench.api.states = [{ ...good, chromiumBuild: 'Chromium 1.0' }];
    const worker = bench.start();
    await bench.status(worker, 'WORKING');
    expect(statuses()).not.toContain('SCAN_QR_CODE');
    await end(worker);
  });

  it('never shows a code over a storage fault: the start fails and the state stays', async () => {
    const { api } = bench;
    api.faults.status.set('storage', 503);
    api.settings.deadlines.startBy = Date.now() + 4_000;
    const worker = bench.start();
    expect(await worker.exit, worker.log()).toBe(0);
    expect(['crashed', 'start_timeout']).toContain(api.finalReports[0]?.reason);
    expect(statuses()).not.toContain('SCAN_QR_CODE');
    expect(api.states).toHaveLength(1);
    expect(api.discards).toEqual([]);
  });

  it('survives a storage fault that passes', async () => {
    const { api } = bench;
    api.faults.status.set('storage', 503);
    api.faults.times.set('storage', 2);
    const worker = bench.start();
    await bench.status(worker, 'WORKING');
    expect(statuses()).not.toContain('SCAN_QR_CODE');
    await end(worker);
  });

  it('fault 8: an account unlinked while it was offline is discarded, and a code is shown with the reason', async () => {
    const { api, simulator } = bench;
    await simulator.phone.logout({ target: ACCOUNT });
    const worker = bench.start();
    await bench.status(worker, 'SCAN_QR_CODE');
    expect(api.reports.at(-1)?.qrReason, worker.log()).toBe('revoked');
    expect(api.discards).toEqual(['revoked']);
    expect(api.states).toEqual([]);
    await bench.link(worker);
    expect(api.reports.at(-1)?.qrReason).toBe(undefined);
    await vi.waitFor(() => expect(api.states.length).toBeGreaterThan(0), { timeout: 15_000 });
    await end(worker);
  });

  it('an account that was just linked survives a page that lacks a module, named, without another code (F4)', async () => {
    const { api, simulator } = bench;
    api.states = [];
    await simulator.phone.setFaults({ missingModule: 'WAWebCallCollection' });
    const worker = bench.start({ BERTH_STAGE_SECONDS: '6', BERTH_MAX_RESTARTS: '1' });
    await bench.status(worker, 'SCAN_QR_CODE');
    const { body } = await api.command('getQr', { waitSeconds: 10 });
    const account = '491700000009';
    await simulator.phone.scan({
      code: String((body as { value?: unknown }).value),
      account: { phoneNumber: account, pushName: 'Ada' },
    });
    expect(await worker.exit, worker.log()).toBe(0);
    expect(api.finalReports.at(-1)).toMatchObject({
      reason: 'crashed',
      detail: expect.stringContaining('WhatsApp Web lacks the module WAWebCallCollection'),
    });
    const devices = async () =>
      (await simulator.phone.accounts()).accounts.find(({ phoneNumber }) => phoneNumber === account)?.devices;
    expect(await devices()).toHaveLength(1);
    expect(api.states, 'the account is saved').toHaveLength(1);
    // Once the page has the module, the session works without a code.
    await simulator.phone.setFaults({ missingModule: '' });
    api.nextEpoch();
    const next = bench.start();
    await bench.status(next, 'WORKING');
    expect(statuses()).not.toContain('SCAN_QR_CODE');
    expect(await devices()).toHaveLength(1);
    await end(next);
  });
});
