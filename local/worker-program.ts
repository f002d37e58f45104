import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { nodeProgram, type StartTask, WORKER_ENTRY } from './engines/ecs/program.ts';

/**
 * Workers as processes of this machine. Over the task definition's environment goes what differs here: any free
 * command port on loopback, the browser's folder, and the switches that lead Chromium to the simulator. The image's
 * work folder does not exist here: the task's own temporary folder takes its place.
 */
export const localWorker = (options: {
  readonly chromiumArgs: readonly string[];
  readonly browserDir: string;
  /** Keeps what is compiled of the worker's code from one task to the next. */
  readonly compileCache: string;
}): StartTask => {
  const chromiumPath = process.env.CHROMIUM_PATH;
  const start = nodeProgram({
    BERTH_COMMAND_HOST: '127.0.0.1',
    BERTH_COMMAND_PORT: '0',
    BERTH_BROWSER_ARGS: JSON.stringify(options.chromiumArgs),
    BERTH_BROWSER_DIR: options.browserDir,
    NODE_COMPILE_CACHE: options.compileCache,
    ...(chromiumPath === undefined ? {} : { CHROMIUM_PATH: chromiumPath }),
  });
  return (container) => {
    const program = start(container);
    const { BERTH_WORK_DIR: _ofTheImage, ...env } = program.env;
    return { ...program, env };
  };
};

const COMPILE_DEADLINE_MS = 60_000;

/**
 * Has the worker's code compiled before the first session needs it: the worker loads everything and ends at the missing
 * environment, as in the image's build. Without success, the first session starts a little later.
 */
export const compileWorker = (compileCache: string): Promise<void> =>
  new Promise((resolve) => {
    if (existsSync(compileCache)) return resolve();
    execFile(
      process.execPath,
      [WORKER_ENTRY],
      { env: { NODE_COMPILE_CACHE: compileCache }, timeout: COMPILE_DEADLINE_MS },
      () => resolve(),
    );
  });
