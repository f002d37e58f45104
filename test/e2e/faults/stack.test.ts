/** The whole local system killed with kill -9 while a linked session runs: nothing of it is left, nothing is lost. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createClient } from '../../../core/client/index.ts';
import { phoneClient } from '../../../core/phone/client.ts';
import {
  adminKeyOf,
  type LocalProcess,
  ready,
  START_MS,
  startProcess,
  workersOf,
} from '../../helpers/local-process.ts';
import { leftOf, PATIENCE, readTasks } from './harness.ts';

const ACCOUNT = '491700000004';

let dataDir: string;
const started: LocalProcess[] = [];
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'berth-killed-'));
});
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const startStack = async () => {
  const stack = startProcess(dataDir, '--port', '0', '--simulate');
  started.push(stack);
  const berth = createClient({ baseUrl: await ready(stack), apiKey: adminKeyOf(dataDir) });
  return { stack, berth };
};

test(
  'after kill -9 of the local system the next start clears what was left; slot and account are back',
  async () => {
    const killed = await startStack();
    await killed.berth.sessions.create({ name: 'shop' });
    await killed.berth.sessions.waitForStatus('shop', ['SCAN_QR_CODE', 'FAILED']);
    const phone = phoneClient(readFileSync(join(dataDir, 'phone-url'), 'utf8').trim());
    await phone.scan({ code: await killed.berth.auth.qr('shop', { waitSeconds: 25 }), account: ACCOUNT });
    await vi.waitFor(
      async () =>
        expect(await killed.berth.sessions.get('shop')).toMatchObject({ status: 'WORKING', linked: true }),
      PATIENCE,
    );
    expect(workersOf(dataDir)).not.toEqual([]);
    killed.stack.child.kill('SIGKILL');
    await killed.stack.exited;

    const { stack, berth } = await startStack();
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

    const tasks = readTasks(dataDir);
    stack.child.kill('SIGINT');
    expect(await stack.exited).toBe(0);
    expect(leftOf(tasks)).toEqual([]);
    expect(workersOf(dataDir)).toEqual([]);
  },
  2 * START_MS,
);
