/**
 * Runs workers of an unpacked image as tasks would: as their own user, with nothing writable but /work and /tmp, against
 * the simulator. An account that is linked in the image must come back without a QR code in a worker of this machine,
 * and then in the image again: one browser build for both.
 *
 *   node scripts/image-run.ts <root of the image>      needs root and util-linux
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { treeMemory } from '../container/browser/process-tree.ts';
import { WORKER_NODE_FLAGS } from '../core/worker-process.ts';
import { preparePrograms } from '../local/programs.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { startFakeWorkerApi } from '../test/helpers/fake-worker-api.ts';
import { IMAGE_COMMAND_PORT, IMAGE_WORKER, inImage } from '../test/helpers/in-image.ts';

const LIMIT_MS = 60_000;

const [root] = process.argv.slice(2);
if (root === undefined) throw new Error('usage: node scripts/image-run.ts <root of the image>');

const onThisMachine = (environment: Readonly<Record<string, string>>) =>
  spawn(process.execPath, [...WORKER_NODE_FLAGS, programs.worker], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, BERTH_WORK_DIR: workDir, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });

const workDir = await mkdtemp(join(tmpdir(), 'berth-image-run-'));
const [simulator, api, programs] = await Promise.all([
  startSimulator(),
  startFakeWorkerApi(),
  preparePrograms(),
]);
const workers: ChildProcess[] = [];

/** As RunTask starts the session's next epoch. */
const start = (where: 'image' | 'machine'): ChildProcess => {
  const environment = {
    ...api.environment(),
    BERTH_COMMAND_PORT: IMAGE_COMMAND_PORT,
    BERTH_BROWSER_ARGS: JSON.stringify(simulator.chromiumArgs),
  };
  const worker =
    where === 'image'
      ? inImage(root, IMAGE_WORKER, environment)
      : onThisMachine({ ...environment, BERTH_COMMAND_HOST: '127.0.0.1' });
  workers.push(worker);
  return worker;
};

const until = async (worker: ChildProcess, what: string, reached: () => boolean): Promise<void> => {
  const since = performance.now();
  while (!reached()) {
    if (worker.exitCode !== null) throw new Error(`the worker ended with ${worker.exitCode}`);
    if (performance.now() - since > LIMIT_MS) throw new Error(`no ${what} within a minute`);
    await sleep(20);
  }
  console.log(`  ${what} after ${Math.round(performance.now() - since)} ms`);
};

/** As its session ends it: a signal would reach unshare and not the worker. */
const end = async (worker: ChildProcess): Promise<void> => {
  const exited = once(worker, 'exit');
  api.faults.stop = 'user';
  const [exit] = await exited;
  if (exit !== 0) throw new Error(`the worker ended with ${exit}`);
  console.log(`  ended by itself; its final report: ${api.finalReports.at(-1)?.reason}`);
  api.nextEpoch();
};

/** The saved account comes back, without a QR code. */
const restore = async (where: 'image' | 'machine'): Promise<void> => {
  const worker = start(where);
  await until(worker, 'WORKING, restored', () => api.status === 'WORKING');
  if (api.reports.some(({ status }) => status === 'SCAN_QR_CODE')) throw new Error('it asked for a QR code');
  await end(worker);
};

/** Proportional set size in bytes of the browsers whose profile is in the image's work folder. */
const browserMemory = async (): Promise<number> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  const profiles = new Set(
    commands
      .map((command) => /--user-data-dir=([^\0]+)/.exec(command)?.[1])
      .filter((profile) => profile !== undefined)
      .filter((profile) => profile.startsWith('/work/')),
  );
  const sizes = await Promise.all([...profiles].map(treeMemory));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
};

try {
  console.log('In the image, a new account:');
  const worker = start('image');
  await until(worker, 'QR code', () => api.status === 'SCAN_QR_CODE');
  const check = inImage(root, ['node', 'container/health-check.mjs'], {});
  const [code] = await once(check, 'exit');
  if (code !== 0) throw new Error(`the health check ended with ${code}`);
  console.log('  health check: healthy');
  const { body } = await api.command('getQr', { waitSeconds: 10 });
  const qr = z.object({ value: z.string() }).parse(body).value;
  await simulator.phone.scan({ code: qr, account: { phoneNumber: '491701234567', pushName: 'Ada' } });
  await until(worker, 'WORKING, linked', () => api.status === 'WORKING');
  console.log(`  memory of the browser (PSS): ${Math.round((await browserMemory()) / 1_000_000)} MB`);
  await end(worker);
  console.log('On this machine, the same account:');
  await restore('machine');
  console.log('In the image again:');
  await restore('image');
  const builds = new Set(api.states.map(({ chromiumBuild }) => chromiumBuild));
  console.log(`Browser builds that saved a state: ${[...builds].join(', ')}`);
  if (builds.size !== 1) throw new Error('the image and this machine have different browsers');
} finally {
  for (const worker of workers) worker.kill('SIGKILL');
  await simulator.close();
  await api.close();
  await rm(workDir, { recursive: true, force: true });
}
