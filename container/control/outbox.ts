/**
 * The library's events on their way to the worker API: in order, in batches of ten, each retried until it is
 * accepted. They wait in memory only, so the queue is bounded: when it is full the newest are dropped, and as soon as
 * there is room an `engine.event` says how many were lost. A payload may still be in the making (a file is being
 * fetched): its event keeps its place, and those behind it wait. The messages that the events report are sent with
 * them, so that a later worker knows which ones it must still deliver (core/events/forwarded-messages.ts).
 */
import { monotonicFactory } from 'ulid';
import type * as z from 'zod';
import type { eventsRequestSchema, ForwardedMark, WorkerEvent } from '../../contract/worker/protocol.ts';
import { describeError, Fenced } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { sleep, type Time, withDeadline } from '../base/time.ts';
import { createForwardedMessages, type ForwardedMessages } from '../whatsapp/forwarded-messages.ts';
import type { WorkerApi } from './worker-api.ts';

const BATCH = 10;

/** The message that an event reports. It is delivered once the event is accepted. `at` in seconds. */
type Tells = { readonly id: string; readonly at: number };
type About = {
  /** The event's id; one is made without it. */
  readonly id: string;
  readonly forwards?: Tells;
};

/** `pending`: resolves when the payload is there. `begins`: the messages that count as delivered without an event. */
type Waiting = {
  event?: WorkerEvent;
  pending?: Promise<void>;
  readonly forwards?: Tells | undefined;
  readonly begins?: ForwardedMark;
};

export type Outbox = {
  /** `now` in ms by the control plane's clock. */
  add(event: string, payload: unknown, about?: About): void;
  /** As `add`, with a payload that comes later; it must not reject. */
  addLater(event: string, payload: Promise<unknown>, about?: About): void;
  /** From here on, events that report messages add to this; it is sent with them, and once by itself. */
  begin(mark: ForwardedMark): void;
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
  /** The messages that are delivered once the batch under way is accepted. */
  let forwarded: { readonly account: string; readonly marks: ForwardedMessages } | undefined;
  let calls = 0;

  const close = () => {
    closing.abort();
    queue.length = 0;
  };

  const made = (event: string, payload: unknown, id?: string): WorkerEvent => {
    const timestamp = Math.round(options.now());
    return { id: id ?? `evt_${nextId(timestamp).toLowerCase()}`, timestamp, event, payload };
  };

  /** Called once for each waiting event, in their order. */
  const requestOf = (batch: readonly Waiting[]): z.infer<typeof eventsRequestSchema> => {
    const events = batch.flatMap(({ event }) => event ?? []);
    let changed = false;
    for (const { begins, forwards } of batch) {
      if (begins)
        forwarded = { account: begins.account, marks: createForwardedMessages(begins.since, begins.ids) };
      if (forwards) forwarded?.marks.note(forwards.id, forwards.at);
      changed ||= begins !== undefined || forwards !== undefined;
    }
    if (!changed || !forwarded) return { events };
    calls += 1;
    return { events, told: { seq: calls, ...forwarded.marks.mark(forwarded.account) } };
  };

  /** The events at the head of the queue that may go, at least one. */
  const nextBatch = async (): Promise<Waiting[]> => {
    await queue[0]?.pending;
    const end = queue.findIndex(({ pending }) => pending !== undefined);
    return queue.slice(0, Math.min(BATCH, end < 0 ? BATCH : end));
  };

  const pump = async (): Promise<void> => {
    while (queue.length > 0 && !closing.signal.aborted) {
      const batch = await nextBatch();
      if (closing.signal.aborted) return;
      try {
        await api.events(requestOf(batch), { signal: closing.signal });
        queue.splice(0, batch.length);
      } catch (error) {
        if (error instanceof Fenced) close();
        if (closing.signal.aborted) return;
        // Refused permanently: one bad event must not hold up those behind it, nor take its batch along.
        if (batch.length === 1) {
          queue.shift();
          log.error('event refused', { event: batch[0]?.event?.event, error: describeError(error) });
        } else await sendSingly(batch);
        await sleep(time, 50, closing.signal);
      }
      if (dropped > 0 && queue.length < capacity) {
        queue.push({ event: made('engine.event', { event: 'events_dropped', data: { count: dropped } }) });
        dropped = 0;
      }
    }
  };

  const sendSingly = async (batch: readonly Waiting[]): Promise<void> => {
    for (const one of batch) {
      try {
        await api.events(requestOf([one]), { signal: closing.signal });
      } catch (error) {
        if (error instanceof Fenced) close();
        if (closing.signal.aborted) return;
        log.error('event refused', { event: one.event?.event, error: describeError(error) });
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
    add: (event, payload, about) =>
      take({ event: made(event, payload, about?.id), forwards: about?.forwards }),
    begin: (mark) => take({ begins: mark }),
    addLater(event, payload, about) {
      const queued = made(event, undefined, about?.id);
      const waiting: Waiting = { event: queued, forwards: about?.forwards };
      waiting.pending = payload.then((value) => {
        waiting.event = { ...queued, payload: value };
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
