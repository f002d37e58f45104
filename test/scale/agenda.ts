/** What happens in the day, in the order of virtual time. */
import type { Time } from '../../container/base/time.ts';

type Event = { readonly at: number; readonly run: () => Promise<void> };

/** Runs events in their order; each may add others. */
export class Agenda {
  readonly #heap: Event[] = [];

  add(at: number, run: () => Promise<void>): void {
    const heap = this.#heap;
    heap.push({ at: Math.round(at), run });
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (atOf(heap, parent) <= atOf(heap, i)) break;
      swap(heap, i, parent);
      i = parent;
    }
  }

  next(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      const child = atOf(heap, right) < atOf(heap, left) ? right : left;
      if (atOf(heap, child) >= atOf(heap, i)) break;
      swap(heap, i, child);
      i = child;
    }
    return first;
  }
}

const atOf = (heap: readonly Event[], i: number): number => heap[i]?.at ?? Number.POSITIVE_INFINITY;
const swap = (heap: Event[], i: number, j: number): void => {
  const [a, b] = [heap[i], heap[j]];
  if (a && b) [heap[i], heap[j]] = [b, a];
};

/**
 * The timers of a worker in the day. Its code does not wait for the calls that a timer begins; the day does: the ports
 * answer at once, so everything that follows is done before the next turn of the event loop.
 */
export const timeOf = (agenda: Agenda, now: () => number): Time => ({
  now,
  after(ms, act) {
    let cancelled = false;
    agenda.add(now() + ms, async () => {
      if (cancelled) return;
      act();
      await settled();
    });
    return () => {
      cancelled = true;
    };
  },
});

export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
