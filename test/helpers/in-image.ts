import { type ChildProcess, spawn } from 'node:child_process';
import { WORKER_ALLOCATOR, WORKER_NODE_FLAGS } from '../../core/worker-process.ts';

/** In a separate mount namespace: the root is read-only, the task's two mounts are not. */
const SCRIPT = `
set -e
mount --bind "$ROOT" "$ROOT"
for dir in work tmp; do
  if [ -n "$MOUNTS" ]; then
    mkdir -p "$MOUNTS/$dir" && chmod 1777 "$MOUNTS/$dir" && mount --bind "$MOUNTS/$dir" "$ROOT/$dir"
  else
    mount -t tmpfs -o mode=1777 tmpfs "$ROOT/$dir"
  fi
done
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount -o remount,ro,bind "$ROOT"
exec chroot --userspec=10001:10001 "$ROOT" /usr/bin/env -C /app "$@"
`;

/** One worker at a time runs in the image: its network is this machine's. */
export const IMAGE_COMMAND_PORT = '18080';

/** The worker as the image starts it. */
export const IMAGE_WORKER: readonly string[] = ['node', ...WORKER_NODE_FLAGS, 'worker.cjs'];

/**
 * Starts a command in an unpacked image as a task would: as the image's user, with nothing writable but /work and /tmp.
 * Needs root and util-linux. A signal reaches unshare and not the command.
 *
 * @param root    the image's files (npm run image:check makes them)
 * @param mounts  folder for what the command writes; without it, memory, which counts as the command's
 * @param stdio   of the command
 * @param wrap    what starts the whole, such as a limit of its resources
 */
export const inImage = (
  root: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
  {
    mounts = '',
    stdio = 'inherit',
    wrap = (whole) => whole,
  }: {
    readonly mounts?: string;
    readonly stdio?: 'inherit' | 'ignore';
    readonly wrap?: (command: readonly string[]) => readonly string[];
  } = {},
): ChildProcess => {
  const [program = '', ...args] = wrap([
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '/bin/sh',
    '-c',
    SCRIPT,
    'sh',
    ...command,
  ]);
  return spawn(program, args, {
    env: {
      ROOT: root,
      MOUNTS: mounts,
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      NODE_ENV: 'production',
      HOME: '/tmp',
      CHROMIUM_PATH: '/opt/chromium/chromium',
      BERTH_WORK_DIR: '/work',
      BERTH_COMMAND_PORT: IMAGE_COMMAND_PORT,
      NODE_COMPILE_CACHE: '/app/.compile-cache',
      ...WORKER_ALLOCATOR,
      ...environment,
    },
    stdio: ['ignore', stdio, stdio],
  });
};
