import { setFlagsFromString } from 'node:v8';

/**
 * Collects all garbage of this thread, which does nothing else meanwhile. By the inspector: V8's own function needs the flag
 * `--expose-gc`. At a start the flag makes V8 reject its ready-made code, 25 ms for each process; set for a moment, it is set and
 * unset for all threads of the process.
 */
export const collectGarbage = async (): Promise<void> => {
  // 1.5 ms, which a start need not have.
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.collectGarbage');
  } finally {
    session.disconnect();
  }
};

/**
 * From now on V8 optimizes no function of this process. For a process that does little and for long: optimized code, what
 * V8 learned for it and the memory of its compilers grew for half an hour (docs/performance.md#an-hour-at-work).
 */
export const stopOptimizing = (): void => {
  for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag);
};
