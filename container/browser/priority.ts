import { readFile, writeFile } from 'node:fs/promises';

const NICE = /nice (-?\d+)/;

/**
 * Gives a browser the priority of this process. A browser leads a session of processes, and Linux with autogroups shares
 * the CPU between sessions first: by its own nice value the browser of a worker that runs at a lower priority would get
 * as much as the processes that serve callers (sched(7), "The autogroup feature"). Never throws.
 *
 * @param pid the browser's first process
 */
export const sharePriority = async (pid: number): Promise<void> => {
  try {
    const [own, its] = await Promise.all(
      ['self', String(pid)].map(
        async (each) => NICE.exec(await readFile(`/proc/${each}/autogroup`, 'utf8'))?.[1],
      ),
    );
    if (own !== undefined && own !== its) await writeFile(`/proc/${pid}/autogroup`, own);
  } catch {
    // No autogroups, or the browser is gone. A user who changes two within 100 ms is refused: this one keeps its priority.
  }
};
