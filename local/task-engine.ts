import { join } from 'node:path';
import type { Clock } from '../contract/clock.ts';
import { STANDBY_ID_PREFIX } from '../core/standby/launch-standby.ts';
import type { Model } from './assembly/model.ts';
import type { Closers } from './closers.ts';
import type { DataDir } from './data-dir.ts';
import { createEcs, type Ecs } from './engines/ecs/ecs.ts';
import { memoryLimits } from './engines/ecs/memory-limit.ts';
import type { StartTask } from './engines/ecs/program.ts';
import { type Callers, limitOfThisMachine } from './engines/ecs/start-queue.ts';
import type { EngineLogger } from './runtime/engine-log.ts';
import type { DeliveryOptions } from './triggers/delivery.ts';
import { EventRules } from './triggers/event-rules.ts';

type TaskEngine = {
  readonly ecs: Pick<Ecs, 'handle' | 'clearLeftovers' | 'registerRevisions' | 'hosts' | 'faults'>;
  /**
   * Stops every task; resolves when all have ended. An event that its target does not take at once is kept for the
   * next start. @param graceMs for the workers; past it they are killed
   */
  stop(options: { readonly graceMs: number }): Promise<void>;
  /** Kills every task. */
  abort(): Promise<void>;
};

/**
 * A standby task is launched when a session has just taken another one, and its start would take the cores from that
 * session. On AWS each task has its own cores.
 */
const STANDBY_PAUSE_MS = 1_000;
const pauseOf = (startedBy: string | undefined): number =>
  startedBy?.startsWith(STANDBY_ID_PREFIX) ? STANDBY_PAUSE_MS : 0;

/** Starts the template's ECS, and the rules that its tasks' events go through. No task runs yet. */
export const startTaskEngine = (
  model: Model,
  {
    startTask,
    agent,
    maxTasks,
    hosts,
    delivery,
    callers,
    dir,
    clock,
    logger,
    closers,
  }: {
    readonly startTask: StartTask;
    /** The container agent, as plain JavaScript. */
    readonly agent: string;
    /** Undefined: as many as are requested. */
    readonly maxTasks: number | undefined;
    /** Memory of each host that the template's provider has, MiB. */
    readonly hosts: readonly number[];
    readonly delivery: DeliveryOptions;
    /** Those that tasks wait for before they start. */
    readonly callers: Callers;
    readonly dir: DataDir;
    readonly clock: Clock;
    readonly logger: EngineLogger;
    readonly closers: Closers;
  },
): TaskEngine => {
  const rules = new EventRules(model.eventRules, delivery);
  closers.add(() => rules.close());
  const limits = memoryLimits();
  if (limits.refusal !== undefined)
    logger.info('Tasks are not held to the memory of their size', { reason: limits.refusal });
  const [provider] = model.hostProviders;
  const ecs = createEcs({
    clusterArns: model.clusters.map(({ arn }) => arn),
    taskDefinitions: model.taskDefinitions.map(({ arn, family, networkMode, cpu, memoryMb, containers }) => ({
      arn,
      family,
      networkMode,
      ...(cpu === undefined ? {} : { cpu: String(cpu) }),
      ...(memoryMb === undefined ? {} : { memory: String(memoryMb) }),
      containers: containers.map(({ name, environment, stopTimeoutSeconds, memoryMb, reservedMb }) => ({
        name,
        environment: { ...environment },
        stopTimeout: stopTimeoutSeconds,
        ...(memoryMb === undefined ? {} : { memory: memoryMb }),
        ...(reservedMb === undefined ? {} : { memoryReservation: reservedMb }),
      })),
    })),
    startTask,
    agent,
    stateDir: dir.ecs,
    logDir: join(dir.logs, 'tasks'),
    emit: (event) => rules.put(event),
    startLimit: { ...limitOfThisMachine(callers), pauseMs: pauseOf },
    memoryLimits: limits,
    clock,
    logger,
    ...(maxTasks === undefined ? {} : { capacity: { maxTasks } }),
    ...(provider === undefined
      ? {}
      : { hosts: { provider: provider.name, memoryMiB: hosts, scaled: provider.scaled } }),
  });
  closers.add(() => ecs.close());
  return {
    ecs,
    stop: async ({ graceMs }) => {
      rules.hurry();
      await ecs.stopAll({ graceMs });
    },
    abort: async () => {
      rules.hurry();
      await ecs.close();
    },
  };
};
