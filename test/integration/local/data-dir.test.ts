import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataDirInUse, DataDirUnused, holderOf, openDataDir } from '../../../local/data-dir.ts';

let root: string;
let other: ChildProcess | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-data-'));
});
afterEach(() => {
  other?.kill('SIGKILL');
  other = undefined;
  rmSync(root, { recursive: true, force: true });
});

const DATA_DIR = new URL('../../../local/data-dir.ts', import.meta.url).href;

/** Another process that holds the directory until it is killed. */
const holdElsewhere = async (): Promise<ChildProcess> => {
  const script = `import(${JSON.stringify(DATA_DIR)}).then(({ openDataDir }) => { openDataDir(${JSON.stringify(root)}); console.log('held'); setInterval(() => {}, 1000); })`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return child;
};

test('the process that uses a directory is found; one that was killed does not count', async () => {
  expect(() => holderOf(root)).toThrow(DataDirUnused);
  other = await holdElsewhere();
  expect(holderOf(root)).toBe(other.pid);
  const ended = once(other, 'exit');
  other.kill('SIGKILL');
  await ended;
  expect(() => holderOf(root)).toThrow(/No system runs over .*--data/);
});

test('a second start on the same data says which process runs', async () => {
  other = await holdElsewhere();
  expect(() => openDataDir(root)).toThrow(new RegExp(`in use by process ${other.pid}.*--data`));
});

test('what a killed process left locked is taken over', async () => {
  other = await holdElsewhere();
  const gone = new Promise((resolve) => other?.once('exit', resolve));
  other.kill('SIGKILL');
  await gone;
  expect(() => openDataDir(root).release()).not.toThrow();
});

test('a pid that belongs to another program by now holds nothing', () => {
  writeFileSync(join(root, 'lock'), JSON.stringify({ pid: process.pid, identity: 'another start' }));
  expect(() => openDataDir(root).release()).not.toThrow();
});

test('a released directory can be opened again, and not while it is held', () => {
  const first = openDataDir(root);
  expect(() => openDataDir(root)).toThrow(DataDirInUse);
  first.release();
  openDataDir(root).release();
});

test('a reset forgets data and key and still knows which tasks ran', () => {
  const first = openDataDir(root);
  for (const path of [first.dynamodb, first.storage, first.simulator, first.ecs]) {
    writeFileSync(join(path, 'content'), 'x');
  }
  writeFileSync(first.adminKey, 'x');
  first.release();
  const second = openDataDir(root, { reset: true });
  expect(
    [second.dynamodb, second.storage, second.simulator, second.ecs].map((path) => readdirSync(path)),
  ).toEqual([[], [], [], ['content']]);
  expect(existsSync(second.adminKey)).toBe(false);
  second.release();
});

test('a folder that another program made is closed to other accounts, one with other things in it is left', () => {
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'cache'));
  openDataDir(root).release();
  expect(statSync(root).mode & 0o777).toBe(0o700);
  chmodSync(root, 0o755);
  writeFileSync(join(root, 'notes.txt'), '');
  openDataDir(root).release();
  expect(statSync(root).mode & 0o777).toBe(0o755);
  expect(statSync(join(root, 'data')).mode & 0o777).toBe(0o700);
});
