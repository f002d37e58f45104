import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** The environment variable that marks every process of a task, as a control group would. */
export const TASK_VARIABLE = 'BERTH_LOCAL_TASK';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Differs from that of any other process that had or will have the same pid. */
  readonly identity: string;
  /** The task that it was started for, if the system lets us see it. */
  readonly task: string | undefined;
}

/** All processes of this machine that live; zombies have ended already. */
export const processTable = (): ProcessEntry[] =>
  process.platform === 'linux' ? readProc() : parsePs(runPs());

/** One process's identity, or undefined if it does not live. */
export const identityOf = (pid: number): string | undefined => {
  const entry =
    process.platform === 'linux'
      ? readProcEntry(pid)
      : processTable().find((candidate) => candidate.pid === pid);
  return entry?.identity;
};

const readProc = (): ProcessEntry[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcEntry(Number(name)) ?? []);

const readProcEntry = (pid: number): ProcessEntry | undefined => {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in parentheses may hold spaces and parentheses; the fields after it do not (man proc_pid_stat).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, group] = fields;
  const startTime = fields[19];
  if (startTime === undefined || isDead(state)) return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    identity: `${bootId()}/${startTime}`,
    task: taskIn(readIfThere(`/proc/${pid}/environ`)?.split('\0') ?? []),
  };
};

const isDead = (state: string): boolean => /^[ZX]/.test(state);

const taskIn = (variables: readonly string[]): string | undefined =>
  variables.find((variable) => variable.startsWith(`${TASK_VARIABLE}=`))?.slice(TASK_VARIABLE.length + 1);

/** Ticks count from the last boot, so the boot belongs to the identity. */
let cachedBootId: string | undefined;
const bootId = (): string => {
  cachedBootId ??= readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown';
  return cachedBootId;
};

/** A process may end, or be another user's, between two reads. */
const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
};

const PS_DEADLINE_MS = 5_000;

const runPs = (): string => {
  const { stdout, status } = spawnSync('ps', ['-axwwE', '-o', 'pid=,ppid=,pgid=,stat=,lstart=,command='], {
    encoding: 'utf8',
    timeout: PS_DEADLINE_MS,
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });
  if (status !== 0) throw new Error('ps did not list the processes');
  return stdout;
};

/** Reads what `ps -axwwE -o pid=,ppid=,pgid=,stat=,lstart=,command=` prints on macOS. */
export const parsePs = (output: string): ProcessEntry[] =>
  output.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d{4})\s+(.*)$/.exec(line);
    if (match === null) return [];
    const [, pid, parent, group, state = '', started = '', command = ''] = match;
    if (isDead(state)) return [];
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        identity: started.replace(/\s+/g, ' '),
        task: taskIn(command.split(' ')),
      },
    ];
  });
