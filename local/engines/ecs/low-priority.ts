import { writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const NICE = constants.priority.PRIORITY_BELOW_NORMAL;

/** The kernel accepts one change in 100 ms from all processes that are not privileged (autogroup, sched(7)). */
const BUSY_MS = 100;
const TRIES = 50;

/** Lowers the priority of this process and of its children, below that of the processes that serve callers. */
export const lowerPriority = (): void => {
  try {
    setPriority(NICE);
  } catch {
    // Not permitted if the priority is lower already.
  }
};

/**
 * Lowers the priority of the session that a process leads.
 *
 * Linux with autogroups shares the CPU between the sessions of setsid(2) first: there a nice value only counts within
 * a session, and a task leads its own session. So fifty tasks would each get as much as the main process. The session
 * has a nice value too, which is set here (sched(7), "The autogroup feature"). Never rejects.
 */
export const lowerAutogroup = async (pid: number): Promise<void> => {
  if (process.platform !== 'linux') return;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const error = await writeFile(`/proc/${pid}/autogroup`, String(NICE)).then(
      () => undefined,
      (reason: NodeJS.ErrnoException) => reason,
    );
    // Any other error: this kernel has no autogroups, or the process has ended.
    if (error?.code !== 'EAGAIN') return;
    await sleep(BUSY_MS * (0.5 + Math.random()));
  }
};
