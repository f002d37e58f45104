import type { Clock } from '../../contract/clock.ts';
import type { Time } from '../base/time.ts';

/** The control plane's clock, as its answers let this machine know it. Milliseconds. */
export type ControlClock = {
  readonly now: Clock;
  toLocal(at: number): number;
  fromLocal(at: number): number;
  /** It was `at` there when it was `localAt` here, by default now. */
  set(at: number, localAt?: number): void;
};

export const createControlClock = (time: Time): ControlClock => {
  let offset = 0;
  return {
    now: () => time.now() + offset,
    toLocal: (at) => at - offset,
    fromLocal: (at) => at + offset,
    set(at, localAt = time.now()) {
      offset = at - localAt;
    },
  };
};
