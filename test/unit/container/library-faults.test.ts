import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProfile } from '../../../container/auth-state/profile.ts';
import { silentLog } from '../../../container/base/log.ts';
import { systemTime } from '../../../container/base/time.ts';
import { requestCode } from '../../../container/commands/request-code.ts';
import { sendText } from '../../../container/commands/send-text.ts';
import { judgeUncaught } from '../../../container/process-faults.ts';
import { idText } from '../../../container/whatsapp/ids.ts';
import { clientOptions } from '../../../container/whatsapp/library.ts';
import { messagePayload } from '../../../container/whatsapp/payloads.ts';
import { TIMEOUTS_MS } from '../../../contract/timeouts.ts';
import { manualTime } from '../../helpers/manual-time.ts';
import { commandContext } from './command-context.ts';
import { FakeClient } from './fake-library.ts';
import { openHost, STAGE_MS } from './host-bench.ts';

const settings = {
  browser: { executable: '/browser', build: 'Chromium 147.0.1', environment: {} },
  profileDir: '/profile',
  extraSwitches: ['--extra'],
};

const named = (name: string, message: string) => Object.assign(new Error(message), { name });

const ownMessage = (id: unknown) => ({
  id,
  from: '491701234567@c.us',
  to: '15550001111@c.us',
  body: 'hi',
  timestamp: 1_700_000_000,
  hasMedia: false,
  ack: 0,
});

