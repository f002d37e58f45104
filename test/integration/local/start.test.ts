/** `npm start` as a person meets it: a process that is started, spoken to, interrupted and killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { processTable } from '../../../local/engines/ecs/process-table.ts';

const MAIN = resolve(import.meta.dirname, '../../../local/main.ts');
const START_MS = 150_000;

type Started = {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<number | null>;
};

let dataDir: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'berth-start-'));
});
afterEach(() => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
  }
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const run = (...args: string[]): Started => {
  const child = spawn(process.execPath, [MAIN, '--data', dataDir, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  return { child, output: () => text, exited };
};

const ready = async (started: Started): Promise<string> => {
  await vi.waitFor(() => expect(started.output()).toContain('Next:'), { timeout: START_MS, interval: 100 });
  return z
    .string()
    .parse(/http:\/\/localhost:\d+/.exec(started.output())?.[0])
    .replace('localhost', '127.0.0.1');
};

const key = () => readFileSync(join(dataDir, 'admin-key'), 'utf8').trim();
const api = (url: string, path: string, body?: object) =>
  fetch(`${url}${path}`, {
    headers: { 'x-api-key': key(), 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });

/** Processes of this data directory's workers: their supervisor's command line names its log. */
const workers = (): number[] =>
  processTable()
    .filter(({ task }) => task !== undefined)
    .map(({ pid }) => pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(dataDir);
      } catch {
        return false;
      }
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

test(
  'what a SIGKILL left is found and ended by the next start, and the slot is free again',
  async () => {
    const killed = run('--port', '0', '--simulate');
    await startSession(await ready(killed), 'orphan');
    killed.child.kill('SIGKILL');
    await killed.exited;

    const next = run('--port', '0', '--simulate');
    const url = await ready(next);
    await vi.waitFor(
      async () =>
        expect(await (await api(url, '/api/sessions/orphan')).json()).toMatchObject({
          state: expect.stringMatching(/^(STOPPED|FAILED)$/),
        }),
      { timeout: 60_000, interval: 250 },
    );
    expect(workers()).toEqual([]);
    next.child.kill('SIGINT');
    expect(await next.exited).toBe(0);
  },
  2 * START_MS,
);
