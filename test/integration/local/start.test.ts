/** `npm start` as a person meets it: a process that is started, spoken to and interrupted. Killed: e2e/faults/stack. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import {
  adminKeyOf,
  type LocalProcess,
  ready,
  START_MS,
  startProcess,
  workersOf,
} from '../../helpers/local-process.ts';

let dataDir: string;
const started: LocalProcess[] = [];
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'berth-start-'));
});
afterEach(() => {
  for (const { child } of started.splice(0)) {
    child.kill('SIGKILL');
  }
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const run = (...args: string[]): LocalProcess => {
  const process = startProcess(dataDir, ...args);
  started.push(process);
  return process;
};

const key = () => adminKeyOf(dataDir);
const workers = () => workersOf(dataDir);
const api = (url: string, path: string, body?: object) =>
  fetch(`${url}${path}`, {
    headers: { 'x-api-key': key(), 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });

/** A session whose worker shows a QR code. */
const startSession = async (url: string, name: string): Promise<void> => {
  expect((await api(url, '/api/sessions', { name })).status).toBe(201);
  await vi.waitFor(
    async () =>
      expect(await (await api(url, `/api/sessions/${name}`)).json()).toMatchObject({
        status: 'SCAN_QR_CODE',
      }),
    { timeout: 60_000, interval: 250 },
  );
};

test(
  'the first start shows a key once; Ctrl-C ends the workers and leaves no process; a second start keeps the data',
  async () => {
    const first = run('--port', '0', '--simulate');
    const url = await ready(first);
    expect(first.output()).toContain(key());
    expect(first.output()).toContain('SIMULATOR');
    expect(statSync(join(dataDir, 'admin-key')).mode & 0o777).toBe(0o600);

    const samePort = run('--port', new URL(url).port, '--simulate');
    expect(await samePort.exited).toBe(1);
    expect(samePort.output()).toMatch(/Port \d+ is in use: .*--port/);
    const sameData = run('--port', '0', '--simulate');
    expect(await sameData.exited).toBe(1);
    expect(sameData.output()).toContain(`in use by process ${first.child.pid}`);

    await startSession(url, 'kept');
    expect(workers()).not.toEqual([]);
    first.child.kill('SIGINT');
    expect(await first.exited).toBe(0);
    expect(workers()).toEqual([]);

    const second = run('--port', '0', '--simulate');
    const secondUrl = await ready(second);
    expect(second.output()).not.toContain(key());
    expect(await (await api(secondUrl, '/api/sessions?all=true')).json()).toMatchObject([
      { name: 'kept', state: 'STOPPED' },
    ]);
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
  },
  2 * START_MS,
);
