/**
 * A worker from its spawn to its first call of the worker API, and its memory once it is linked: its bundle as it is
 * started, the same bundle without Node's flags, and its sources with their types stripped at each start. Bare Node is
 * the floor. The session's page is the simulator's, which is lighter than WhatsApp's.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as z from 'zod';
import { findTree, treeMemory } from '../container/browser/process-tree.ts';
import { WORKER_NODE_FLAGS } from '../core/worker-process.ts';
import { preparePrograms } from '../local/programs.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { startFakeWorkerApi } from '../test/helpers/fake-worker-api.ts';
import { percentile } from '../test/soak/ledger.ts';
import { heading, printTable } from './support/table.ts';

const BOOTS = 9;
const LINKS = 3;
const LIMIT_MS = 60_000;
/** Between linking and the measurement: the account is saved, and what the start left is collected. */
const SETTLE_MS = 3_000;

type Variant = { readonly name: string; readonly command: readonly string[] };

export const worker = async (): Promise<void> => {
  heading('A worker: start and memory');
  const folder = await mkdtemp(join(tmpdir(), 'berth-bench-worker-'));
  const [programs, simulator] = await Promise.all([preparePrograms(), startSimulator()]);
  const run = resolve(import.meta.dirname, '../container/run.ts');
  const variants: Variant[] = [
    { name: 'bundle, as it is started', command: [...WORKER_NODE_FLAGS, programs.worker] },
    { name: 'bundle, without flags', command: [programs.worker] },
    { name: 'sources', command: [run] },
  ];
  const environment = (variant: number) => ({
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    NODE_COMPILE_CACHE: join(folder, `compile-${variant}`),
  });
  const bare = async (): Promise<number> => {
    const since = performance.now();
    await promisify(execFile)(process.execPath, ['--eval', '0'], { env: environment(0) });
    return performance.now() - since;
  };
  try {
    for (const [n, { command }] of variants.entries())
      await promisify(execFile)(process.execPath, [...command, '--compile'], { env: environment(n) });
    const boots = variants.map(() => [] as number[]);
    const floors: number[] = [];
    const memory = variants.map(() => [] as { own: number; shared: number; browser: number }[]);
    for (let i = 0; i < BOOTS; i++) {
      floors.push(await bare());
      for (const [n, { command }] of variants.entries()) {
        const measured = await measure(command, environment(n), {
          workDir: folder,
          chromiumArgs: simulator.chromiumArgs,
          link:
            i < LINKS
              ? async (code) =>
                  void (await simulator.phone.scan({
                    code,
                    account: { phoneNumber: `4917${10_000_000 + i * 10 + n}` },
                  }))
              : undefined,
        });
        boots[n]?.push(measured.bootMs);
        if (measured.memory) memory[n]?.push(measured.memory);
      }
    }
    const floor = percentile(floors, 0.5) ?? 1;
    const mb = (of: number[]) => (percentile(of, 0.5) ?? 0) / 1_000_000;
    printTable(
      ['', 'boot ms', 'least', 'to bare Node', 'private MB', 'PSS MB', 'browser PSS MB'],
      [
        ['bare Node, to its end', floor, Math.min(...floors), 1, '', '', ''],
        ...variants.map(({ name }, n) => {
          const times = boots[n] ?? [];
          const sizes = memory[n] ?? [];
          const median = percentile(times, 0.5) ?? 0;
          return [
            name,
            median,
            Math.min(...times),
            median / floor,
            mb(sizes.map(({ own }) => own)),
            mb(sizes.map(({ shared }) => shared)),
            mb(sizes.map(({ browser }) => browser)),
          ];
        }),
      ],
    );
  } finally {
    await simulator.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

const measure = async (
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  options: {
    readonly workDir: string;
    readonly chromiumArgs: readonly string[];
    readonly link: ((code: string) => Promise<void>) | undefined;
  },
): Promise<{ bootMs: number; memory?: { own: number; shared: number; browser: number } }> => {
  const api = await startFakeWorkerApi();
  const workDir = await mkdtemp(join(options.workDir, 'work-'));
  const since = performance.now();
  const child = spawn(process.execPath, [...command], {
    env: {
      ...env,
      ...api.environment(),
      BERTH_BROWSER_ARGS: JSON.stringify(options.chromiumArgs),
      BERTH_WORK_DIR: workDir,
    },
    stdio: 'ignore',
  });
  try {
    await until(child, () => api.bootstraps.length > 0);
    const bootMs = performance.now() - since;
    if (!options.link) return { bootMs };
    await until(child, () => api.status === 'SCAN_QR_CODE');
    const { body } = await api.command('getQr', { waitSeconds: 10 });
    await options.link(z.object({ value: z.string() }).parse(body).value);
    await until(child, () => api.status === 'WORKING' && api.states.length > 0);
    await sleep(SETTLE_MS);
    const rollup = await readFile(`/proc/${child.pid}/smaps_rollup`, 'utf8');
    const bytes = (key: string) =>
      1024 * Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
    const [session = ''] = await readdir(workDir);
    const browser = await treeMemory(join(workDir, session, 'profile'));
    return {
      bootMs,
      memory: { own: bytes('Private_Clean') + bytes('Private_Dirty'), shared: bytes('Pss'), browser },
    };
  } finally {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    // Chromium dies with its host.
    for (const session of await readdir(workDir))
      while ((await findTree(join(workDir, session, 'profile'))).length > 0) await sleep(20);
    await api.close();
  }
};

const until = async (child: ChildProcess, reached: () => boolean): Promise<void> => {
  const since = performance.now();
  while (!reached()) {
    if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}`);
    if (performance.now() - since > LIMIT_MS) throw new Error('the worker did not get there within a minute');
    await sleep(1);
  }
};
