import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../../../contract/clock.ts';
import type { OperationContext } from './context.ts';
import {
  nextRevision,
  parseTaskDefinitions,
  type TaskDefinition,
  type TaskDefinitionInput,
} from './definitions.ts';
import { EcsError } from './errors.ts';
import { type Emit, EventQueue } from './event-queue.ts';
import { type EcsFaults, FaultPlan } from './faults.ts';
import { type HostOptions, Hosts } from './hosts.ts';
import { endLeftovers } from './leftovers.ts';
import type { EcsLogger } from './logger.ts';
import type { MemoryLimits } from './memory-limit.ts';
import { findCluster, operationNamed, stopTimeoutMs } from './operations.ts';
import { nodeProgram, type StartTask } from './program.ts';
import type { StartLimit } from './start-queue.ts';
import type { TaskRecord } from './task.ts';
import { TaskRunner } from './task-runner.ts';
import { TaskStore } from './task-store.ts';
import { Tasks } from './tasks.ts';

export interface EcsOptions {
  readonly clusterArns: readonly string[];
  readonly taskDefinitions: readonly TaskDefinitionInput[];
  /** How a container becomes a process; by default the worker with a minimal environment. */
  readonly startTask?: StartTask;
  /** The container agent: container-agent.ts by default, or its bundle, which starts sooner. */
  readonly agent?: string;
  /** The file that records the tasks. Only one ECS at a time may use it. */
  readonly stateDir: string;
  /** Where `<task id>.log` is written. */
  readonly logDir: string;
  /** Takes each task's change, in order per task. Rejecting means: try again. */
  readonly emit: Emit;
  readonly clock?: Clock;
  readonly logger: EcsLogger;
  /** The number of tasks that fit on this machine. Above it RunTask answers with capacity failures. */
  readonly capacity?: { readonly maxTasks: number };
  /** Hosts that tasks with a bridge network are placed on; none if omitted. */
  readonly hosts?: HostOptions;
  /** How many tasks start at a time; the others wait as PENDING. Left out: all at once. */
  readonly startLimit?: StartLimit;
  /** Holds tasks to the memory of their size. Left out: they take what they need. */
  readonly memoryLimits?: MemoryLimits;
  /** The time that a worker has to end by itself after SIGKILL of this process. */
  readonly orphanGraceMs?: number;
  /** For the container agent to answer before it counts as hung. */
  readonly answerLimitMs?: number;
  /** Under which every task gets its own temporary directory. Keep it short. */
  readonly temporaryRoot?: string;
}

/** One call, authenticated and authorized: an operation's name and its JSON. */
interface EcsCall {
  readonly operation: string;
  readonly input: unknown;
}

interface EcsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON */
  readonly body: string;
}

export interface Ecs {
  /** Answers one call of the ECS API (AWS JSON 1.1). Never rejects. */
  handle(call: EcsCall): Promise<EcsAnswer>;
  /**
   * Ends what an earlier run left running, and announces STOPPED for every task whose end was not announced. Call it
   * once what `emit` feeds is ready. Returns how many tasks it ended, when their ends were handed on or 2 s later: a caller of
   * a system that has just started would read of sessions that work.
   */
  clearLeftovers(options?: { graceMs?: number }): Promise<number>;
  /** Stops every task and takes no more; resolves when all are STOPPED and their events handed on. */
  stopAll(options: { graceMs: number }): Promise<void>;
  /** Ends at once: kills what still runs. Leaves no process behind. */
  close(): Promise<void>;
  /**
   * Registers a new revision of every task definition, with another image. Returns the new ARNs by the ARNs that they
   * follow. Tasks that run keep theirs.
   */
  registerRevisions(startTask: StartTask): ReadonlyMap<string, string>;
  readonly hosts: HostControl;
  readonly faults: EcsFaults;
}

/** What an operator does with hosts. */
export interface HostControl {
  /** ARNs of those that take tasks. */
  active(): readonly string[];
  /** The host that a task is on; undefined: none, or it waits for one. */
  of(taskArn: string): string | undefined;
  /** Sets a host to DRAINING, or back to ACTIVE. */
  set(host: string, status: 'ACTIVE' | 'DRAINING'): void;
}

const ORPHAN_GRACE_MS = 20_000;
const LEFTOVER_GRACE_MS = 5_000;
const HANDED_ON_MS = 2_000;
/** From SIGKILL until a task is STOPPED, on a machine that ends fifty of them at once. */
const KILLED_MS = 30_000;

