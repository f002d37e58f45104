/**
 * Virtual time. Everything that happens is an event here; events run one at a time, in the order of their times and,
 * at the same time, of their making. Between two events all promise reactions run, so that code written with `await`
 * is as deterministic as the events that resolve its promises.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Something that can die or stand still: a function's invocation, a worker, a client. */
export class Process {
  readonly name: string;
  /** ms by which its clock is ahead. */
  readonly skew: number;
  /** The epoch that a worker or an event claims to act for; undefined for other processes. */
  readonly claim: { readonly sessionId: string; readonly epoch: number } | undefined;
  dead = false;
  frozenUntil = 0;

  constructor(name: string, skew: number, claim?: Process['claim']) {
    this.name = name;
    this.skew = skew;
    this.claim = claim;
  }
}

type Event = {
  readonly at: number;
  readonly order: number;
  readonly owner: Process | undefined;
  readonly label: string;
  readonly run: () => void;
  cancelled: boolean;
};

export class Scheduler {
  now = 0;
  steps = 0;
  /** Of all labels and times in order: two runs are the same if this is the same. */
  fingerprint = 0x811c9dc5;
  readonly #heap: Event[] = [];
  #order = 0;
  readonly #trace: ((line: string) => void) | undefined;

  constructor(trace?: (line: string) => void) {
    this.#trace = trace;
  }

  get tracing(): boolean {
    return this.#trace !== undefined;
  }

  note(line: string): void {
    this.#trace?.(`${(this.now / 1000).toFixed(3).padStart(10)}  ${line}`);
  }

  /** An event of a dead owner never runs; one of a frozen owner waits for its thaw. */
  in(ms: number, owner: Process | undefined, label: string, run: () => void): Event {
    return this.#push(this.now + Math.max(0, Math.round(ms)), owner, label, run);
  }

  /** Runs events until `until` (ms, virtual), then stands at that time. */
  async run(until: number, afterEach: () => void): Promise<void> {
    for (let next = this.#heap[0]; next && next.at <= until; next = this.#heap[0]) {
      this.#pop();
      if (next.cancelled || next.owner?.dead) continue;
      if (next.owner && next.owner.frozenUntil > next.at) {
        this.#push(next.owner.frozenUntil, next.owner, next.label, next.run);
        continue;
      }
      this.now = next.at;
      this.steps += 1;
      this.#mark(next);
      next.run();
      await nextTurn();
      afterEach();
    }
    this.now = until;
  }

  #mark(event: Event): void {
    let hash = this.fingerprint ^ event.at;
    for (let i = 0; i < event.label.length; i++)
      hash = Math.imul(hash ^ event.label.charCodeAt(i), 0x01000193);
    this.fingerprint = hash >>> 0;
  }

  #push(at: number, owner: Process | undefined, label: string, run: () => void): Event {
    const event: Event = { at, order: this.#order++, owner, label, run, cancelled: false };
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent];
      if (!above || !before(event, above)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = event;
    return event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      const left = heap[child];
      const right = heap[child + 1];
      if (!left) break;
      let smallest = left;
      if (right && before(right, left)) {
        child += 1;
        smallest = right;
      }
      if (!before(smallest, last)) break;
      heap[i] = smallest;
      i = child;
    }
    heap[i] = last;
  }
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
