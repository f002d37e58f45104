/**
 * The resources that a session needs: starts a worker with its browser under the CPU and memory limits of a Fargate
 * task, until the session is linked. The page is the simulator's, light, and as heavy as reports say WhatsApp Web is.
 *
 * BERTH_SIZE_IMAGE names the files of the built image, which `BERTH_IMAGE_DIR=DIR npm run image:check` keeps below
 * DIR/root: the worker then runs in it, as a task does. Without it, the worker of \`npm start\` runs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { WORKER_ALLOCATOR, WORKER_NODE_FLAGS } from '../core/worker-process.ts';
import { preparePrograms } from '../local/programs.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { REPORTED_WEIGHT } from '../simulator/weight.ts';
import { startFakeWorkerApi } from '../test/helpers/fake-worker-api.ts';
import { IMAGE_WORKER, inImage } from '../test/helpers/in-image.ts';
import { percentile } from '../test/soak/ledger.ts';
import { type Limited, limited } from './support/limits.ts';
import { heading, printTable } from './support/table.ts';

const VCPUS = [0.25, 0.5, 1];
const MEMORY_MIB = [512, 1024, 2048];
const RUNS = Number(process.env.BERTH_SIZE_RUNS ?? 3);
const LIMIT_MS = 120_000;
const IMAGE = process.env.BERTH_SIZE_IMAGE;
/** After linking: what the start left is collected. */
const SETTLE_MS = 3_000;

type Measured = {
  readonly qrSeconds: number;
  readonly qrCpuSeconds: number;
  readonly workingSeconds: number;
  readonly usedMegabytes: number;
  readonly peakMegabytes: number;
  readonly kills: number;
};

export const size = async (): Promise<void> => {
  heading('Sizes: a worker under limits of CPU and memory');
  const programs = await preparePrograms();
  const rows: (string | number)[][] = [];
  for (const [page, weight] of [['light', undefined] as const, ['heavy', REPORTED_WEIGHT] as const]) {
    const simulator = await startSimulator(weight === undefined ? {} : { weight });
    try {
      for (const vcpu of VCPUS)
        for (const memoryMiB of MEMORY_MIB) {
          const runs: Measured[] = [];
          for (let n = 0; n < RUNS; n++) {
            const measured = await measure(programs, simulator, { vcpu, memoryMiB });
            if (measured) runs.push(measured);
          }
          rows.push([page, vcpu, memoryMiB, ...cells(runs)]);
          console.error(rows.at(-1)?.join(' '));
        }
    } finally {
      await simulator.close();
    }
  }
  printTable(
    ['page', 'vCPU', 'MiB', 'code s', 'CPU s to code', 'linked s', 'used MB', 'peak MB', 'killed', 'failed'],
    rows,
  );
};

/** Medians of the runs that came to a linked session. */
const cells = (runs: readonly Measured[]): (string | number)[] => {
  const failed = RUNS - runs.length;
  if (runs.length === 0) return ['–', '–', '–', '–', '–', '–', failed];
  const median = (of: (run: Measured) => number) => percentile(runs.map(of), 0.5) ?? 0;
  return [
    median((run) => run.qrSeconds),
    median((run) => run.qrCpuSeconds),
    median((run) => run.workingSeconds),
    median((run) => run.usedMegabytes),
    Math.max(...runs.map((run) => run.peakMegabytes)),
    Math.max(...runs.map((run) => run.kills)),
    failed,
  ];
};

let groups = 0;

type Programs = Awaited<ReturnType<typeof preparePrograms>>;

/** Undefined if the session is not linked within the limits. */
const measure = async (
  programs: Programs,
  simulator: Simulator,
  limits: { readonly vcpu: number; readonly memoryMiB: number },
): Promise<Measured | undefined> => {
  const group = await limited(`berth-bench-${process.pid}-${++groups}`, limits);
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-size-'));
  const api = await startFakeWorkerApi();
  const since = performance.now();
  const environment = { ...api.environment(), BERTH_BROWSER_ARGS: JSON.stringify(simulator.chromiumArgs) };
  const child =
    IMAGE === undefined
      ? onThisMachine(programs, environment, folder, group)
      : inImage(IMAGE, IMAGE_WORKER, environment, {
          mounts: folder,
          stdio: 'ignore',
          wrap: group.wrap,
        });
  const exited = once(child, 'exit');
  const seconds = () => (performance.now() - since) / 1000;
  const until = async (reached: () => boolean): Promise<boolean> => {
    while (!reached()) {
      if (child.exitCode !== null || child.signalCode !== null || performance.now() - since > LIMIT_MS)
        return false;
      await sleep(5);
    }
    return true;
  };
  try {
    if (!(await until(() => api.status === 'SCAN_QR_CODE'))) return undefined;
    const qr = { qrSeconds: seconds(), qrCpuSeconds: await group.cpuSeconds() };
    const { body } = await api.command('getQr', { waitSeconds: 10 });
    const { value: code } = z.object({ value: z.string() }).parse(body);
    await simulator.phone.scan({ code, account: { phoneNumber: `4917${10_000_000 + groups}` } });
    if (!(await until(() => api.status === 'WORKING' && api.states.length > 0))) return undefined;
    const workingSeconds = seconds();
    await sleep(SETTLE_MS);
    return { ...qr, workingSeconds, ...(await memoryOf(group)) };
  } finally {
    child.kill('SIGKILL');
    await exited;
    await group.remove();
    await api.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

const onThisMachine = (
  programs: Programs,
  environment: Readonly<Record<string, string>>,
  folder: string,
  group: Limited,
): ChildProcess => {
  const [command, ...args] = group.wrap([process.execPath, ...WORKER_NODE_FLAGS, programs.worker]);
  return spawn(command, args, {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      NODE_COMPILE_CACHE: programs.compileCache,
      ...WORKER_ALLOCATOR,
      ...environment,
      BERTH_WORK_DIR: folder,
    },
    stdio: 'ignore',
  });
};

const memoryOf = async (group: Limited) => ({
  usedMegabytes: await group.usedMegabytes(),
  peakMegabytes: await group.peakMegabytes(),
  kills: await group.kills(),
});
