/**
 * The browser's processes, found by the profile folder that they were started with, not by what the library remembers
 * of them: a launch that was given up, or an `initialize()` that failed, leaves processes that it has forgotten.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { sleep, type Time } from '../base/time.ts';

type Process = { readonly pid: number; readonly parent: number; readonly command: string };

const onLinux = existsSync('/proc/self/stat');

const readProcess = async (pid: number): Promise<Process | undefined> => {
  try {
    const [stat, command] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ]);
    // The name in parentheses may hold anything; what follows the last one is fixed: state, parent …
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z'
      ? undefined
      : { pid, parent: Number(parent), command: command.replaceAll('\0', ' ') };
  } catch {
    return undefined;
  }
};

const listProcesses = async (): Promise<Process[]> => {
  if (onLinux) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const found = await Promise.all(pids.map(readProcess));
    return found.filter((p) => p !== undefined);
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

const readMemory = async (pid: number): Promise<number> => {
  const kilobytes = (text: string, key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  try {
    return kilobytes(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') * 1024;
  } catch {
    return await readFile(`/proc/${pid}/status`, 'utf8').then(
      (text) => kilobytes(text, 'VmRSS') * 1024,
      () => 0,
    );
  }
};

/** Bytes held by the processes over `profileDir`: proportional set size, resident size where that can't be read. */
export const treeMemory = async (profileDir: string): Promise<number> => {
  if (!onLinux) return 0;
  const sizes = await Promise.all((await findTree(profileDir)).map(readMemory));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
};
