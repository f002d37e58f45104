/**
 * The library's events on their way to the worker API: in order, in batches of ten, each retried until it is accepted.
 * They wait in memory only, so the queue is bounded: when it is full the newest are dropped, and as soon as there is
 * room an `engine.event` says how many were lost. A payload may still be in the making (a file is being fetched): its
 * event keeps its place, and those behind it wait.
 */
import { monotonicFactory } from 'ulid';
import type { WorkerEvent } from '../../core/worker-protocol.ts';
import { describeError, Fenced } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { sleep, type Time, withDeadline } from '../base/time.ts';
import type { WorkerApi } from './worker-api.ts';

const BATCH = 10;

/** `pending`: resolves when the payload is there. */
type Waiting = { event: WorkerEvent; pending?: Promise<void> };

export type Outbox = {
  /** `now` in ms by the control plane's clock. */
  add(event: string, payload: unknown): void;
  /** As `add`, with a payload that comes later; it must not reject. */
  addLater(event: string, payload: Promise<unknown>): void;
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
  const queue: Waiting[] = [];
  const closing = new AbortController();
  let dropped = 0;
  let pumping: Promise<void> | undefined;

  const close = () => {
    closing.abort();
    queue.length = 0;
  };

  const made = (event: string, payload: unknown): WorkerEvent => {
    const timestamp = Math.round(options.now());
    return { id: `evt_${nextId(timestamp)}`, timestamp, event, payload };
  };

  /** The events at the head of the queue that may go, at least one. */
  const nextBatch = async (): Promise<WorkerEvent[]> => {
    await queue[0]?.pending;
    const end = queue.findIndex(({ pending }) => pending !== undefined);
    return queue.slice(0, Math.min(BATCH, end < 0 ? BATCH : end)).map(({ event }) => event);
  };

  const pump = async (): Promise<void> => {
    while (queue.length > 0 && !closing.signal.aborted) {
      const batch = await nextBatch();
      if (closing.signal.aborted) return;
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
        queue.push({ event: made('engine.event', { event: 'events_dropped', data: { count: dropped } }) });
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

  const take = (waiting: Waiting): void => {
    if (closing.signal.aborted) return;
    if (queue.length >= capacity) {
      if (dropped === 0) log.error('event queue is full, dropping new events', { capacity });
      dropped += 1;
      return;
    }
    queue.push(waiting);
    start();
  };

  return {
    add: (event, payload) => take({ event: made(event, payload) }),
    addLater(event, payload) {
      const waiting: Waiting = { event: made(event, undefined) };
      waiting.pending = payload.then((value) => {
        waiting.event = { ...waiting.event, payload: value };
        delete waiting.pending;
      });
      take(waiting);
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
