/**
 * The init process of a task's container: `node task-process.ts <task id> <grace ms> <log file> <max log bytes>
 * <up when> <command> [argument…]`, started as the leader of a process group with an IPC channel to the local ECS.
 *
 * It starts the program at a low priority (those that answer callers go first), says when its output has the text
 * that means that it is up, writes its output to the bounded log, passes SIGTERM on to it, and ends with its exit
 * code (128 + n after signal n) once nothing of the task is left. When the channel closes, the local ECS is gone,
 * however it went: then it asks the program to end, and kills the remaining processes after the grace time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { lowerPriority } from './low-priority.ts';
import { identityOf } from './process-table.ts';
import { killTree } from './process-tree.ts';
import { TaskLog } from './task-log.ts';
import { PROGRAM_IS_UP, watchFor } from './up-mark.ts';

/** For output that is still in the pipes after everything has ended. */
const DRAIN_MS = 1_000;
/** The exit code of a shell for a command that it cannot run. */
const CANNOT_RUN = 127;

const [taskId = '', graceMs, logFile = '', maxLogBytes, upWhen = '', command = '', ...args] =
  process.argv.slice(2);
const log = new TaskLog(logFile, Number(maxLogBytes));
const tree = {
  taskId,
  root: { pid: process.pid, identity: identityOf(process.pid) ?? '' },
  except: process.pid,
};

// Inherited by the program and its browser.
void lowerPriority();
const program = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
const lookForUp = watchFor(upWhen, () => process.send?.(PROGRAM_IS_UP));
program.stdout.on('data', (chunk: Buffer) => {
  log.write(chunk);
  lookForUp(chunk);
});
program.stderr.on('data', (chunk: Buffer) => log.write(chunk));
const closed = once(program, 'close');

const end = async (exitCode: number): Promise<void> => {
  await killTree(tree);
  await Promise.race([closed, sleep(DRAIN_MS)]);
  process.exit(exitCode);
};

program.once('error', (error) => {
  log.write(`the program could not be started: ${error.message}\n`);
  process.exit(CANNOT_RUN);
});
program.once('exit', (code, signal) => {
  void end(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
});

// Once: a program may take a second SIGTERM for impatience.
let asked = false;
const askToEnd = (): void => {
  if (!asked) program.kill('SIGTERM');
  asked = true;
};
process.on('SIGTERM', askToEnd);

const parentGone = (): void => {
  log.write('the local stack is gone: ending\n');
  askToEnd();
  setTimeout(() => {
    log.write('the program did not end in time: killed\n');
    program.kill('SIGKILL');
  }, Number(graceMs)).unref();
};

if (process.connected) process.once('disconnect', parentGone);
else parentGone();
