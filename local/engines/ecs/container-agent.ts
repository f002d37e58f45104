/**
 * The container agent: `node container-agent.ts <grace ms>`, with an IPC channel to the local ECS (agent.ts). One process
 * runs the programs of all tasks, so that a task costs no second process.
 *
 * It starts each program in a separate session and at a low priority (those that answer callers go first), writes its
 * output to a bounded log, says when that has the text that means that it is up, passes signals on to it, and reports its
 * exit code (128 + n after signal n) once nothing of the task is left. When the channel closes, the local ECS is gone,
 * however it went: then it asks all programs to end, kills what remains after the grace time, and ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOfError } from '../../../contract/message-of-error.ts';
import { type FromAgent, type ProgramStart, toAgentSchema } from './agent-messages.ts';
import { lowerAutogroup, lowerPriority } from './low-priority.ts';
import { identityOf } from './process-table.ts';
import { killTree } from './process-tree.ts';
import { TaskLog } from './task-log.ts';
import { watchFor } from './up-mark.ts';

/** For output that is still in the pipes after everything has ended. */
const DRAIN_MS = 1_000;
/** The exit code of a shell for a command that it cannot run. */
const CANNOT_RUN = 127;

const graceMs = Number(process.argv[2]);

const say = (message: FromAgent): void => {
  // A closed channel has its own event.
  if (process.connected) process.send?.(message, () => {});
};

class Container {
  readonly taskId: string;
  readonly ended: Promise<number>;
  readonly #log: TaskLog;
  readonly #program: ChildProcess;
  #isAsked = false;

  constructor(start: ProgramStart) {
    this.taskId = start.taskId;
    this.#log = new TaskLog(start.logFile);
    const program = spawn(start.command, start.args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: start.env,
      ...(start.cwd === undefined ? {} : { cwd: start.cwd }),
    });
    this.#program = program;
    const { pid } = program;
    if (pid !== undefined) {
      // In the same turn: it has started nothing yet, and what it starts is limited with it.
      const notLimited = joinGroup(start.controlGroup, pid);
      say({ is: 'started', taskId: start.taskId, pid, ...(notLimited === undefined ? {} : { notLimited }) });
      void lowerAutogroup(pid);
    }
    const lookForUp = watchFor(start.upWhen, () => say({ is: 'up', taskId: start.taskId }));
    program.stdout?.on('data', (chunk: Buffer) => {
      this.#log.write(chunk);
      lookForUp(chunk);
    });
    program.stderr?.on('data', (chunk: Buffer) => this.#log.write(chunk));
    this.ended = this.#untilNothingIsLeft(pid);
  }

  /** SIGTERM, once: a program may take a second one for impatience. */
  askToEnd(): void {
    if (!this.#isAsked) this.#program.kill('SIGTERM');
    this.#isAsked = true;
  }

  kill(): void {
    this.#program.kill('SIGKILL');
  }

  stackIsGone(): void {
    this.#log.write('the local stack is gone: ending\n');
    this.askToEnd();
    setTimeout(() => {
      this.#log.write('the program did not end in time: killed\n');
      this.kill();
    }, graceMs).unref();
  }

  async #untilNothingIsLeft(pid: number | undefined): Promise<number> {
    const identity = pid === undefined ? undefined : identityOf(pid);
    const closed = once(this.#program, 'close').catch(() => {});
    const exitCode = await this.#exit();
    try {
      await killTree({
        taskId: this.taskId,
        root: pid === undefined || identity === undefined ? undefined : { pid, identity },
      });
    } catch (error) {
      this.#log.write(`${messageOfError(error)}\n`);
    }
    await Promise.race([closed, sleep(DRAIN_MS)]);
    this.#log.close();
    return exitCode;
  }

  #exit(): Promise<number> {
    return new Promise((resolve) => {
      this.#program.once('error', (error) => {
        if (this.#program.pid !== undefined) return;
        this.#log.write(`the program could not be started: ${error.message}\n`);
        resolve(CANNOT_RUN);
      });
      this.#program.once('exit', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  }
}

const joinGroup = (file: string | undefined, pid: number): string | undefined => {
  if (file === undefined) return undefined;
  try {
    writeFileSync(file, String(pid));
    return undefined;
  } catch (error) {
    return messageOfError(error);
  }
};

const containers = new Map<string, Container>();

const run = async (start: ProgramStart): Promise<void> => {
  const container = new Container(start);
  containers.set(start.taskId, container);
  const exitCode = await container.ended;
  containers.delete(start.taskId);
  say({ is: 'ended', taskId: start.taskId, exitCode });
  if (!process.connected && containers.size === 0) process.exit(0);
};

const stackIsGone = (): void => {
  if (containers.size === 0) process.exit(0);
  for (const container of containers.values()) container.stackIsGone();
};

// Inherited by all programs and their browsers.
lowerPriority();
process.on('message', (message) => {
  const parsed = toAgentSchema.parse(message);
  if (parsed.do === 'start') void run(parsed);
  else if (parsed.do === 'kill') containers.get(parsed.taskId)?.kill();
  else containers.get(parsed.taskId)?.askToEnd();
});
if (process.connected) process.once('disconnect', stackIsGone);
else stackIsGone();
