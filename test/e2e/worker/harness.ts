/** A worker as a separate process, the simulated WhatsApp Web that it sees, and the control plane that it calls. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { findTree } from '../../../container/browser/process-tree.ts';
import type { StandbyDepth } from '../../../contract/bodies/standby.ts';
import { WORKER_NODE_FLAGS } from '../../../core/worker-process.ts';
import { preparePrograms } from '../../../local/programs.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../../simulator/simulator.ts';
import { type FakeWorkerApi, startFakeWorkerApi } from '../../helpers/fake-worker-api.ts';

export type RunningWorker = {
  readonly process: ChildProcess;
  /** Everything that it logged. */
  readonly log: () => string;
  readonly exit: Promise<number | null>;
};

export type Bench = {
  readonly api: FakeWorkerApi;
  readonly simulator: Simulator;
  readonly workDir: string;
  start(extra?: Record<string, string>): RunningWorker;
  /** A standby task; resolves once it has reported that it waits. */
  standBy(depth?: StandbyDepth): Promise<RunningWorker>;
  /** Waits for a report with this status; fails at once when the worker has ended. */
  status(worker: RunningWorker, status: string): Promise<void>;
  /** The browser processes of this bench's workers. */
  browserProcesses(): Promise<number[]>;
  /** Starts a worker, scans its code and waits until it works. */
  link(worker: RunningWorker): Promise<void>;
  /** Waits until the state with what was just linked is saved. */
  saved(count: number): Promise<void>;
  close(): Promise<void>;
};

const LIMIT = { timeout: 60_000, interval: 50 };
export const ACCOUNT = '491701234567';

export const openBench = async (options: SimulatorOptions = {}): Promise<Bench> => {
  const [simulator, api, workDir, programs] = await Promise.all([
    startSimulator(options),
    startFakeWorkerApi(),
    mkdtemp(join(tmpdir(), 'berth-e2e-worker-')),
    preparePrograms(),
  ]);
  const workers: RunningWorker[] = [];

  const bench: Bench = {
    api,
    simulator,
    workDir,
    async standBy(depth = 'browser') {
      const before = api.standbyReports.length;
      const worker = bench.start(api.standbyEnvironment(depth));
      await vi.waitFor(() => expect(api.standbyReports.length, worker.log()).toBeGreaterThan(before), LIMIT);
      return worker;
    },
    start(extra = {}) {
      let text = '';
      const { BERTH_STANDBY_ID: standby } = extra;
      const child = spawn(process.execPath, [...WORKER_NODE_FLAGS, programs.worker], {
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          NODE_COMPILE_CACHE: programs.compileCache,
          ...(standby === undefined ? api.environment() : {}),
          BERTH_BROWSER_ARGS: JSON.stringify(simulator.chromiumArgs),
          BERTH_WORK_DIR: workDir,
          LOG_LEVEL: 'debug',
          // One worker goes through a file's faults, and now and then a launch fails on a busy machine.
          BERTH_MAX_RESTARTS: '20',
          ...extra,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString('utf8');
        });
      const worker = {
        process: child,
        log: () => text,
        exit: new Promise<number | null>((resolve) => child.once('exit', resolve)),
      };
      workers.push(worker);
      return worker;
    },
    async status(worker, status) {
      await vi.waitFor(() => {
        if (worker.process.exitCode !== null) return;
        expect(api.status, worker.log()).toBe(status);
      }, LIMIT);
      expect(worker.process.exitCode, `ended before ${status}:\n${worker.log()}`).toBe(null);
    },
    async browserProcesses() {
      const { readdir } = await import('node:fs/promises');
      const dirs = (await readdir(workDir)).flatMap((name) => [
        join(workDir, name, 'profile'),
        join(workDir, name, 'linked', 'profile'),
      ]);
      return (await Promise.all(dirs.map(findTree))).flat();
    },
    async link(worker) {
      await bench.status(worker, 'SCAN_QR_CODE');
      const { body } = await api.command('getQr', { waitSeconds: 10 });
      const code = String((body as { value?: unknown }).value);
      await simulator.phone.scan({ code, account: { phoneNumber: ACCOUNT, pushName: 'Ada' } });
      await bench.status(worker, 'WORKING');
    },
    async saved(count) {
      await vi.waitFor(() => expect(api.states.length).toBeGreaterThanOrEqual(count), LIMIT);
    },
    async close() {
      for (const { process: child } of workers) if (child.exitCode === null) child.kill('SIGKILL');
      await Promise.all(workers.map(({ exit }) => exit));
      await simulator.close();
      await api.close();
      await rm(workDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return bench;
};
