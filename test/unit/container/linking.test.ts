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

test('a pairing code comes with its expiry; the renewed one is reported, and returned by the next request (F12)', async () => {
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
  expect(await ask()).toEqual({ code: 'AAAA-1111', expiresAt: start + 180_000 });
  expect(await ask()).toEqual({ code: 'AAAA-1111', expiresAt: start + 180_000 });
  expect(asked).toEqual([['491701234567', 180_000]]);
  await time.advance(180_000);
  context.pairing.shown('BBBB2222');
  expect(await ask()).toEqual({ code: 'BBBB-2222', expiresAt: start + 360_000 });
  expect(asked).toHaveLength(1);
  // Another number is another code.
  await ask('491700000000');
  expect(asked).toHaveLength(2);
});

test('the library’s renewal of a pairing code is noticed (F12)', async () => {
  const bench = openHost();
  await bench.start();
  bench.library.client.emit('code', 'CCCC3333');
  expect(bench.codes).toEqual(['CCCC3333']);
});

test('the worker of a restart never shows a code: no saved state, none accepted, or unlinked meanwhile', async () => {
  const none = openHost({ mayLink: false });
  none.host.start();
  await none.time.advance(0);
  expect(none.ends).toEqual([{ reason: 'crashed', detail: expect.stringContaining('no saved auth state') }]);

  // The control plane receives the reason: the saved account is useless.
  expect(none.views.at(-1)).toMatchObject({ status: 'STARTING', qrReason: 'never_linked' });

  const refused = openHost({ mayLink: false, states: 1 });
  await refused.start();
  refused.library.client.emit('qr', 'asks to be linked');
  await refused.time.advance(1_000);
  expect(refused.ends).toEqual([
    { reason: 'crashed', detail: expect.stringContaining('no saved auth state') },
  ]);

  const revoked = openHost({ mayLink: false, states: 1 });
  await revoked.start();
  revoked.library.client.emit('disconnected', 'LOGOUT');
  await revoked.time.advance(5_000);
  expect(revoked.discards).toEqual(['revoked']);
  expect(revoked.ends).toEqual([
    { reason: 'logged_out', detail: expect.stringContaining('while it was down') },
  ]);

  for (const { views } of [none, refused, revoked])
    expect(views.map(({ status }) => status)).not.toContain('SCAN_QR_CODE');
});

/** Linked and WORKING; what happens to its logout is the test's. */
const workingHost = async () => {
  const bench = openHost({ states: 1 });
  await bench.start();
  const { client } = bench.library;
  client.initialized();
  client.emit('authenticated');
  client.ready();
  await bench.time.advance(0);
  return bench;
};

test('a logout that the page confirms ends as logged_out, also if the browser closes before the answer', async () => {
  const bench = await workingHost();
  const { client } = bench.library;
  client.logout = async () => client.killed();
  expect(await bench.host.unlink()).toBe(true);
  await bench.time.advance(5_000);
  expect(bench.discards).toEqual(['logged_out']);
  expect(bench.ends).toMatchObject([{ reason: 'logged_out' }]);
});

test('a logout that the page does not confirm discards nothing: the next client shows whether it happened', async () => {
  for (const happened of [false, true]) {
    const bench = await workingHost();
    bench.library.client.logout = () => new Promise(() => {});
    const unlinking = bench.host.unlink();
    await bench.time.advance(6_001);
    expect(await unlinking).toBe(false);
    expect(bench.discards).toEqual([]);
    await bench.next(1);
    const { client } = bench.library;
    if (happened) client.emit('disconnected', 'LOGOUT');
    else client.ready();
    await bench.time.advance(5_000);
    expect(bench.discards).toEqual(happened ? ['logged_out'] : []);
    expect(bench.ends).toMatchObject(happened ? [{ reason: 'logged_out' }] : []);
    if (!happened) expect(bench.host.status).toBe('WORKING');
    expect(bench.statuses()).not.toContain('SCAN_QR_CODE');
  }
});

test('a page that leaves for the address of an unlinked one has confirmed, though its call failed', async () => {
  const bench = await workingHost();
  const { client } = bench.library;
  client.logout = () =>
    Promise.reject(new Error('Execution context was destroyed, most likely because of a navigation.'));
  const unlinking = bench.host.unlink();
  await bench.time.advance(500);
  client.url = 'https://web.whatsapp.com/?post_logout=1&logout_reason=0';
  client.emitPage('framenavigated');
  await bench.time.advance(5_000);
  expect(await unlinking).toBe(true);
  expect(bench.ends).toMatchObject([{ reason: 'logged_out' }]);
});
