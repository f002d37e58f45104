/** The processes of a running local system: its main process, and the workers and browsers below it. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

type Entry = { readonly pid: number; readonly parent: number; readonly cpuMs: number };

const TICK_MS = 10;

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It ended between two reads.
    return undefined;
  }
};

const table = (): Entry[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = read(`/proc/${name}/stat`);
      if (stat === undefined) return [];
      // The name in parentheses may hold anything; the fields after the last one are fixed (proc_pid_stat).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z') return [];
      const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
      return [{ pid: Number(name), parent: Number(fields[1]), cpuMs }];
    });

const below = (root: number, entries: readonly Entry[]): Entry[] => {
  const found = entries.filter(({ parent }) => parent === root);
  return found.flatMap((entry) => [entry, ...below(entry.pid, entries)]);
};

/** Bytes: proportional set size, so that shared pages count once. */
export const memoryOf = async (pid: number): Promise<number> => {
  // Not in this thread: the system adds the sizes up while it is read, some milliseconds a process.
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
  return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024;
};

const isBrowser = (pid: number): boolean => (read(`/proc/${pid}/cmdline`) ?? '').includes('--user-data-dir=');
const sessionOf = (pid: number): string | undefined =>
  (read(`/proc/${pid}/environ`) ?? '')
    .split('\0')
    .find((variable) => variable.startsWith('BERTH_SESSION_ID='))
    ?.slice('BERTH_SESSION_ID='.length);

type WorkerProcesses = {
  readonly sessionId: string;
  readonly worker: number;
  /** The browser's uppermost process, if it runs. */
  readonly browser: number | undefined;
};

/** The workers below a process. A worker is what started a browser. */
export const workersBelow = (root: number): WorkerProcesses[] => {
  const entries = table();
  const all = below(root, entries);
  const pids = new Set(all.map(({ pid }) => pid));
  const browsers = all.filter(({ pid, parent }) => isBrowser(pid) && !isBrowser(parent) && pids.has(parent));
  return browsers.flatMap(({ pid, parent }) => {
    const sessionId = sessionOf(parent);
    return sessionId === undefined ? [] : [{ sessionId, worker: parent, browser: pid }];
  });
};

export type Usage = {
  /** Bytes. */
  readonly main: number;
  readonly all: number;
  /** Milliseconds of CPU by process, since each began. */
  readonly cpu: ReadonlyMap<number, number>;
};

export const usageOf = async (root: number): Promise<Usage> => {
  const entries = table();
  const all = [...entries.filter(({ pid }) => pid === root), ...below(root, entries)];
  const sizes = await Promise.all(all.map(({ pid }) => memoryOf(pid)));
  return {
    main: sizes[0] ?? 0,
    all: sizes.reduce((sum, bytes) => sum + bytes, 0),
    cpu: new Map(all.map(({ pid, cpuMs }) => [pid, cpuMs])),
  };
};

/** Milliseconds of CPU between two measurements; of processes that ended between them, nothing is known. */
export const cpuBetween = (
  before: Usage,
  after: Usage,
  counts: (pid: number) => boolean = () => true,
): number =>
  [...after.cpu]
    .filter(([pid]) => counts(pid))
    .reduce((sum, [pid, ms]) => sum + Math.max(0, ms - (before.cpu.get(pid) ?? 0)), 0);
