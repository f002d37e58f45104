import { sleep, type Time } from '../base/time.ts';
import { createMemoryMeter } from '../browser/process-tree.ts';
import type { ClientHost } from './client-host.ts';

/** A measurement makes the kernel walk through the browser's memory: not more often than a leak needs. */
const LOOK_EVERY_MS = 30_000;
/** A fresh client that needs as much again is not helped by another. */
const RESTART_EVERY_MS = 10 * 60_000;

/**
 * Reports what the browser's processes hold, and restarts a working client that holds too much, with its state saved.
 * Resolves once `signal` is aborted; never throws.
 */
export const watchMemory = async (options: {
  readonly time: Time;
  readonly profileDir: string;
  readonly limitBytes: number;
  readonly host: Pick<ClientHost, 'status' | 'recycle'>;
  /** Runs while no client is up. */
  readonly save: () => Promise<void>;
  readonly onMeasured: (bytes: number) => void;
  readonly signal: AbortSignal;
}): Promise<void> => {
  const { time, host, signal } = options;
  const measure = createMemoryMeter(time, options.profileDir);
  let restartedAt = time.now() - RESTART_EVERY_MS;
  for (;;) {
    await sleep(time, LOOK_EVERY_MS, signal);
    if (signal.aborted) return;
    const bytes = await measure().catch(() => 0);
    options.onMeasured(bytes);
    if (bytes <= options.limitBytes || host.status !== 'WORKING') continue;
    if (time.now() - restartedAt < RESTART_EVERY_MS) continue;
    restartedAt = time.now();
    await host.recycle(`memory: ${Math.round(bytes / 1024 / 1024)} MiB`, options.save);
  }
};
