/** `wait` of a create and of a start: one request, answered once the session works or has its QR code. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { problemSchema } from '../../../contract/errors.ts';
import { shared } from '../../helpers/shared.ts';
import { linkSession, startSystem } from '../../helpers/system.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000071';
const OTHER = '491700000072';

describe.sequential('a start that is waited for', () => {
  const open = shared(
    () => startSystem(),
    (system) => system.stop(),
  );
  afterEach(async () => {
    const { berth } = open();
    for await (const { name } of berth.sessions.list({ all: true })) await berth.sessions.delete(name);
  });

  test('a new session comes with its code, which the phone can scan', async () => {
    const { berth, phone } = open();
    const session = await berth.sessions.create({ name: 'shop' }, { waitSeconds: 25 });
    expect(session.status).toBe('SCAN_QR_CODE');
    expect(Date.parse(session.qr?.expiresAt ?? '')).toBeGreaterThan(Date.parse(session.createdAt));
    await phone.scan({ code: session.qr?.value ?? '', account: ACCOUNT });
    await berth.sessions.waitForStatus('shop', 'WORKING');
  });

  test('one that has an account is answered once it works, and has no code', async () => {
    const { berth } = open();
    await linkSession(open(), { name: 'shop' }, ACCOUNT);
    await berth.sessions.stop('shop');
    await berth.sessions.waitForStatus('shop', 'STOPPED');
    const session = await berth.sessions.start('shop', { waitSeconds: 25 });
    expect(session).toMatchObject({ status: 'WORKING', linked: true });
    expect(session).not.toHaveProperty('qr');
  });

  test('one whose account the phone removed meanwhile comes with a code', async () => {
    const { berth, phone } = open();
    await linkSession(open(), { name: 'shop' }, OTHER);
    await berth.sessions.stop('shop');
    await berth.sessions.waitForStatus('shop', 'STOPPED');
    await phone.logout({ target: OTHER });
    const session = await berth.sessions.start('shop', { waitSeconds: 25 });
    expect(session).toMatchObject({ status: 'SCAN_QR_CODE', qr: { value: expect.any(String) } });
  });

  test('without a code in time the session is created all the same', async () => {
    const { berth } = open();
    const session = await berth.sessions.create({ name: 'shop' }, { waitSeconds: 0.01 });
    expect(session).not.toHaveProperty('qr');
    await berth.sessions.waitForStatus('shop', 'SCAN_QR_CODE');
    // A repeat finds it shown.
    const again = await berth.sessions.start('shop', { waitSeconds: 0.01 });
    expect(again.qr?.value).toBe(await berth.auth.qr('shop'));
  });

  test('is not waited for by who has as many open waits already, and is created all the same', async () => {
    const { berth, call } = open();
    await berth.limits.set({ bounds: { waits: 1 } });
    await berth.sessions.create({ name: 'other', start: false });
    // Of two waits one is refused; the other continues.
    const waits = [1, 2].map(() => call('GET', '/api/sessions/other?wait=status!%3DSTOPPED&timeout=25'));
    try {
      expect((await Promise.race(waits)).status).toBe(429);
      const session = await berth.sessions.create({ name: 'shop' }, { waitSeconds: 25 });
      expect(session).toMatchObject({ name: 'shop', status: 'STARTING', epoch: 1 });
      expect(session).not.toHaveProperty('qr');
      await berth.sessions.start('other');
      expect((await Promise.all(waits)).map(({ status }) => status).sort()).toEqual([200, 429]);
    } finally {
      await berth.limits.set({ bounds: { waits: null } });
    }
  });

  test('is refused with a wait that is no number of seconds up to 25, and nothing is created', async () => {
    const { berth, call } = open();
    for (const wait of ['26', '-1', 'soon']) {
      const answer = await call('POST', `/api/sessions?wait=${wait}`, { body: { name: 'shop' } });
      expect(answer.status).toBe(400);
      expect(problemSchema.parse(await answer.json()).detail).toContain('wait');
    }
    await expect(berth.sessions.get('shop')).rejects.toMatchObject({ status: 404 });
  });

  test('a session that is only created is not waited for', async () => {
    const { berth } = open();
    const session = await berth.sessions.create({ name: 'shop', start: false }, { waitSeconds: 25 });
    expect(session).toMatchObject({ status: 'STOPPED', epoch: 0 });
    expect(session).not.toHaveProperty('qr');
  });
});
