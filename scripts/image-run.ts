/**
 * Runs the worker of an unpacked image as a task would: as its own user, with nothing writable but /work and /tmp,
 * through tini, against the simulator, until it shows a QR code; then its health check; then SIGTERM.
 *
 *   node scripts/image-run.ts <root of the image>      needs root and util-linux
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { startSimulator } from '../local/simulator/simulator.ts';
import { startFakeWorkerApi } from '../test/helpers/fake-worker-api.ts';

const COMMAND_PORT = '18080';
const LIMIT_MS = 60_000;

const [root] = process.argv.slice(2);
if (root === undefined) throw new Error('usage: node scripts/image-run.ts <root of the image>');

/** In a mount namespace of its own: the root is read-only, the task's two mounts are not. */
const IN_IMAGE = `
set -e
mount --bind "$ROOT" "$ROOT"
for dir in work tmp; do mount -t tmpfs -o mode=1777 tmpfs "$ROOT/$dir"; done
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount -o remount,ro,bind "$ROOT"
exec chroot --userspec=10001:10001 "$ROOT" /usr/bin/env -C /app "$@"
`;

const inImage = (command: readonly string[], environment: Readonly<Record<string, string>>) =>
  spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-c', IN_IMAGE, 'sh', ...command],
    {
      env: {
        ROOT: root,
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        NODE_ENV: 'production',
        HOME: '/tmp',
        CHROMIUM_PATH: '/usr/bin/chromium-headless-shell',
        BERTH_WORK_DIR: '/work',
        NODE_COMPILE_CACHE: '/app/.compile-cache',
        ...environment,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );

const [simulator, api] = await Promise.all([startSimulator(), startFakeWorkerApi()]);
const since = performance.now();
const worker = inImage(['/usr/bin/tini', '--', 'node', 'container/main.ts'], {
  ...api.environment(),
  BERTH_COMMAND_PORT: COMMAND_PORT,
  BERTH_BROWSER_ARGS: JSON.stringify(simulator.chromiumArgs),
});
const ended = once(worker, 'exit');
try {
  while (api.status !== 'SCAN_QR_CODE') {
    if (worker.exitCode !== null) throw new Error(`the worker ended with ${worker.exitCode}`);
    if (performance.now() - since > LIMIT_MS) throw new Error('no QR code within a minute');
    await delay(50);
  }
  console.log(`QR code after ${Math.round(performance.now() - since)} ms`);
  const check = inImage(['node', 'container/health-check.mjs'], { BERTH_COMMAND_PORT: COMMAND_PORT });
  const [code] = await once(check, 'exit');
  if (code !== 0) throw new Error(`the health check ended with ${code}`);
  console.log('Health check: healthy');
  // As its session ends it: the signal would reach unshare and not tini.
  api.faults.stop = 'user';
  const [exit] = await ended;
  if (exit !== 0) throw new Error(`the worker ended with ${exit}`);
  console.log(`Ended by itself; its last word: ${api.lastWords.at(-1)?.reason}`);
} finally {
  worker.kill('SIGKILL');
  await simulator.close();
  await api.close();
}