describe('faults of the library that the host absorbs', () => {
  it('fault 1: an unhandled rejection of the library restarts the client, one of Berth ends the session', async () => {
    const library = new Error('boom');
    library.stack = 'Error: boom\n at x (/app/node_modules/whatsapp-web.js/src/Client.js:495:1)';
    expect(judgeUncaught(library, false)).toBe('client_fault');
    expect(judgeUncaught('auth timeout', false)).toBe('client_fault');
    expect(judgeUncaught(new Error('Protocol error: Target closed'), true)).toBe('ignore');
    expect(judgeUncaught(new Error('Protocol error: Target closed'), false)).toBe('client_fault');
    expect(judgeUncaught(new Error("Attempted to use detached Frame 'A'."), true)).toBe('ignore');
    expect(judgeUncaught(new TypeError('x is not a function'), true)).toBe('defect');
    const reset = (at: string) =>
      Object.assign(new Error('read ECONNRESET'), {
        code: 'ECONNRESET',
        syscall: 'read',
        stack: `Error: read ECONNRESET\n    at ${at} (node:internal/stream_base_commons:216:20)`,
      });
    expect(judgeUncaught(reset('Pipe.onStreamRead'), true), 'the pipe to a browser that was closed').toBe(
      'ignore',
    );
    expect(judgeUncaught(reset('Pipe.onStreamRead'), false)).toBe('client_fault');
    expect(judgeUncaught(reset('TCP.onStreamRead'), true)).toBe('defect');

    const bench = openHost();
    await bench.start();
    bench.library.client.ready();
    await bench.time.advance(0);
    bench.host.fault('unhandled rejection in the library');
    await bench.next(1);
    bench.library.client.ready();
    await bench.time.advance(0);
    expect(bench.host.status).toBe('WORKING');
    expect(bench.ends).toEqual([]);
  });

  it('fault 2: sync that completes within 50 ms of CONNECTED still becomes WORKING', async () => {
    const bench = openHost({ states: 1 });
    await bench.start();
    const { client } = bench.library;
    client.probe = async () => ({ state: 'CONNECTED', hasSynced: true, injected: false });
    client.initialized();
    await bench.time.advance(3_000);
    const announcements = client.evaluated.filter((code) => code.includes('onAppStateHasSyncedEvent'));
    expect(announcements, 'announced once, or every message would come twice').toHaveLength(1);
    client.ready();
    await bench.time.advance(0);
    expect(bench.host.status).toBe('WORKING');
  });

  it('fault 3: a code that stopped renewing itself (UNPAIRED_IDLE) is brought back by a reload', async () => {
    const bench = openHost();
    await bench.start();
    const { client } = bench.library;
    client.emit('qr', 'first');
    client.probe = async () => ({ state: 'UNPAIRED_IDLE', hasSynced: false, injected: false });
    client.initialized();
    await bench.time.advance(2_000);
    expect(client.reloads).toBe(1);
    client.emit('qr', 'second');
    await bench.time.advance(0);
    expect(bench.host.qr?.value).toBe('second');
    expect(bench.library.clients).toHaveLength(1);
  });

  it('fault 4: a refused pairing code is an answer, not a crash, and is only asked for when wanted', async () => {
    const time = manualTime();
    const client = new FakeClient(() => {});
    client.pairing = () => Promise.reject(new Error('IQErrorRateOverlimit: 429 rate-overlimit'));
    const context = commandContext(time, client, 'SCAN_QR_CODE');
    await expect(requestCode(context, { phoneNumber: '491701234567' })).rejects.toMatchObject({
      code: 'rate_limited',
    });
    expect(JSON.stringify(clientOptions(settings, () => {}))).not.toContain('pairWithPhoneNumber');
  });

  it('fault 5: a conflict closes the client and nothing else: the account stays and a fresh client starts', async () => {
    const bench = openHost({ states: 1 });
    await bench.start();
    bench.library.client.ready();
    await bench.time.advance(0);
    bench.library.client.emit('disconnected', 'CONFLICT');
    bench.library.client.killed();
    await bench.next(1);
    bench.library.client.ready();
    await bench.time.advance(0);
    expect(bench.host.status).toBe('WORKING');
    expect(bench.discards).toEqual([]);
    expect(bench.profile).toMatchObject({ emptied: 0, forgotten: 0 });
  });

  it('fault 6: the library saves, restores and deletes nothing: its auth strategy is ours and has no store', async () => {
    const { authStrategy } = clientOptions(settings, () => {});
    expect(authStrategy?.constructor.name).toBe('OwnAuthStrategy');
    await expect(authStrategy?.logout?.()).resolves.toBe(undefined);
    await expect(authStrategy?.disconnect?.()).resolves.toBe(undefined);
  });

  it('fault 7: after LOGOUT the code that the library shows is never seen, and the session ends', async () => {
    const bench = openHost();
    await bench.start();
    const { client } = bench.library;
    client.ready();
    await bench.time.advance(0);
    client.emit('disconnected', 'LOGOUT');
    client.emit('qr', 'over a deleted profile');
    await bench.time.advance(60_000);
    expect(bench.statuses()).not.toContain('SCAN_QR_CODE');
    expect(bench.discards).toEqual(['logged_out']);
    expect(bench.ends).toMatchObject([{ reason: 'logged_out' }]);
    expect(bench.library.clients).toHaveLength(1);
    expect(bench.kills).toBeGreaterThan(0);
  });

  it('fault 7: a logout that the page announces and never finishes ends the session all the same', async () => {
    const bench = openHost();
    await bench.start();
    const { client } = bench.library;
    client.initialized();
    client.ready();
    await bench.time.advance(0);
    client.lastLoggedOut = true;
    await bench.time.advance(60_000);
    expect(bench.ends).toMatchObject([{ reason: 'logged_out' }]);
  });

  it('fault 8: a session revoked while offline is discarded and shows a code with the reason, once', async () => {
    const bench = openHost({ states: 1 });
    await bench.start();
    const { client } = bench.library;
    client.failed(new Error('Execution context was destroyed, most likely because of a navigation.'));
    await bench.time.advance(100);
    client.url = 'https://web.whatsapp.com/?post_logout=1&logout_reason=0';
    client.emitPage('framenavigated');
    await bench.next(1);
    expect(bench.discards).toEqual(['revoked']);
    bench.library.client.emit('qr', 'code');
    await bench.time.advance(0);
    expect(bench.host).toMatchObject({ status: 'SCAN_QR_CODE', qrReason: 'revoked' });
  });

  it('fault 8: the same failure without a logout is a mere fault: nothing is discarded', async () => {
    const bench = openHost({ states: 1 });
    await bench.start();
    bench.library.client.failed(
      new Error('Execution context was destroyed, most likely because of a navigation.'),
    );
    await bench.next(1);
    bench.library.client.ready();
    await bench.time.advance(0);
    expect(bench.discards).toEqual([]);
    expect(bench.host.status).toBe('WORKING');
  });

  it('fault 9: closing before the browser exists waits for the launch and kills what it brought', async () => {
    const bench = openHost();
    bench.host.start();
    await bench.time.advance(0);
    const stopped = bench.host.stop(true);
    await bench.time.advance(1_000);
    await stopped;
    expect(bench.kills).toBeGreaterThan(1);
  });

  it('fault 9: a failed start has its browser killed before the next one begins', async () => {
    const bench = openHost();
    await bench.start();
    const before = bench.kills;
    bench.library.client.failed(new Error('net::ERR_CONNECTION_REFUSED'));
    await bench.next(1);
    expect(bench.kills).toBeGreaterThan(before);
    expect(bench.library.clients).toHaveLength(2);
  });

  it('fault 10: a page that never leaves OPENING is given up at the stage’s deadline, not waited for endlessly', async () => {
    const bench = openHost({ states: 1, maxRestarts: 1 });
    await bench.start();
    await bench.time.advance(STAGE_MS + 1);
    await bench.next(1);
    await bench.time.advance(STAGE_MS + 1);
    await bench.time.advance(60_000);
    expect(bench.ends).toMatchObject([{ reason: 'crashed' }]);
    expect(bench.statuses()).not.toContain('SCAN_QR_CODE');
  });

  it('fault 10: a sync that never ends is given up, too', async () => {
    const bench = openHost({ states: 1 });
    await bench.start();
    bench.library.client.emit('authenticated');
    await bench.time.advance(STAGE_MS + 1);
    await bench.next(1);
    expect(bench.library.clients).toHaveLength(2);
  });

  it('fault 11: a killed browser, a crashed page and a page that answers nothing each start a fresh client', async () => {
    const bench = openHost({ maxRestarts: 10 });
    await bench.start();
    const becomeReady = async () => {
      bench.library.client.initialized();
      bench.library.client.ready();
      await bench.time.advance(0);
    };
    await becomeReady();
    bench.library.client.killed();
    await bench.next(1);
    await becomeReady();
    bench.library.client.emitPage('error', new Error('Page crashed!'));
    await bench.next(2);
    await becomeReady();
    bench.library.client.probe = () => new Promise(() => {});
    await bench.next(3);
    await becomeReady();
    expect(bench.host.status).toBe('WORKING');
    expect(bench.discards).toEqual([]);
  });

  it('fault 2, after a reload: a page whose events the library no longer receives is replaced', async () => {
    const bench = openHost();
    await bench.start();
    bench.library.client.initialized();
    bench.library.client.ready();
    await bench.time.advance(30_000);
    expect(bench.library.clients).toHaveLength(1);
    bench.library.client.probe = async () => ({ state: 'CONNECTED', hasSynced: true, injected: false });
    await bench.next(1);
    expect(bench.library.clients).toHaveLength(2);
  });

  it('fault 12: a stale lock of another host is removed before each launch', async () => {
    const workDir = await mkdtemp(join(tmpdir(), 'berth-unit-'));
    const profile = createProfile({
      workDir,
      chromiumBuild: 'x',
      states: [],
      time: systemTime,
      log: silentLog,
    });
    await profile.empty();
    for (const name of ['SingletonLock', 'SingletonCookie', 'SingletonSocket', 'Local State'])
      await writeFile(join(profile.dir, name), '');
    await profile.unlock();
    expect(await readdir(profile.dir)).toEqual(['Local State']);
    await rm(workDir, { recursive: true });

    const bench = openHost();
    await bench.start();
    expect(bench.profile.unlocked).toBe(1);
  });

  it('fault 13: the browser hangs on a pipe, so that it dies with its host', () => {
    expect(clientOptions(settings, () => {}).puppeteer).toMatchObject({
      pipe: true,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      protocolTimeout: TIMEOUTS_MS.browserCall,
    });
  });

  it('fault 14: a start that fails with a bare string, and no auth_failure, is dealt with', async () => {
    const bench = openHost({ states: 1 });
    await bench.start();
    bench.library.client.failed('auth timeout');
    await bench.next(1);
    bench.library.client.ready();
    await bench.time.advance(0);
    expect(bench.host.status).toBe('WORKING');
    expect(clientOptions(settings, () => {}).qrMaxRetries).toBe(0);
  });

  it('fault 15: an error that a listener throws does not reach the library, and the next event is handled', async () => {
    const bench = openHost();
    await bench.start();
    bench.library.client.ready();
    await bench.time.advance(0);
    const poisoned = { toString: () => Promise.reject(new Error('never')) };
    bench.events.push = () => {
      bench.events.push = Array.prototype.push;
      throw new Error('listener');
    };
    bench.library.client.emit('message', poisoned);
    bench.library.client.emit('message', 'second');
    expect(bench.events.map(({ values }) => values)).toEqual([['second']]);
  });

  it('fault 16: each client gets its own options, although the library changes them', () => {
    const first = clientOptions(settings, () => {});
    const second = clientOptions(settings, () => {});
    first.puppeteer?.args?.push('--changed');
    Object.assign(first.webVersionCache ?? {}, { type: 'local' });
    expect(second.puppeteer?.args).not.toContain('--changed');
    expect(second.webVersionCache).toEqual({ type: 'none' });
    expect(settings.extraSwitches).toEqual(['--extra']);
  });

  it('fault 17: a message that the server refuses is refused, not reported as sent', async () => {
    const client = new FakeClient(() => {});
    client.send = () => Promise.reject(named('ServerStatusCodeError', 'message refused'));
    const context = commandContext(manualTime(), client, 'WORKING');
    await expect(sendText(context, { chatId: '15550001111@c.us', text: 'hi' })).rejects.toMatchObject({
      code: 'refused',
    });
    expect(client.sent[0]?.options.waitUntilMsgSent).toBe(true);
  });

  it('fault 17: a send without an answer ends in time, as unknown', async () => {
    const time = manualTime();
    const client = new FakeClient(() => {});
    client.send = () => new Promise(() => {});
    const answer = sendText(commandContext(time, client, 'WORKING'), {
      chatId: '15550001111@c.us',
      text: 'hi',
    });
    const failed = expect(answer).rejects.toMatchObject({ code: 'unknown' });
    await time.advance(TIMEOUTS_MS.command + 1);
    await failed;
  });

  it('fault 17: if the library loses the message that it sent, the page’s own report replaces it', async () => {
    const time = manualTime();
    const client = new FakeClient(() => {});
    const context = commandContext(time, client, 'WORKING');
    client.send = async () => {
      context.own(
        ownMessage({ fromMe: true, remote: '15550001111@c.us', id: 'A1', $1: 'true_15550001111@c.us_A1' }),
      );
      context.emit(
        'message_ack',
        ownMessage({ fromMe: true, remote: '15550001111@c.us', id: 'A1', $1: 'true_15550001111@c.us_A1' }),
        1,
      );
      return undefined;
    };
    const sent = await sendText(context, { chatId: '15550001111@c.us', text: 'hi' });
    expect(sent).toMatchObject({ id: 'true_15550001111@c.us_A1', ack: 1, ackName: 'SERVER' });

    client.send = async () => undefined;
    const unknown = expect(
      sendText(context, { chatId: '15550001111@c.us', text: 'hi' }),
    ).rejects.toMatchObject({ code: 'unknown' });
    await time.advance(TIMEOUTS_MS.command);
    await unknown;
  });

  it('fault 18: ids are read in the old form, in the new one, and from their parts', () => {
    expect(idText('x@c.us')).toBe('x@c.us');
    expect(idText({ user: '1', server: 'c.us', _serialized: '1@c.us' })).toBe('1@c.us');
    expect(idText({ user: '1', server: 'lid', $1: '1@lid' })).toBe('1@lid');
    expect(idText({ user: '1', server: 'c.us' })).toBe('1@c.us');
    expect(
      idText({ fromMe: false, remote: { user: '1', server: 'g.us' }, id: 'A', participant: '2@c.us' }),
    ).toBe('false_1@g.us_A_2@c.us');
    expect(idText(undefined)).toBe(undefined);
    expect(idText({})).toBe(undefined);
    const incoming = {
      ...ownMessage({ fromMe: false, remote: '1@lid', id: 'B', $1: 'false_1@lid_B' }),
      from: undefined,
      _data: { from: { user: '1', server: 'lid', $1: '1@lid' }, to: { $1: '2@c.us' } },
    };
    expect(messagePayload(incoming)).toMatchObject({ id: 'false_1@lid_B', from: '1@lid', fromMe: false });
  });
});
