/** Holds each task to the memory of its definition, and says which task the kernel stopped for it. */
import type { TaskDefinition } from './definitions.ts';
import { type EcsLogger, logTaskFailure } from './logger.ts';
import type { MemoryLimits } from './memory-limit.ts';
import type { TaskRecord } from './task.ts';

export class TaskMemory {
  readonly #limits: MemoryLimits | undefined;
  readonly #logger: EcsLogger;

  /** @param limits undefined: tasks take what they need */
  constructor(limits: MemoryLimits | undefined, logger: EcsLogger) {
    this.#limits = limits;
    this.#logger = logger;
  }

  /** The file that takes the pid of the task's program; undefined: it takes what it needs. */
  groupFor({ id, overrides, memory }: TaskRecord, { container }: TaskDefinition): string | undefined {
    const ofContainer = overrides.containerOverrides?.[0]?.memory ?? container.memory;
    const memoryMiB = Number(ofContainer ?? overrides.memory ?? memory);
    if (!(memoryMiB > 0)) return undefined;
    try {
      return this.#limits?.groupFor(id, memoryMiB);
    } catch (error) {
      this.hasNone(id, error);
      return undefined;
    }
  }

  hasNone(id: string, error: unknown): void {
    logTaskFailure(this.#logger, id, 'runs without its memory limit', error);
  }

  /** What ECS says of a container in which the kernel killed a process because memory ran out. */
  reasonOf(id: string, exitCode: number): string | undefined {
    try {
      const kills = this.#limits?.release(id) ?? 0;
      if (kills === 0) return undefined;
      this.#logger.warn('The kernel killed processes of a task that had used up its memory', {
        task: id,
        kills,
      });
      return exitCode === 0 ? undefined : 'OutOfMemoryError: Container killed due to memory usage';
    } catch (error) {
      logTaskFailure(this.#logger, id, 'left its control group', error);
      return undefined;
    }
  }
}
