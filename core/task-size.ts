/** CPU and memory of tasks, by size, and the combinations that Fargate has. */
import * as z from 'zod';

export const taskSizeSchema = z.strictObject({
  /** CPU units; 1024 are one vCPU. */
  cpu: z.int(),
  memoryMiB: z.int(),
});
export type TaskSize = z.infer<typeof taskSizeSchema>;

const gibibytes = (least: number, most: number): number[] => {
  return Array.from({ length: most - least + 1 }, (_, i) => (least + i) * 1024);
};

/** Fargate's combinations of CPU units and MiB, as far as one browser needs them (Amazon ECS, task size table). */
const FARGATE_MEMORY: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: [1024, 2048, 3072, 4096],
  1024: gibibytes(2, 8),
  2048: gibibytes(4, 16),
};

/** The error of a size on Fargate; undefined if Fargate has it. */
export const fargateIssue = ({ cpu, memoryMiB }: TaskSize): string | undefined => {
  const options = FARGATE_MEMORY[cpu];
  if (options === undefined)
    return `Fargate has no task of ${cpu} CPU units here; it takes ${Object.keys(FARGATE_MEMORY).join(', ')}`;
  return options.includes(memoryMiB)
    ? undefined
    : `Fargate has no task of ${cpu} CPU units with ${memoryMiB} MiB; it takes ${options.join(', ')}`;
};

/** The worker restarts a browser above this share of the task's memory, before the kernel ends a process. */
const WATCHED_SHARE = 0.7;

/** The limit of the worker's memory watch (MB) in a task of this size. */
export const memoryWatchMb = ({ memoryMiB }: TaskSize): number => Math.round(memoryMiB * WATCHED_SHARE);
