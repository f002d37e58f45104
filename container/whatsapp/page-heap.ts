/** What the page's objects hold, and the collection of those that nothing uses any more. */
import * as z from 'zod';
import { sleep, type Time } from '../base/time.ts';

const LOOK_EVERY_MS = 30_000;
/** This much garbage is left to the browser: a message leaves 30 KB. */
const GROWTH_BYTES = 2 * 1024 * 1024;
/** A page stands still while it is collected, so that takes a thousandth of its time at most. */
const PAUSE_TO_WORK = 1000;

export type PageHeap = {
  /** Bytes of JavaScript, of the browser's own objects, and of buffers, garbage included. */
  held(): Promise<number>;
  /** Ends once all garbage is collected. */
  collect(): Promise<void>;
};

/** @see https://chromedevtools.github.io/devtools-protocol/tot/Runtime/#method-getHeapUsage */
const usageSchema = z.object({
  usedSize: z.number(),
  embedderHeapUsedSize: z.number().default(0),
  backingStorageSize: z.number().default(0),
});

type Method = 'Runtime.getHeapUsage' | 'HeapProfiler.collectGarbage';
/** As puppeteer has them. */
type DevTools = { send(method: Method): Promise<unknown>; detach(): Promise<void> };

/** The heap of a page of puppeteer. Both calls reject if the page is gone. */
export const heapOf = (page: { createCDPSession(): Promise<DevTools> }): PageHeap => {
  const ask = async (method: Method): Promise<unknown> => {
    const session = await page.createCDPSession();
    try {
      return await session.send(method);
    } finally {
      await session.detach().catch(() => {});
    }
  };
  return {
    held: async () => {
      const { usedSize, embedderHeapUsedSize, backingStorageSize } = usageSchema.parse(
        await ask('Runtime.getHeapUsage'),
      );
      return usedSize + embedderHeapUsedSize + backingStorageSize;
    },
    collect: async () => {
      await ask('HeapProfiler.collectGarbage');
    },
  };
};

/**
 * Keeps the page as small as it is after its start: collects its garbage each time that 2 MiB more are held than after the
 * last collection. The browser alone waits for tens of megabytes, and returns little of them to the system afterwards
 * (docs/performance.md#an-hour-at-work). A large page that takes long is collected less often.
 *
 * Resolves once `signal` is aborted; never throws.
 *
 * @param heap of the page as it is now; undefined if there is none
 */
export const watchPageHeap = async ({
  time,
  signal,
  heap,
}: {
  readonly time: Time;
  readonly signal: AbortSignal;
  readonly heap: () => PageHeap | undefined;
}): Promise<void> => {
  let limit = 0;
  let notBefore = 0;
  for (;;) {
    await sleep(time, LOOK_EVERY_MS, signal);
    if (signal.aborted) return;
    const page = heap();
    if (page === undefined) continue;
    try {
      const held = await page.held();
      // Another page may be smaller.
      limit = Math.min(limit, held + GROWTH_BYTES);
      if (held < limit || time.now() < notBefore) continue;
      const began = time.now();
      await page.collect();
      notBefore = time.now() + (time.now() - began) * PAUSE_TO_WORK;
      limit = (await page.held()) + GROWTH_BYTES;
    } catch {
      // The page has gone; its successor is measured.
    }
  }
};
