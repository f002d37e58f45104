/** The running system with short time-outs, and what fault tests ask of it besides its API. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import type { SessionView } from '../../../contract/bodies/sessions.ts';
import { processTable } from '../../../local/engines/ecs/process-table.ts';
import { taskProcesses } from '../../../local/engines/ecs/process-tree.ts';
import { type TaskRecord, taskRecordSchema } from '../../../local/engines/ecs/task.ts';
import type { LocalOptions } from '../../../local/stack.ts';
import { type System, startSystem } from '../../helpers/system.ts';

/** Short enough to be waited for, long enough for a machine that is busy with several browsers. */
export const SETTINGS = {
  heartbeatSeconds: 1,
  heartbeatTimeoutSeconds: 6,
  launchRetrySeconds: 3,
  snapshotIntervalSeconds: 2,
  activitySeconds: 1,
  stopGraceSeconds: 12,
  startTimeoutSeconds: 60,
  orphanGraceSeconds: 60,
} as const;

/** Polls without a bound on how long things take, short of the machine's being stuck. */
export const PATIENCE = { timeout: 90_000, interval: 100 } as const;

/** As in deployment, sweeps are further apart than heartbeats. */
const SWEEPS = { timeout: PATIENCE.timeout, interval: 1_200 * SETTINGS.heartbeatSeconds } as const;

type Process = { readonly pid: number; readonly command: string };

export type FaultySystem = System & {
  /** Every task that ECS knows of, oldest first. */
  tasks(): TaskRecord[];
  /** The newest of them: that of the present epoch, if there is one session. */
  newestTask(): TaskRecord;
  /** Does what launches exactly one task, and returns which one it is. */
  launching(launch: () => Promise<unknown>): Promise<TaskRecord>;
  /** Creates a session and links it: WORKING, and its auth state saved at least once. */
  link(name: string, account: string): Promise<TaskRecord>;
  /** Runs the sweep again and again until the condition holds. */
  sweepUntil(sweep: 'reaper' | 'reconciler', holds: () => Promise<void>): Promise<void>;
  /** Waits until the session has ended, and checks that its slot came back. */
  ended(name: string): Promise<SessionView>;
  /** Starts the session again: it works, and never showed a QR code on the way. */
  worksAgain(name: string): Promise<TaskRecord>;
  /** Counters and holders agree, and this many slots are held. */
  holds(slots: number): Promise<void>;
  /** When the session showed its last QR code, in its newest 100 events. */
  lastCodeAt(name: string): Promise<number | undefined>;
  /** Kills the function while it works on something, or on a request of this path; waits until it does. */
  killInFlight(functionName: string, path?: string): Promise<void>;
};

export const startFaulty = async (options: Partial<LocalOptions> = {}): Promise<FaultySystem> => {
  const system = await startSystem({ ...options, settings: { ...SETTINGS, ...options.settings } });
  const { berth, phone, stack, dataDir } = system;
  const tasks = () => readTasks(dataDir);

  const launching = async (launch: () => Promise<unknown>) => {
    const known = new Set(tasks().map(({ id }) => id));
    await launch();
    const [task, ...others] = tasks().filter(({ id }) => !known.has(id));
    if (!task || others.length > 0) throw new Error(`${task ? others.length + 1 : 0} tasks were launched`);
    return task;
  };
  const holds = async (slots: number) => {
    const { active, byState } = await berth.stats();
    const holders = Object.values(byState).reduce((sum, count) => sum + count, 0);
    expect({ active, holders }).toEqual({ active: slots, holders: slots });
    const { global, user } = await berth.limits.get();
    expect({ global: global.active, user: user.active }).toEqual({ global: slots, user: slots });
  };
  const lastCodeAt = async (name: string) =>
    (await berth.sessions.events(name, { limit: 100 })).find(
      ({ event, payload }) => event === 'session.status' && payload.status === 'SCAN_QR_CODE',
    )?.timestamp;

  return {
    ...system,
    tasks,
    newestTask: () => {
      const newest = tasks().at(-1);
      if (!newest) throw new Error('there is no task');
      return newest;
    },
    launching,
    holds,
    lastCodeAt,
    link: async (name, account) => {
      const task = await launching(() => berth.sessions.create({ name }));
      await berth.sessions.waitForStatus(name, ['SCAN_QR_CODE', 'FAILED']);
      await phone.scan({ code: await berth.auth.qr(name, { waitSeconds: 25 }), account });
      await berth.sessions.waitForStatus(name, ['WORKING', 'FAILED']);
      await vi.waitFor(
        async () => expect(await berth.sessions.get(name)).toMatchObject({ status: 'WORKING', linked: true }),
        PATIENCE,
      );
      return task;
    },
    sweepUntil: (sweep, condition) =>
      vi.waitFor(async () => {
        await stack.trigger(sweep);
        await condition();
      }, SWEEPS),
    ended: async (name) => {
      const session = await berth.sessions.waitForStatus(name, ['STOPPED', 'FAILED']);
      expect(['STOPPED', 'FAILED']).toContain(session.state);
      await holds(0);
      return session;
    },
    worksAgain: async (name) => {
      const before = await lastCodeAt(name);
      const task = await launching(() => berth.sessions.start(name));
      const session = await berth.sessions.waitForStatus(name, [
        'WORKING',
        'SCAN_QR_CODE',
        'STOPPED',
        'FAILED',
      ]);
      expect(session).toMatchObject({ status: 'WORKING', linked: true });
      expect(await lastCodeAt(name)).toBe(before);
      return task;
    },
    killInFlight: async (functionName, path) => {
      const giveUpAt = Date.now() + PATIENCE.timeout;
      const isVictim = (event: unknown) => path === undefined || Object(event).rawPath === path;
      // Turn by turn: between two turns of this process no invocation can begin and end.
      while ((await stack.faults.killFunction(functionName, isVictim)) === 0) {
        if (Date.now() > giveUpAt) throw new Error(`${functionName} ${path ?? ''} was never in flight`);
        await nextTurn();
      }
    },
  };
};

/** The tasks of a data directory's ECS, oldest first. */
export const readTasks = (dataDir: string): TaskRecord[] => {
  const folder = join(dataDir, 'data', 'ecs', 'tasks');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => taskRecordSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
    .sort((a, b) => a.createdAt - b.createdAt);
};

/** The processes of a task that run now. */
export const processesOf = ({ id, process: root }: TaskRecord): Process[] =>
  taskProcesses({ taskId: id, root }).flatMap((pid) => {
    try {
      return [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ') }];
    } catch {
      return [];
    }
  });

/** The worker itself, without its browser. */
export const workerOf = (task: TaskRecord): Process => {
  const found = processesOf(task).filter(({ command }) => command.includes('worker/worker.cjs'));
  const [worker] = found;
  if (!worker || found.length > 1) throw new Error(`the task has ${found.length} workers`);
  return worker;
};

/** The browser's processes, and nothing else. */
export const browserOf = (task: TaskRecord): Process[] =>
  processesOf(task).filter(({ command }) => /chrom|headless.shell/i.test(command.split(' ')[0] ?? ''));

/** Pids of everything that still runs of any of these tasks. */
export const leftOf = (tasks: readonly TaskRecord[]): number[] => {
  const table = processTable();
  return tasks.flatMap(({ id, process: root }) => taskProcesses({ taskId: id, root }, table));
};
