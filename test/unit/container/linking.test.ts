import { expect, test } from 'vitest';
import { requestCode } from '../../../container/commands/request-code.ts';
import { manualTime } from '../../helpers/manual-time.ts';
import { commandContext } from './command-context.ts';
import { FakeClient } from './fake-library.ts';
import { openHost, STAGE_MS } from './host-bench.ts';

/** The phone accepted the account; then the library fails to hook the page. */
const acceptedThenStuck = async (bench: ReturnType<typeof openHost>, client = bench.library.client) => {
  client.initialized();
  client.emit('authenticated');
  client.emitPage('pageerror', new Error('Requiring unknown module "WAWebCallCollection"'));
  await bench.time.advance(STAGE_MS + 1);
};

test('once WhatsApp accepted the account, faults keep the profile and end as crashed in words (F4)', async () => {
  const bench = openHost({ maxRestarts: 2 });
  await bench.start();
  const { emptied } = bench.profile;
  bench.library.client.emit('qr', 'the only code');
  await acceptedThenStuck(bench);
  for (let n = 1; n <= 2; n++) {
    await bench.next(n);
    await acceptedThenStuck(bench);
  }
  expect(bench.ends).toEqual([
    {
      reason: 'crashed',
      detail:
        'gave up after 2 restarts: syncing took longer than 60 s: WhatsApp Web lacks the module WAWebCallCollection',
    },
  ]);
  expect(bench.profile.emptied).toBe(emptied);
  expect(bench.host.savable, 'the next start needs no code').toBe(true);
  expect(bench.statuses().filter((status) => status === 'SCAN_QR_CODE')).toHaveLength(1);
});

test('a page that asks for a code again after it accepted the account gets no second one (F4)', async () => {
  const bench = openHost();
  await bench.start();
  bench.library.client.emit('qr', 'the only code');
  await acceptedThenStuck(bench);
  await bench.next(1);
  bench.library.client.emit('qr', 'would link a second device');
  await bench.time.advance(1_000);
  expect(bench.views.map(({ qr }) => qr?.value)).not.toContain('would link a second device');
  expect(bench.ends).toEqual([{ reason: 'crashed', detail: expect.stringContaining('second device') }]);
});

test('faults before the page accepts it do not empty the profile of an account that was just linked (F4)', async () => {
  const bench = openHost({ maxRestarts: 4 });
  await bench.start();
  const { emptied } = bench.profile;
  await acceptedThenStuck(bench);
  for (let n = 1; n <= 3; n++) {
    await bench.next(n);
    bench.library.client.emitPage('error');
    await bench.time.advance(0);
  }
  await bench.next(4);
  bench.library.client.ready();
  await bench.time.advance(0);
  expect(bench.host.status).toBe('WORKING');
  expect(bench.profile.emptied).toBe(emptied);
});

test('a pairing code comes with its expiry; the renewed one is told, and answered when asked again (F12)', async () => {
  const time = manualTime();
  const client = new FakeClient(() => {});
  const asked: unknown[] = [];
  client.requestPairingCode = async (...request: unknown[]) => {
    asked.push(request);
    return 'AAAA1111';
  };
  const context = commandContext(time, client, 'SCAN_QR_CODE');
  const start = time.now();
  const ask = (phoneNumber = '491701234567') => requestCode(context, { phoneNumber });
  expect(await ask()).toEqual({ code: 'AAAA1111', expiresAt: start + 180_000 });
  expect(await ask()).toEqual({ code: 'AAAA1111', expiresAt: start + 180_000 });
  expect(asked).toEqual([['491701234567', 180_000]]);
  await time.advance(180_000);
  context.pairing.heard('BBBB2222');
  expect(await ask()).toEqual({ code: 'BBBB2222', expiresAt: start + 360_000 });
  expect(asked).toHaveLength(1);
  // Another number is another code.
  await ask('491700000000');
  expect(asked).toHaveLength(2);
});

test('the library’s renewal of a pairing code is heard (F12)', async () => {
  const bench = openHost();
  await bench.start();
  bench.library.client.emit('code', 'CCCC3333');
  expect(bench.codes).toEqual(['CCCC3333']);
});
