import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { TASK_VARIABLE } from './process-table.ts';
import type { Program } from './program.ts';
import { PROGRAM_IS_UP } from './up-mark.ts';

const SOURCE = fileURLToPath(new URL('./task-process.ts', import.meta.url));
/** A task keeps twice this at most. */
const MAX_LOG_BYTES = 5 * 1024 * 1024;

interface SupervisorStart {
  readonly taskId: string;
  /** The init process; undefined: task-process.ts. */
  readonly entry?: string | undefined;
  readonly program: Program;
  readonly logFile: string;
  readonly temporaryDirectory: string;
  /** Called when the program says that its start is finished. */
  readonly onUp: () => void;
  /** The time that the program has to end by itself once this process is gone. */
  readonly orphanGraceMs: number;
}

/**
 * Starts a task's init process (task-process.ts). It leads its own process group, so that Ctrl-C in the terminal does
 * not reach it, and it does not keep this process running.
 */
export const startSupervisor = (start: SupervisorStart): ChildProcess => {
  const { taskId, program, logFile } = start;
  // For what the supervisor itself has to say, should it fail.
  const output = openSync(logFile, 'a', 0o600);
  try {
    const args = [
      taskId,
      String(start.orphanGraceMs),
      logFile,
      String(MAX_LOG_BYTES),
      program.upWhen ?? '',
      program.command,
      ...program.args,
    ];
    const supervisor = spawn(process.execPath, [start.entry ?? SOURCE, ...args], {
      detached: true,
      stdio: ['ignore', output, output, 'ipc'],
      env: { ...program.env, TMPDIR: start.temporaryDirectory, [TASK_VARIABLE]: taskId },
      ...(program.cwd === undefined ? {} : { cwd: program.cwd }),
    });
    supervisor.on('message', (message) => {
      if (message === PROGRAM_IS_UP) start.onUp();
    });
    supervisor.unref();
    supervisor.channel?.unref();
    return supervisor;
  } finally {
    closeSync(output);
  }
};

/** A container's exit code: 128 + n if signal n ended it. */
export const exitCodeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
