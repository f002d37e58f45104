import { fileURLToPath } from 'node:url';

/** The program that a container runs. */
interface ContainerStart {
  readonly taskId: string;
  readonly taskArn: string;
  readonly name: string;
  readonly image: string;
  /** The definition's environment with the overrides of RunTask over it. */
  readonly environment: Readonly<Record<string, string>>;
  /** RunTask's override of the command. */
  readonly command: readonly string[] | undefined;
}

/** A container as a process of this machine: its whole environment, nothing is inherited. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /**
   * Text in the program's output that says that its start is finished. Without it, every start counts as long as the
   * maximum.
   */
  readonly upWhen?: string;
}

export type StartTask = (container: ContainerStart) => Program;

/** The worker's log line when its client shows a QR code or an account for the first time. */
const WORKER_IS_UP = '"message":"status"';

const WORKER_ENTRY = fileURLToPath(new URL('../../../container/run.ts', import.meta.url));

/**
 * Runs every container as a Node program, the worker by default. Its environment is PATH and HOME, the
 * container's own, and over both which task it is and `extras`: what only this machine knows, such as the address to
 * listen on.
 */
export const nodeProgram =
  (extras: Readonly<Record<string, string>> = {}, entry: string = WORKER_ENTRY): StartTask =>
  ({ environment, taskArn }) => ({
    command: process.execPath,
    args: [entry],
    env: { ...ofThisMachine(), ...environment, BERTH_TASK_ARN: taskArn, ...extras },
    upWhen: WORKER_IS_UP,
  });

const ofThisMachine = (): Record<string, string> =>
  Object.fromEntries(
    ['PATH', 'HOME'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
