import { closeSync, existsSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { EcsLogger } from './logger.ts';
import type { TaskRecord } from './task.ts';

/** A task keeps twice this at most. */
const MAX_BYTES = 5 * 1024 * 1024;

/** A file that is moved to `<path>.1` when it has grown past its bound, so that a task keeps twice that at most. */
export class TaskLog {
  readonly #path: string;
  readonly #maxBytes: number;
  #file: number;
  #bytes: number;

  constructor(path: string, maxBytes = MAX_BYTES) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#file = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#file).size;
  }

  /** A full disk loses lines; it must not end the task. */
  write(chunk: Buffer | string): void {
    try {
      if (this.#bytes > this.#maxBytes) this.#rotate();
      this.#bytes += writeSync(this.#file, Buffer.from(chunk));
    } catch {}
  }

  /** What comes after it is lost. */
  close(): void {
    closeSync(this.#file);
    this.#file = -1;
  }

  #rotate(): void {
    closeSync(this.#file);
    renameSync(this.#path, `${this.#path}.1`);
    this.#file = openSync(this.#path, 'a', 0o600);
    this.#bytes = 0;
  }
}

/** Lines of a failed task's log that are shown at once. */
const SHOWN_LINES = 10;

export const logTaskEnd = (
  logger: EcsLogger,
  { taskArn, desiredStatus }: Pick<TaskRecord, 'taskArn' | 'desiredStatus'>,
  exitCode: number,
  log: string,
): void => {
  if (exitCode === 0) logger.info('A task ended', { taskArn, exitCode });
  else if (desiredStatus === 'STOPPED')
    logger.warn('A task did not end cleanly when stopped', { taskArn, exitCode, log });
  else logger.error('A task failed', { taskArn, exitCode, log, lastLines: lastLines(log, SHOWN_LINES) });
};

/** The last lines of a log, for the message about a task that failed. */
const lastLines = (path: string, count: number): string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count) : [];
