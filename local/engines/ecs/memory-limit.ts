/**
 * Holds a task to its memory as Fargate does: a control group for each task, which its program joins before it
 * starts anything. If this machine does not allow it (no Linux, not root, no memory controller), tasks are not
 * limited.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOfError } from '../../../contract/message-of-error.ts';

const ROOT = '/sys/fs/cgroup';
const MIB = 1024 * 1024;

type Layout = {
  readonly parent: string;
  readonly limitFile: string;
  /** Has a line `oom_kill <n>`. */
  readonly eventsFile: string;
};

const V1: Layout = {
  parent: join(ROOT, 'memory'),
  limitFile: 'memory.limit_in_bytes',
  eventsFile: 'memory.oom_control',
};
const V2: Layout = { parent: ROOT, limitFile: 'memory.max', eventsFile: 'memory.events' };

export interface MemoryLimits {
  /** Why no task is limited; undefined: tasks are. */
  readonly refusal: string | undefined;
  /**
   * Makes a task's group. Returns the file to which a pid is written: that process is limited then, and all that it starts
   * from then on. Undefined if tasks are not limited.
   */
  groupFor(taskId: string, memoryMiB: number): string | undefined;
  /** Once nothing of the task runs: removes its group. Returns how many processes the kernel killed because memory ran out. */
  release(taskId: string): number;
}

const layoutOf = (): Layout | string => {
  if (process.platform !== 'linux') return 'only Linux has control groups';
  if (existsSync(join(V1.parent, V1.limitFile))) return V1;
  const controllers = join(ROOT, 'cgroup.subtree_control');
  if (!existsSync(controllers)) return 'there are no control groups';
  return readFileSync(controllers, 'utf8').split(/\s+/).includes('memory')
    ? V2
    : 'the memory controller is not on for child groups';
};

/** Finds out once, by making a group, whether this machine lets tasks be limited. */
export const memoryLimits = (): MemoryLimits => {
  const layout = layoutOf();
  const none = (refusal: string): MemoryLimits => ({
    refusal,
    groupFor: () => undefined,
    release: () => 0,
  });
  if (typeof layout === 'string') return none(layout);
  const groupOf = (taskId: string) => join(layout.parent, `berth-task-${taskId}`);
  const trial = groupOf(`trial-${process.pid}`);
  try {
    mkdirSync(trial);
    rmdirSync(trial);
  } catch (error) {
    return none(messageOfError(error));
  }
  return {
    refusal: undefined,
    groupFor: (taskId, memoryMiB) => {
      const group = groupOf(taskId);
      mkdirSync(group, { recursive: true });
      writeFileSync(join(group, layout.limitFile), String(memoryMiB * MIB));
      return join(group, 'cgroup.procs');
    },
    release: (taskId) => {
      const group = groupOf(taskId);
      if (!existsSync(group)) return 0;
      const kills = /^oom_kill (\d+)/m.exec(readFileSync(join(group, layout.eventsFile), 'utf8'))?.[1];
      rmdirSync(group);
      return Number(kills ?? 0);
    },
  };
};
