import type { Time } from '../../container/base/time.ts';

/** Time that stands still until it is advanced; timers run in their order, with promises settled in between. */
export const manualTime = (start = 1_000_000) => {
  let now = start;
  const timers = new Set<{ at: number; run: () => void }>();
  const settle = async () => {
    for (let n = 0; n < 20; n += 1) await Promise.resolve();
  };
  const time: Time = {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + Math.max(0, ms), run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  return {
    ...time,
    settle,
    /** Lets `ms` pass. */
    async advance(ms: number): Promise<void> {
      const until = now + ms;
      await settle();
      for (;;) {
        const next = [...timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.run();
        await settle();
      }
      now = until;
      await settle();
    },
  };
};
export type ManualTime = ReturnType<typeof manualTime>;
