import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Repeats until nothing more is found, and moves what is left together. A plain collection left 5 MB after many reads at once. */
const THOROUGH = { type: 'major', execution: 'sync', flavor: 'last-resort' } as const;

/**
 * Returns V8's own function for collecting all garbage of this thread, which blocks it until it is done. Not by Node's flag
 * `--expose-gc`: with it V8 takes its ready-made code for compiled under other flags, and each start takes 25 ms longer.
 * So the flag is set for as long as a context is made.
 */
export const openCollector = (): (() => void) => {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof gc === 'function' ? () => void gc(THOROUGH) : () => {};
};

/**
 * From now on V8 optimizes no function of this process. For a process that does little and for long: optimized code, what
 * V8 learned for it and the memory of its compilers grew for half an hour (docs/performance.md#an-hour-at-work).
 */
export const stopOptimizing = (): void => {
  for (const flag of ['--no-opt', '--no-maglev']) setFlagsFromString(flag);
};
