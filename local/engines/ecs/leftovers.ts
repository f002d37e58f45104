import { setTimeout as sleep } from 'node:timers/promises';
import { processTable } from './process-table.ts';
import { killTree, signal, type TaskTree, taskProcesses } from './process-tree.ts';

const LOOK_AGAIN_MS = 50;

/** Ends what an earlier run left of a task: SIGTERM to its uppermost processes, SIGKILL to all after the grace time. */
export const endLeftovers = async (tree: TaskTree, graceMs: number): Promise<void> => {
  for (const pid of uppermost(tree)) signal(pid, 'SIGTERM');
  for (let waited = 0; waited < graceMs && taskProcesses(tree).length > 0; waited += LOOK_AGAIN_MS) {
    await sleep(LOOK_AGAIN_MS);
  }
  await killTree(tree);
};

/** Those whose parent is none of the task's: its program, or what that one left behind. */
const uppermost = (tree: TaskTree): number[] => {
  const table = processTable();
  const pids = new Set(taskProcesses(tree, table));
  return table.filter(({ pid, parent }) => pids.has(pid) && !pids.has(parent)).map(({ pid }) => pid);
};
