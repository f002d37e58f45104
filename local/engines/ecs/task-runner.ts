import { mkdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../contract/clock.ts';
import { messageOfError } from '../../../contract/message-of-error.ts';
import { Agent } from './agent.ts';
import { programOf, type TaskDefinition } from './definitions.ts';
import { taskStateChange } from './describe.ts';
import type { EventQueue } from './event-queue.ts';
import type { FaultPlan } from './faults.ts';
import type { Hosts } from './hosts.ts';
import { type EcsLogger, logTaskFailure } from './logger.ts';
import type { MemoryLimits } from './memory-limit.ts';
import { identityOf, TASK_VARIABLE } from './process-table.ts';
import { killTree } from './process-tree.ts';
import type { StartTask } from './program.ts';
import { type StartLimit, StartQueue } from './start-queue.ts';
import { advance, type LastStatus, type TaskRecord, wayToStopped } from './task.ts';
import { logTaskEnd } from './task-log.ts';
import { TaskMemory } from './task-memory.ts';
import type { Tasks } from './tasks.ts';

interface TaskRunnerOptions {
  readonly tasks: Tasks;
  readonly events: EventQueue;
  readonly faults: FaultPlan;
  readonly hosts: Hosts;
  readonly startTask: StartTask;
  /** Undefined: container-agent.ts. */
  readonly agent: string | undefined;
  readonly logDir: string;
  readonly orphanGraceMs: number;
  readonly answerLimitMs: number | undefined;
  /** Undefined: any number of tasks starts at once. */
  readonly startLimit: StartLimit | undefined;
  /** Undefined: tasks take what they need. */
  readonly memoryLimits?: MemoryLimits | undefined;
  readonly clock: Clock;
  readonly logger: EcsLogger;
}

/** A task of this run that has not ended. */
interface Live {
  /** Its program was handed to the agent. */
  isStarted: boolean;
  /** One for each request to stop: the shortest grace wins. */
  readonly killTimers: NodeJS.Timeout[];
  readonly ended: PromiseWithResolvers<void>;
}

/** Takes tasks through their lives, from PROVISIONING to STOPPED, as processes of this machine. */
export class TaskRunner {
  readonly #options: TaskRunnerOptions;
  readonly #live = new Map<string, Live>();
  readonly #starts: StartQueue;
  readonly #memory: TaskMemory;
  readonly #agent: Agent;

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
    this.#memory = new TaskMemory(options.memoryLimits, options.logger);
    const { agent: entry, logDir, orphanGraceMs, answerLimitMs, logger } = options;
    this.#agent = new Agent({ entry, logDir, orphanGraceMs, answerLimitMs, logger });
    this.#starts = new StartQueue(options.startLimit, (id) =>
      options.logger.info('A task takes long to come up; the next one starts', { task: id }),
    );
  }

  /** Begins a new task; returns at once. */
  begin(record: TaskRecord, definition: TaskDefinition): void {
    this.#live.set(record.id, {
      isStarted: false,
      ended: Promise.withResolvers<void>(),
      killTimers: [],
    });
    this.#options.tasks.save(record);
    this.announce(record);
    void this.#start(record.id, definition).catch((error: unknown) => this.#cannotStart(record.id, error));
  }

  isLive(id: string): boolean {
    return this.#live.has(id);
  }

  liveIds(): string[] {
    return [...this.#live.keys()];
  }

  /** Resolves when the task is STOPPED; at once for one that is not of this run. */
  ended(id: string): Promise<void> {
    return this.#live.get(id)?.ended.promise ?? Promise.resolve();
  }

  /** SIGTERM, and SIGKILL of all that is left after the grace time. Asking again can only shorten it. */
  stop(id: string, reason: string, graceMs: number): TaskRecord {
    const { tasks, clock } = this.#options;
    const live = this.#live.get(id);
    const before = tasks.get(id);
    if (before.desiredStatus === 'RUNNING') {
      tasks.save({
        ...before,
        desiredStatus: 'STOPPED',
        stopCode: 'UserInitiated',
        stoppedReason: reason,
        stoppingAt: clock(),
        // StopTask deletes a task's tags (API reference).
        tags: [],
      });
      this.#stopContainer(id, live);
    }
    if (live?.isStarted) live.killTimers.push(setTimeout(() => this.kill(id), graceMs));
    return tasks.get(id);
  }

  /** For the end of the system, when no task is left. */
  close(): Promise<void> {
    return this.#agent.close();
  }

  /** Removes what is left on disk of tasks that are forgotten. */
  forget(records: readonly TaskRecord[]): void {
    for (const { id } of records) {
      for (const path of [this.#logFile(id), `${this.#logFile(id)}.1`]) rmSync(path, { force: true });
    }
  }

  /** SIGKILLs everything of the task, in any state. */
  kill(id: string): void {
    const root = this.#options.tasks.get(id).process;
    // A program that is about to start is in no table yet.
    this.#agent.kill(id);
    void killTree({ taskId: id, root }).catch((error: unknown) =>
      logTaskFailure(this.#options.logger, id, 'could not be killed', error),
    );
  }

  /** Moves a task on and says so. */
  move(id: string, to: LastStatus, patch: Partial<TaskRecord> = {}): void {
    const { tasks } = this.#options;
    this.announce(tasks.save(advance(tasks.get(id), to, patch)));
  }

  /** Sends the event of a task's present status. */
  announce(record: TaskRecord): void {
    const { tasks, events, clock } = this.#options;
    events.add(taskStateChange(record, clock()), () => {
      if (record.lastStatus === 'STOPPED') tasks.save({ ...tasks.get(record.id), endAnnounced: true });
    });
  }

  /** The rest of a task's way once nothing of it runs any more. */
  async finish(id: string, patch: Partial<TaskRecord>): Promise<void> {
    const { tasks, hosts, clock } = this.#options;
    this.#starts.remove(id);
    hosts.leave(id);
    const record = tasks.save({ ...tasks.get(id), ...patch, desiredStatus: 'STOPPED' });
    for (const status of wayToStopped(record.lastStatus)) {
      if (status === 'STOPPED') {
        // A process that ends may still write: the task has stopped all the same.
        await rm(record.temporaryDirectory, { recursive: true, force: true, maxRetries: 5 }).catch((error) =>
          logTaskFailure(this.#options.logger, id, 'left temporary files', error),
        );
        this.move(id, status, { stoppedAt: clock() });
      } else {
        this.move(id, status);
      }
    }
    this.#live.get(id)?.ended.resolve();
    this.#live.delete(id);
    hosts.placeWaiting();
  }

  async #start(id: string, definition: TaskDefinition): Promise<void> {
    const { tasks, faults } = this.#options;
    await faults.waitToStart();
    await this.#untilPlaced(id);
    if (!this.#isToStart(id)) return;
    this.move(id, 'PENDING');
    await this.#starts.enter(id, tasks.get(id).startedBy);
    const live = this.#live.get(id);
    if (live === undefined || !this.#isToStart(id)) return;
    const record = tasks.get(id);
    mkdirSync(record.temporaryDirectory, { recursive: true, mode: 0o700 });
    const { upWhen = '', env, ...program } = programOf(record, definition, this.#options.startTask);
    const controlGroup = this.#memory.groupFor(record, definition);
    live.isStarted = true;
    this.#agent.start({
      taskId: id,
      ...program,
      args: [...program.args],
      env: { ...env, TMPDIR: record.temporaryDirectory, [TASK_VARIABLE]: id },
      logFile: this.#logFile(id),
      upWhen,
      ...(controlGroup === undefined ? {} : { controlGroup }),
      onStarted: (pid, notLimited) => this.#started(id, pid, notLimited),
      onUp: () => this.#starts.remove(id),
      onEnded: (exitCode) => void this.#ended(id, exitCode),
    });
  }

  #started(id: string, pid: number, notLimited: string | undefined): void {
    const { tasks, clock } = this.#options;
    if (notLimited !== undefined) this.#memory.hasNone(id, notLimited);
    const identity = identityOf(pid);
    if (identity !== undefined) tasks.save({ ...tasks.get(id), process: { pid, identity } });
    if (tasks.get(id).desiredStatus === 'RUNNING') this.move(id, 'RUNNING', { startedAt: clock() });
  }

  /** Waits for a host if the task needs one and has none; ends early for a task that is stopped. */
  #untilPlaced(id: string): Promise<void> {
    const { tasks, hosts } = this.#options;
    const { launchType, containerInstanceArn, reservedMiB = 0 } = tasks.get(id);
    if (launchType !== 'EC2' || containerInstanceArn !== undefined || !this.#isToStart(id))
      return Promise.resolve();
    return new Promise((resolve) =>
      hosts.wait({
        taskId: id,
        memoryMiB: reservedMiB,
        onEnd: (host) => {
          if (host !== undefined) tasks.save({ ...tasks.get(id), containerInstanceArn: host });
          resolve();
        },
      }),
    );
  }

  /** Stopped before it was born: then it is not born. */
  #isToStart(id: string): boolean {
    return this.#live.has(id) && this.#options.tasks.get(id).desiredStatus !== 'STOPPED';
  }

  #stopContainer(id: string, live: Live | undefined): void {
    // Of an earlier run: clearing the leftovers ends it.
    if (live === undefined) return;
    if (!live.isStarted) {
      void this.finish(id, {}).catch((error: unknown) =>
        logTaskFailure(this.#options.logger, id, 'could not be finished', error),
      );
      return;
    }
    if (this.#options.tasks.get(id).lastStatus === 'RUNNING') {
      this.move(id, 'DEACTIVATING');
      this.move(id, 'STOPPING');
    }
    this.#agent.stop(id);
  }

  async #ended(id: string, exitCode: number): Promise<void> {
    const { tasks, clock } = this.#options;
    try {
      const { process: root } = tasks.get(id);
      // STOPPED means that nothing is left, however the container ended.
      await killTree({ taskId: id, root });
    } catch (error) {
      logTaskFailure(this.#options.logger, id, 'left processes', error);
    }
    for (const timer of this.#live.get(id)?.killTimers ?? []) clearTimeout(timer);
    const record = tasks.get(id);
    logTaskEnd(this.#options.logger, record, exitCode, this.#logFile(id));
    const reason = this.#memory.reasonOf(id, exitCode);
    await this.finish(id, {
      stopCode: record.stopCode ?? 'EssentialContainerExited',
      stoppedReason: record.stoppedReason ?? 'Essential container in task exited',
      stoppingAt: record.stoppingAt ?? clock(),
      executionStoppedAt: clock(),
      container: { ...record.container, exitCode, ...(reason === undefined ? {} : { reason }) },
    }).catch((error: unknown) => logTaskFailure(this.#options.logger, id, 'could not be finished', error));
  }

  #cannotStart(id: string, error: unknown): void {
    const { tasks, clock } = this.#options;
    logTaskFailure(this.#options.logger, id, 'could not be started', error);
    const record = tasks.all().find((task) => task.id === id);
    if (record === undefined) {
      // It was stopped while it waited for its start, and is no longer shown.
      this.#live.get(id)?.ended.resolve();
      this.#live.delete(id);
      return;
    }
    const reason = `CannotStartContainerError: ${messageOfError(error)}`;
    void this.finish(id, {
      stopCode: record.stopCode ?? 'TaskFailedToStart',
      stoppedReason: record.stoppedReason ?? reason,
      stoppingAt: record.stoppingAt ?? clock(),
      container: { ...record.container, reason },
    }).catch((failure: unknown) =>
      logTaskFailure(this.#options.logger, id, 'could not be finished', failure),
    );
  }

  #logFile(id: string): string {
    return join(this.#options.logDir, `${id}.log`);
  }
}
