import { nodeProgram, type StartTask } from './engines/ecs/program.ts';

/**
 * Workers as processes of this machine. Over the task definition's environment goes what differs here: any free
 * command port on loopback, the browser's folder, and the switches that lead Chromium to the simulator. The image's
 * work folder does not exist here: the task's own temporary folder takes its place.
 */
export const localWorker = (options: {
  readonly chromiumArgs: readonly string[];
  readonly browserDir: string;
}): StartTask => {
  const chromiumPath = process.env.CHROMIUM_PATH;
  const start = nodeProgram({
    BERTH_COMMAND_HOST: '127.0.0.1',
    BERTH_COMMAND_PORT: '0',
    BERTH_BROWSER_ARGS: JSON.stringify(options.chromiumArgs),
    BERTH_BROWSER_DIR: options.browserDir,
    ...(chromiumPath === undefined ? {} : { CHROMIUM_PATH: chromiumPath }),
  });
  return (container) => {
    const program = start(container);
    const { BERTH_WORK_DIR: _ofTheImage, ...env } = program.env;
    return { ...program, env };
  };
};
