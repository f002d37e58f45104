/**
 * The browser's processes, found by the profile folder that they were started with, not by what the library remembers
 * of them: a launch that was given up, or an `initialize()` that failed, leaves processes that it has forgotten.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { sleep, type Time } from '../base/time.ts';

type Process = { readonly pid: number; readonly parent: number; readonly command: string };

const onLinux = existsSync('/proc/self/stat');

/**
 * At once, each with one buffer for all its files. A machine may have hundreds of processes: read all at once, they left
 * 14 MB of buffers in each worker every few minutes.
 */
const READERS = 8;
const READ_BYTES = 32 * 1024;

const readInto = async (buffer: Buffer, path: string): Promise<string> => {
  const file = await open(path);
  try {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
};

const readProcess = async (pid: number, buffer: Buffer): Promise<Process | undefined> => {
  try {
    const stat = await readInto(buffer, `/proc/${pid}/stat`);
    // The name in parentheses may hold anything; what follows the last one is fixed: state, parent …
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    const command = await readInto(buffer, `/proc/${pid}/cmdline`);
    return { pid, parent: Number(parent), command: command.replaceAll('\0', ' ') };
  } catch {
    return undefined;
  }
};

const readProcesses = async (pids: readonly number[]): Promise<Process[]> => {
  const found: Process[] = [];
  const rest = pids.values();
  const reader = async () => {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (const pid of rest) {
      const process = await readProcess(pid, buffer);
      if (process) found.push(process);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
  return found;
};

const listProcesses = async (): Promise<Process[]> => {
  if (onLinux) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    return await readProcesses(pids);
  }
  const { stdout } = await promisify(execFile)('ps', ['-axww', '-o', 'pid=,ppid=,command='], {
    timeout: 5000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return match ? [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3] ?? '' }] : [];
  });
};

/** Every process started over `profileDir`, with all their descendants. */
export const findTree = async (profileDir: string): Promise<number[]> => {
  const all = await listProcesses();
  const flag = `--user-data-dir=${profileDir}`;
  const tree = new Set(
    all
      .filter(({ pid, command }) => pid !== process.pid && `${command} `.includes(`${flag} `))
      .map(({ pid }) => pid),
  );
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of all) {
      if (tree.has(parent) && !tree.has(pid)) {
        tree.add(pid);
        grown = true;
      }
    }
  }
  return [...tree];
};

const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // gone meanwhile
    }
  }
};

/** Kills every process over `profileDir` and waits until none is left; false: some outlived `limitMs`. */
export const killTree = async (time: Time, profileDir: string, limitMs = 10_000): Promise<boolean> => {
  const giveUpAt = time.now() + limitMs;
  for (;;) {
    const tree = await findTree(profileDir);
    if (tree.length === 0) return true;
    signalAll(tree, 'SIGKILL');
    if (time.now() > giveUpAt) return false;
    await sleep(time, 20);
  }
};

/** Runs `work` while every process over `profileDir` stands still. */
export const whileFrozen = async <T>(profileDir: string, work: () => Promise<T>): Promise<T> => {
  const tree = await findTree(profileDir);
  signalAll(tree, 'SIGSTOP');
  try {
    return await work();
  } finally {
    signalAll(tree, 'SIGCONT');
  }
};

/** Undefined: the process has ended. */
const readMemory = async (pid: number): Promise<number | undefined> => {
  const kilobytes = (text: string, key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  try {
    return kilobytes(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') * 1024;
  } catch {
    return await readFile(`/proc/${pid}/status`, 'utf8').then(
      // What is its own, of a process in Chromium's sandbox: its maps cannot be read. One that has ended and was not waited
      // for yet has no memory.
      (text) =>
        text.includes('VmRSS:')
          ? (kilobytes(text, 'RssAnon') + kilobytes(text, 'RssShmem') || kilobytes(text, 'VmRSS')) * 1024
          : undefined,
      () => undefined,
    );
  }
};

const measured = async (tree: readonly number[]): Promise<{ bytes: number; ended: boolean }> => {
  const sizes = await Promise.all(tree.map(readMemory));
  return {
    bytes: sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0),
    ended: sizes.includes(undefined),
  };
};

/** Bytes held by the processes over `profileDir`: proportional set size, resident size if that cannot be read. */
export const treeMemory = async (profileDir: string): Promise<number> =>
  onLinux ? (await measured(await findTree(profileDir))).bytes : 0;

/** All processes are listed again after this time, in case the browser has started others. */
const TREE_AGE_MS = 5 * 60_000;

/**
 * A `treeMemory` for repeated use. It remembers the processes between two calls: to list all processes of a machine with
 * many sessions costs far more than to measure a few. It lists them again when one has ended, and every five minutes.
 */
export const createMemoryMeter = (time: Pick<Time, 'now'>, profileDir: string): (() => Promise<number>) => {
  let tree: readonly number[] = [];
  let listedAt = Number.NEGATIVE_INFINITY;
  const listAgain = async () => {
    tree = await findTree(profileDir);
    listedAt = time.now();
  };
  return async () => {
    if (!onLinux) return 0;
    if (tree.length === 0 || time.now() - listedAt >= TREE_AGE_MS) await listAgain();
    const { bytes, ended } = await measured(tree);
    if (!ended) return bytes;
    await listAgain();
    return (await measured(tree)).bytes;
  };
};
