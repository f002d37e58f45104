/** `npm start` as a person meets it: a process that is started, spoken to, killed and interrupted. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Client, createClient } from '../../../client/index.ts';
import { phoneClient } from '../../../contract/phone/client.ts';
import { processTable } from '../../../local/engines/ecs/process-table.ts';
import {
  adminKeyOf,
  type LocalProcess,
  ready,
  START_MS,
  startProcess,
  workersOf,
} from '../../helpers/local-process.ts';
import { startWebhookReceiver } from '../../helpers/webhook-receiver.ts';
import { freePort } from '../../soak/system.ts';
import { leftOf, PATIENCE, readTasks } from '../faults/harness.ts';

vi.setConfig({ testTimeout: 2 * START_MS });

const ACCOUNT = '491700000004';

let dataDir: string;
const started: LocalProcess[] = [];
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'berth-start-'));
});
afterAll(() => {
  for (const { child } of started) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

const run = (port = '0'): LocalProcess => {
  const process = startProcess(dataDir, '--port', port, '--simulate', '--standby', '0');
  started.push(process);
  return process;
};

/** The command lines of the processes that a process started, one a line. */
const commandsBelow = (pid: number | undefined): string =>
  processTable()
    .filter(({ parent }) => parent === pid)
    .map((child) => readFileSync(`/proc/${child.pid}/cmdline`, 'latin1'))
    .join('\n');

describe.sequential('the local system', () => {
  let running: LocalProcess;
  let berth: Client;
  const start = async (port?: string): Promise<string> => {
    running = run(port);
    const url = await ready(running);
    berth = createClient({ baseUrl: url, apiKey: adminKeyOf(dataDir) });
    return url;
  };

  test('shows a key at its first start; a port and a folder that are in use are named', async () => {
    const port = await freePort();
    const starting = start(String(port));
    // The first call that is answered finds a key that works.
    await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/ping`)).status).toBe(200), {
      timeout: START_MS,
      interval: 10,
    });
    const headers = { 'x-api-key': adminKeyOf(dataDir) };
    expect((await fetch(`http://127.0.0.1:${port}/api/sessions`, { headers })).status).toBe(200);
    const url = await starting;
    expect(running.output()).toContain(adminKeyOf(dataDir));
    expect(commandsBelow(running.child.pid)).not.toContain('esbuild');
    expect(running.output()).toContain('SIMULATOR');
    expect(statSync(join(dataDir, 'admin-key')).mode & 0o777).toBe(0o600);

    const samePort = run(new URL(url).port);
    expect(await samePort.exited).toBe(1);
    expect(samePort.output()).toMatch(/Port \d+ is in use: .*--port/);
    const sameData = run();
    expect(await sameData.exited).toBe(1);
    expect(sameData.output()).toContain(`in use by process ${running.child.pid}`);
  });

  test('is killed with kill -9: the next start clears what was left; slot and account are back, the key is kept', async () => {
    await berth.sessions.create({ name: 'shop' });
    await berth.sessions.waitForStatus('shop', ['SCAN_QR_CODE', 'FAILED']);
    const phone = phoneClient(readFileSync(join(dataDir, 'phone-url'), 'utf8').trim());
    await phone.scan({ code: await berth.auth.qr('shop', { waitSeconds: 25 }), account: ACCOUNT });
    await vi.waitFor(
      async () => expect(await berth.sessions.get('shop')).toMatchObject({ status: 'WORKING', linked: true }),
      PATIENCE,
    );
    expect(workersOf(dataDir)).not.toEqual([]);
    running.child.kill('SIGKILL');
    await running.exited;

    await start();
    expect(running.output()).not.toContain(adminKeyOf(dataDir));
    const ended = await berth.sessions.waitForStatus('shop', ['STOPPED', 'FAILED']);
    expect(ended).toMatchObject({ linked: true, me: { id: `${ACCOUNT}@c.us` } });
    expect(await berth.stats()).toMatchObject({ active: 0, byState: {} });
    expect(leftOf(readTasks(dataDir))).toEqual([]);
    expect(workersOf(dataDir)).toEqual([]);

    await berth.sessions.start('shop');
    expect(
      await berth.sessions.waitForStatus('shop', ['WORKING', 'SCAN_QR_CODE', 'STOPPED', 'FAILED']),
    ).toMatchObject({ status: 'WORKING', linked: true });
    expect(await berth.stats()).toMatchObject({ active: 1 });
  });

  test('is killed again: a session with a restart policy works again by itself, and delivers nothing twice', async () => {
    const hooks = await startWebhookReceiver();
    const webhooks = [{ url: hooks.url, events: ['message' as const] }];
    await berth.sessions.update('shop', { config: { restart: { policy: 'always' }, webhooks } });
    const say = (text: string) =>
      phoneClient(readFileSync(join(dataDir, 'phone-url'), 'utf8').trim()).send({
        account: ACCOUNT,
        from: '491712223333@c.us',
        text,
      });
    await say('before');
    await hooks.event(({ payload }) => payload.body === 'before');
    // A kill between the endpoint's success and its record would rightly send the event once more.
    await vi.waitFor(
      async () => expect(await berth.webhooks.deliveries('shop')).toMatchObject([{ outcome: 'delivered' }]),
      PATIENCE,
    );
    const { epoch } = await berth.sessions.get('shop');
    running.child.kill('SIGKILL');
    await running.exited;

    await start();
    await vi.waitFor(
      async () => expect(await berth.sessions.get('shop')).toMatchObject({ status: 'WORKING' }),
      PATIENCE,
    );
    const session = await berth.sessions.get('shop');
    expect(session).toMatchObject({ linked: true, restart: { policy: 'always', attempts: 1 } });
    expect(session.epoch).toBe(epoch + 1);
    expect(await berth.stats()).toMatchObject({ active: 1 });
    await say('after');
    await hooks.event(({ payload }) => payload.body === 'after');
    expect(hooks.received.map(({ payload }) => payload.body)).toEqual(['before', 'after']);
    await berth.sessions.update('shop', { config: {} });
    await hooks.close();
  });

  test('is interrupted: its workers end, no process is left, and the next start has what they saved', async () => {
    const tasks = readTasks(dataDir);
    expect(workersOf(dataDir)).not.toEqual([]);
    running.child.kill('SIGINT');
    expect(await running.exited).toBe(0);
    expect(leftOf(tasks)).toEqual([]);
    expect(workersOf(dataDir)).toEqual([]);

    await start();
    expect(await Array.fromAsync(berth.sessions.list({ all: true }))).toMatchObject([
      { name: 'shop', state: 'STOPPED', linked: true },
    ]);
    running.child.kill('SIGTERM');
    expect(await running.exited).toBe(0);
  });
});
