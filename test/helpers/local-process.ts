/** `npm start` as a child process over a data directory: what a person starts, interrupts and kills. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { expect, vi } from 'vitest';
import * as z from 'zod';
import { processTable } from '../../local/engines/ecs/process-table.ts';
import { START_FLAGS } from './start-flags.ts';

const MAIN = resolve(import.meta.dirname, '../../local/main.ts');

/** A first start synthesizes, on a machine that may be busy with browsers. */
export const START_MS = 150_000;

export type LocalProcess = {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<number | null>;
};

export const startProcess = (dataDir: string, ...args: string[]): LocalProcess => {
  const child = spawn(process.execPath, [...START_FLAGS, MAIN, '--data', dataDir, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  return { child, output: () => text, exited };
};

/** Waits until it is up; its address on loopback. */
export const ready = async (started: LocalProcess): Promise<string> => {
  await vi.waitFor(() => expect(started.output()).toContain('Next:'), { timeout: START_MS, interval: 100 });
  return z
    .string()
    .parse(/http:\/\/localhost:\d+/.exec(started.output())?.[0])
    .replace('localhost', '127.0.0.1');
};

export const adminKeyOf = (dataDir: string): string =>
  readFileSync(join(dataDir, 'admin-key'), 'utf8').trim();

/** Pids of what runs of the tasks of this data directory. */
export const workersOf = (dataDir: string): number[] => {
  const ids = readdirSync(join(dataDir, 'data', 'ecs', 'tasks')).map((name) => basename(name, '.json'));
  return processTable().flatMap(({ pid, task }) => (task !== undefined && ids.includes(task) ? [pid] : []));
};
