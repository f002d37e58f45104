/**
 * The library's events on their way to the worker API: in order, in batches of ten, each retried until it is accepted.
 * They wait in memory only, so the queue is bounded: when it is full the newest are dropped, and as soon as there is
 * room an `engine.event` says how many were lost.
 */
import { monotonicFactory } from 'ulid';
import type { WorkerEvent } from '../../core/worker-protocol.ts';
import { describeError, Fenced } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { sleep, type Time, withDeadline } from '../base/time.ts';
import type { WorkerApi } from './worker-api.ts';

const BATCH = 10;

export type Outbox = {
  /** `now` in ms by the control plane's clock. */
  add(event: string, payload: unknown): void;
  /** Waits until everything is accepted; false: it was not within `limitMs`, and what is left is lost. */
  flush(limitMs: number): Promise<boolean>;
  /** Drops what waits and sends no more (fenced). */
  close(): void;
  readonly waiting: number;
};

export const createOutbox = (options: {
  readonly api: Pick<WorkerApi, 'events'>;
  readonly time: Time;
  /** ms, control plane's clock */
  readonly now: () => number;
  readonly log: Log;
  readonly capacity?: number;
}): Outbox => {
  const { api, time, log, capacity = 10_000 } = options;
  const nextId = monotonicFactory();
  const queue: WorkerEvent[] = [];
  const closing = new AbortController();
  let dropped = 0;
  let pumping: Promise<void> | undefined;

  const close = () => {
    closing.abort();
    queue.length = 0;
  };

  const enqueue = (event: string, payload: unknown) => {
    const timestamp = Math.round(options.now());
    queue.push({ id: `evt_${nextId(timestamp)}`, timestamp, event, payload });
  };

  const pump = async (): Promise<void> => {
    while (queue.length > 0 && !closing.signal.aborted) {
      const batch = queue.slice(0, BATCH);
      try {
        await api.events({ events: batch }, { signal: closing.signal });
        queue.splice(0, batch.length);
      } catch (error) {
        if (error instanceof Fenced) close();
        if (closing.signal.aborted) return;
        // Refused for good: one bad event must not hold up those behind it, nor take its batch along.
        if (batch.length === 1) {
          queue.shift();
          log.error('event refused', { event: batch[0]?.event, error: describeError(error) });
        } else await sendSingly(batch);
        await sleep(time, 50, closing.signal);
      }
      if (dropped > 0 && queue.length < capacity) {
        enqueue('engine.event', { event: 'events_dropped', data: { count: dropped } });
        dropped = 0;
      }
    }
  };

  const sendSingly = async (batch: readonly WorkerEvent[]): Promise<void> => {
    for (const one of batch) {
      try {
        await api.events({ events: [one] }, { signal: closing.signal });
      } catch (error) {
        if (error instanceof Fenced) close();
        if (closing.signal.aborted) return;
        log.error('event refused', { event: one.event, error: describeError(error) });
      }
      queue.shift();
    }
  };

  const start = () => {
    pumping ??= pump().finally(() => {
      pumping = undefined;
      if (queue.length > 0 && !closing.signal.aborted) start();
    });
  };

  return {
    add(event, payload) {
      if (closing.signal.aborted) return;
      if (queue.length >= capacity) {
        if (dropped === 0) log.error('event queue is full, dropping new events', { capacity });
        dropped += 1;
        return;
      }
      enqueue(event, payload);
      start();
    },
    async flush(limitMs) {
      const drained = async () => {
        while (pumping) await pumping;
      };
      await withDeadline(time, limitMs, 'flushing events', drained()).catch(() => closing.abort());
      if (queue.length > 0) log.error('events lost', { count: queue.length });
      return queue.length === 0;
    },
    close,
    get waiting() {
      return queue.length;
    },
  };
};
