import { setTimeout as sleep } from 'node:timers/promises';
import { type ProcessEntry, processTable } from './process-table.ts';

/** A process as it was known; the identity guards against another one that got the same pid since. */
interface KnownProcess {
  readonly pid: number;
  readonly identity: string;
}

export interface TaskTree {
  readonly taskId: string;
  readonly root: KnownProcess | undefined;
  /** A pid to spare: the caller's own. */
  readonly except?: number;
}

/**
 * The pids that belong to a task: those that carry its mark or are its known root, their descendants, and the members
 * of the process groups that these lead. The mark finds processes that left both tree and group (a browser is started
 * in its own group, and its children overwrite their environment).
 */
export const taskProcesses = (tree: TaskTree, table: readonly ProcessEntry[] = processTable()): number[] => {
  const isSeed = ({ pid, identity, task }: ProcessEntry) =>
    task === tree.taskId || (pid === tree.root?.pid && identity === tree.root.identity);
  const found = new Set(table.filter(isSeed).map(({ pid }) => pid));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const { pid, parent, group } of table) {
      if (found.has(parent) || found.has(group)) found.add(pid);
    }
  }
  return [...found].filter((pid) => pid !== tree.except);
};

/** Between two looks at who is still there. */
const LOOK_AGAIN_MS = 20;
const KILL_DEADLINE_MS = 10_000;

/** SIGKILLs everything that belongs to the task until nothing is left. Throws when something will not go. */
export const killTree = async (tree: TaskTree): Promise<void> => {
  const attempts = KILL_DEADLINE_MS / LOOK_AGAIN_MS;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    // Again each time: a process that forked while we looked has a child that we did not see.
    const pids = taskProcesses(tree);
    if (pids.length === 0) return;
    for (const pid of pids) signal(pid, 'SIGKILL');
    await sleep(LOOK_AGAIN_MS);
  }
  throw new Error(`processes of task ${tree.taskId} do not end: ${taskProcesses(tree).join(', ')}`);
};

/** Sends a signal; a process that has ended is none to send to. */
export const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};