/** An ECS whose tasks are processes of this machine. Source of shapes and rules: the ECS API reference. */
export const createEcs = (options: EcsOptions): Ecs => {
  const { clusterArns, logger, clock = systemClock, stateDir, logDir } = options;
  const taskDefinitions = parseTaskDefinitions(options.taskDefinitions);
  /** The newest revision of each family. */
  let newest: readonly TaskDefinition[] = taskDefinitions;
  mkdirSync(logDir, { recursive: true, mode: 0o700 });
  const tasks = new Tasks(new TaskStore(join(stateDir, 'tasks')), logger);
  const events = new EventQueue(options.emit, logger);
  const faults = new FaultPlan();
  const hosts = new Hosts(options.hosts, clusterArns[0] ?? '', () => tasks.all());
  const runner = new TaskRunner({
    tasks,
    events,
    faults,
    hosts,
    startTask: options.startTask ?? nodeProgram(),
    agent: options.agent,
    logDir,
    orphanGraceMs: options.orphanGraceMs ?? ORPHAN_GRACE_MS,
    answerLimitMs: options.answerLimitMs,
    startLimit: options.startLimit,
    memoryLimits: options.memoryLimits,
    clock,
    logger,
  });
  const context: OperationContext = {
    tasks,
    runner,
    faults,
    taskDefinitions,
    clusterArns,
    hosts,
    announceHost: (reference) => events.add(hosts.stateChange(reference, clock()), () => {}),
    temporaryRoot: options.temporaryRoot ?? tmpdir(),
    now: clock,
    cluster: (reference) => {
      const arn = findCluster(clusterArns, reference);
      if (arn === undefined) throw new EcsError('ClusterNotFoundException', 'Cluster not found.');
      return arn;
    },
    hasRoom: () => runner.liveIds().length < (options.capacity?.maxTasks ?? Number.POSITIVE_INFINITY),
  };
  let ending = false;

  /**
   * SIGKILL ends every process that it reaches. A process that the kernel does not release must not block the
   * shutdown.
   */
  const withinGrace = async (id: string, ended: Promise<void>, graceMs: number): Promise<void> => {
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => resolve('late'), graceMs + KILLED_MS);
    if ((await Promise.race([ended, late])) === 'late') logger.error('A task does not end', { task: id });
    clearTimeout(timer);
  };

  const stopAll = async ({ graceMs }: { graceMs: number }): Promise<void> => {
    ending = true;
    // Otherwise a start that is held would begin after the end.
    faults.clear();
    await Promise.all(
      runner.liveIds().map((id) => {
        const ended = runner.ended(id);
        const grace = Math.min(graceMs, stopTimeoutMs(tasks.get(id), taskDefinitions));
        runner.stop(id, 'The local stack is stopping', grace);
        return withinGrace(id, ended, grace);
      }),
    );
    await events.drained();
    await runner.close();
  };

  return {
    async handle({ operation, input }) {
      try {
        const run = operationNamed(operation);
        await faults.beforeCall(operation);
        if (ending && operation === 'RunTask')
          throw new EcsError('ServerException', 'The local stack is stopping.');
        runner.forget(tasks.prune(clock()));
        return answer(200, run(context, input));
      } catch (error) {
        if (error instanceof EcsError) {
          return answer(error.status, { __type: error.code, message: error.message, ...error.members });
        }
        logger.error('The local ECS failed', {
          operation,
          error: error instanceof Error ? error.message : 'unknown',
        });
        return answer(500, { __type: 'ServerException', message: 'The local ECS failed; see its log.' });
      }
    },

    async clearLeftovers({ graceMs = LEFTOVER_GRACE_MS } = {}) {
      const foreign = tasks.all().filter(({ id }) => !runner.isLive(id));
      for (const record of foreign) {
        if (record.lastStatus === 'STOPPED' && !record.endAnnounced) runner.announce(record);
      }
      const left = foreign.filter(({ lastStatus }) => lastStatus !== 'STOPPED');
      await Promise.all(
        left.map(async (record) => {
          await endLeftovers({ taskId: record.id, root: record.process }, graceMs).catch((error: unknown) =>
            logger.error('A leftover task does not end', {
              taskArn: record.taskArn,
              error: error instanceof Error ? error.message : 'unknown',
            }),
          );
          await runner.finish(record.id, endOfLeftover(tasks.get(record.id), clock()));
        }),
      );
      await Promise.race([events.drained(), sleep(HANDED_ON_MS, undefined, { ref: false })]);
      return left.length;
    },

    registerRevisions(startTask) {
      const before = newest;
      newest = before.map((definition) => nextRevision(definition, startTask));
      taskDefinitions.push(...newest);
      return new Map(before.map(({ arn }, i) => [arn, newest[i]?.arn ?? arn]));
    },

    hosts: {
      active: () => hosts.list('ACTIVE'),
      of: (taskArn) => tasks.all().find((record) => record.taskArn === taskArn)?.containerInstanceArn,
      set: (host, status) => {
        hosts.update([host], status);
        hosts.placeWaiting();
        context.announceHost(host);
      },
    },

    stopAll,
    close: () => stopAll({ graceMs: 0 }),

    faults: faults.face(
      (taskArn) => runner.kill(idOf(taskArn)),
      (taskArn) => {
        const id = idOf(taskArn);
        runner.stop(id, 'Stopped by hand', stopTimeoutMs(tasks.get(id), taskDefinitions));
      },
    ),
  };
};

const idOf = (taskArn: string): string => taskArn.slice(taskArn.lastIndexOf('/') + 1);

const answer = (status: number, body: Record<string, unknown>): EcsAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify(body),
});

/** The exit code is unknown, because no process observed the end. */
const endOfLeftover = (record: TaskRecord, now: number): Partial<TaskRecord> => ({
  stopCode:
    record.stopCode ?? (record.startedAt === undefined ? 'TaskFailedToStart' : 'EssentialContainerExited'),
  stoppedReason: record.stoppedReason ?? 'The local stack ended without stopping this task',
  stoppingAt: record.stoppingAt ?? now,
  executionStoppedAt: now,
});
