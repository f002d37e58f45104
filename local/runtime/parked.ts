import { performance } from 'node:perf_hooks';
import type { Instance } from './instance.ts';

/** Invocations that share one instance at most. */
const MOST_TOGETHER = 32;
/** Most invocations end sooner; only those that take longer may be waiting for something. */
const SETTLED_MS = 80;
/** A thread that works less than this share of its time waits. */
const WAITING_BELOW = 0.4;
/** Of this process, which carries the engines: past it, more invocations at once only make each of them slower. */
const SATURATED_ABOVE = 0.9;
/** A call that has waited longer runs anyway: the holder of the instances may take much longer. */
const PATIENCE_MS = 1_500;

/** How busy this process has been lately, from 0 to 1. */
const ownUtilization = (() => {
  let sample = performance.eventLoopUtilization();
  let sampledAt = performance.now();
  let last = 0;
  return (): number => {
    const now = performance.now();
    if (now - sampledAt >= 200) {
      const next = performance.eventLoopUtilization();
      last = performance.eventLoopUtilization(next, sample).utilization;
      sample = next;
      sampledAt = now;
    }
    return last;
  };
})();

/**
 * Whether an instance's invocations only wait, so that another one may be run beside them. Looks at what the thread has
 * done since the last look.
 * @param waitedMs how long the first in line has been waiting
 */
export const isParked = (instance: Instance, waitedMs: number): boolean => {
  const utilization = instance.takeUtilization();
  return (
    utilization !== undefined &&
    utilization < WAITING_BELOW &&
    !instance.gone &&
    instance.load < MOST_TOGETHER &&
    instance.youngestMs(Date.now()) >= SETTLED_MS &&
    (ownUtilization() < SATURATED_ABOVE || waitedMs >= PATIENCE_MS)
  );
};
