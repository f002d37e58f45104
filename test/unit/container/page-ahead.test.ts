/** A page that waits for its session: what the session's first client gets of it, and what ends the wait. */
import { expect, it } from 'vitest';
import { silentLog } from '../../../container/base/log.ts';
import type { AheadBrowser } from '../../../container/browser/ahead.ts';
import { loadsSamePage, openPageAhead } from '../../../container/whatsapp/page-ahead.ts';
import { runTimings } from '../../../container/whatsapp/signals.ts';
import { manualTime } from '../../helpers/manual-time.ts';
import { fakeLibrary } from './fake-library.ts';
import { openHost, STAGE_MS } from './host-bench.ts';

const open = async () => {
  const time = manualTime();
  const library = fakeLibrary();
  const lost: string[] = [];
  let discards = 0;
  const browser: AheadBrowser = {
    up: Promise.resolve(),
    usable: false,
    fits: () => false,
    isFor: () => true,
    closedAt: Number.NEGATIVE_INFINITY,
    async discard() {
      discards += 1;
    },
  };
  const ahead = openPageAhead(browser, library.createClient, {
    time,
    log: silentLog,
    timings: runTimings(STAGE_MS),
    profileDir: '/no-such-profile',
    onLost: (reason) => lost.push(reason),
  });
  const page = library.client;
  page.launched();
  await time.advance(0);
  const hostWith = () => {
    const bench = openHost({
      time,
      library,
      createClient: (hooks) => ahead.take(hooks) ?? library.createClient(hooks),
    });
    bench.host.start();
    return bench;
  };
  return { time, library, ahead, page, lost, hostWith, discards: () => discards };
};

it('gives the first client its code, which expires when WhatsApp renews it, and each later code', async () => {
  const { time, page, ahead, hostWith, library } = await open();
  page.emit('qr', 'code-1');
  await ahead.up;
  page.initialized();
  await time.advance(60_000);
  page.emit('qr', 'code-2');
  await time.advance(5_000);
  const { host } = hostWith();
  await time.advance(0);
  expect(host.status).toBe('SCAN_QR_CODE');
  expect(host.qr).toEqual({ value: 'code-2', expiresAt: time.now() + 15_000 });
  page.emit('qr', 'code-3');
  expect(host.qr).toEqual({ value: 'code-3', expiresAt: time.now() + 20_000 });
  page.ready();
  await time.advance(0);
  expect(host.status).toBe('WORKING');
  expect(library.clients).toHaveLength(1);
});

it('shows no code that has expired; the next one is shown', async () => {
  const { time, page, ahead, hostWith } = await open();
  page.emit('qr', 'code-1');
  await ahead.up;
  page.initialized();
  await time.advance(60_000);
  const { host } = hostWith();
  await time.advance(0);
  expect(host.qr).toBeUndefined();
  page.emit('qr', 'code-2');
  expect(host.qr?.value).toBe('code-2');
});

it('is loaded again when WhatsApp shows no more codes', async () => {
  const { time, page, ahead } = await open();
  page.emit('qr', 'code-1');
  await ahead.up;
  page.initialized();
  page.probe = async () => ({ state: 'UNPAIRED_IDLE', hasSynced: false, injected: true });
  await time.advance(10_000);
  expect(page.reloads).toBe(1);
  page.probe = async () => ({ state: 'UNPAIRED', hasSynced: false, injected: true });
  await time.advance(60_000);
  expect(page.reloads).toBe(1);
  expect(ahead.usable).toBe(true);
});

it('begins with a first code, which lasts longer, after it was loaded again', async () => {
  const { time, page, ahead, hostWith } = await open();
  for (const code of ['code-1', 'code-2']) page.emit('qr', code);
  page.initialized();
  await ahead.up;
  page.emitPage('load');
  page.emit('qr', 'first-again');
  await time.advance(25_000);
  const { host } = hostWith();
  await time.advance(0);
  expect(host.qr).toEqual({ value: 'first-again', expiresAt: time.now() + 35_000 });
});

it('is gone if no code follows one that expired, in any state of the page', async () => {
  const { time, page, ahead, lost } = await open();
  page.emit('qr', 'code-1');
  page.initialized();
  await ahead.up;
  page.probe = async () => ({ state: 'OPENING', hasSynced: false, injected: true });
  await time.advance(60_000 + 89_000);
  expect(lost).toEqual([]);
  await time.advance(2_000);
  expect(lost).toEqual(['the page shows no code any more']);
  expect(ahead.usable).toBe(false);
});

it('serves one client; after a fault of it the session makes another one', async () => {
  const { time, page, ahead, hostWith, library } = await open();
  page.emit('qr', 'code-1');
  page.initialized();
  await ahead.up;
  const { host, next } = hostWith();
  await time.advance(0);
  expect(ahead.usable).toBe(false);
  page.killed();
  await next(1);
  expect(library.clients).toHaveLength(2);
  library.client.emit('qr', 'another-code');
  expect(host.qr?.value).toBe('another-code');
});

it('is gone with its browser, with a page that does not answer, and when a phone has linked it', async () => {
  const ends: ((page: Awaited<ReturnType<typeof open>>['page']) => void)[] = [
    (page) => page.killed(),
    (page) => page.emitPage('error', new Error('crashed')),
    (page) => page.emit('authenticated'),
    (page) => {
      page.probe = () => Promise.reject(new Error('no answer'));
    },
  ];
  for (const end of ends) {
    const { time, page, ahead, lost, library, hostWith } = await open();
    page.emit('qr', 'code-1');
    page.initialized();
    await ahead.up;
    end(page);
    await time.advance(60_000);
    expect(lost).toHaveLength(1);
    expect(ahead.usable).toBe(false);
    hostWith();
    await time.advance(0);
    expect(library.clients).toHaveLength(2);
  }
});

it('does not come up if the library fails, or no code comes in time', async () => {
  const failed = await open();
  failed.page.failed(new Error('net::ERR_NAME_NOT_RESOLVED'));
  await expect(failed.ahead.up).rejects.toThrow('ERR_NAME_NOT_RESOLVED');
  expect(failed.lost).toHaveLength(1);
  const late = await open();
  await late.time.advance(35_000 + STAGE_MS);
  await expect(late.ahead.up).rejects.toThrow('a code on the page');
});

it('discarded, it is given to no client', async () => {
  const { ahead, page, time, library, hostWith, discards, lost } = await open();
  page.emit('qr', 'code-1');
  page.initialized();
  await ahead.up;
  await Promise.all([ahead.discard(), ahead.discard()]);
  await ahead.discard();
  expect(discards()).toBe(1);
  // What its page complains of from now on is no fault of the session.
  expect(ahead.closedAt).toBe(time.now());
  hostWith();
  await time.advance(0);
  expect(library.clients).toHaveLength(2);
  expect(lost).toEqual([]);
});

it('is for sessions of the live page, without a proxy and without other names', () => {
  const settings = {
    browser: { executable: '/chromium', build: 'Chromium 1', environment: {} },
    profileDir: '/profile',
    extraSwitches: [],
  };
  expect(loadsSamePage(settings)).toBe(true);
  for (const other of [
    { proxy: { server: 'http://proxy' } },
    { deviceName: 'Berth' },
    { browserName: 'Safari' },
    { page: { version: '2.3000.1', folder: '/page' } },
  ])
    expect(loadsSamePage({ ...settings, ...other })).toBe(false);
});
