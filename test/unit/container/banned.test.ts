import { expect, it } from 'vitest';
import { openHost } from './host-bench.ts';

it('an account that WhatsApp blocks ends the session for that reason: no restart, and the account is kept', async () => {
  const bench = openHost({ states: 1 });
  await bench.start();
  bench.library.client.initialized();
  bench.library.client.ready();
  await bench.time.advance(0);
  bench.library.client.emit('disconnected', 'TOS_BLOCK');
  await bench.time.advance(60_000);
  expect(bench.ends).toEqual([{ reason: 'banned', detail: expect.stringContaining('TOS_BLOCK') }]);
  expect(bench.library.clients).toHaveLength(1);
  expect(bench.discards).toEqual([]);
  expect(bench.host.savable).toBe(true);
});

it('one that is blocked already when the session starts ends it, too, and shows no code', async () => {
  const bench = openHost({ states: 2 });
  await bench.start();
  bench.library.client.probe = async () => ({ state: 'SMB_TOS_BLOCK', hasSynced: false, injected: true });
  bench.library.client.initialized();
  await bench.time.advance(60_000);
  expect(bench.ends).toMatchObject([{ reason: 'banned' }]);
  expect(bench.statuses()).not.toContain('SCAN_QR_CODE');
  expect(bench.library.clients).toHaveLength(1);
  expect(bench.discards).toEqual([]);
});
