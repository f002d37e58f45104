import { WORKER_ALLOCATOR, WORKER_NODE_FLAGS } from '../core/worker-process.ts';
import { nodeProgram, type StartTask } from './engines/ecs/program.ts';
import type { Programs } from './programs.ts';

/**
 * Workers as processes of this machine. Over the task definition's environment goes what differs here: any free
 * command port on loopback, the browser's folder, and the switches that lead Chromium to the simulator. The image's
 * work folder does not exist here: the task's own temporary folder takes its place.
 */
export const localWorker = (options: {
  readonly programs: Pick<Programs, 'worker' | 'compileCache'>;
  readonly chromiumArgs: readonly string[];
  readonly browserDir: string;
}): StartTask => {
  const { worker, compileCache } = options.programs;
  const chromiumPath = process.env.CHROMIUM_PATH;
  const start = nodeProgram(
    {
      BERTH_COMMAND_HOST: '127.0.0.1',
      BERTH_COMMAND_PORT: '0',
      BERTH_BROWSER_ARGS: JSON.stringify(options.chromiumArgs),
      BERTH_BROWSER_DIR: options.browserDir,
      NODE_COMPILE_CACHE: compileCache,
      ...WORKER_ALLOCATOR,
      ...(chromiumPath === undefined ? {} : { CHROMIUM_PATH: chromiumPath }),
    },
    worker,
  );
  return (container) => {
    const program = start(container);
    const { BERTH_WORK_DIR: _ofTheImage, ...env } = program.env;
    return { ...program, args: [...WORKER_NODE_FLAGS, ...program.args], env };
  };
};
