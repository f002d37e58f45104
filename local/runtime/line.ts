/** It waited for an instance until its deadline, or its caller has gone. */
export class LeftLine extends Error {
  override readonly name = 'LeftLine';
  readonly why: 'deadline' | 'caller' | 'closed';
  constructor(why: LeftLine['why']) {
    super(`left the line: ${why}`);
    this.why = why;
  }
}

type QueuedCall<T> = {
  readonly since: number;
  readonly abandon: (why: LeftLine['why']) => void;
  readonly serve: (served: T) => void;
};

/** Those that wait for something, first come first served. Every wait has an end: served, deadline, or its caller has gone. */
export class WaitingLine<T> {
  readonly #queue = new Set<QueuedCall<T>>();
  readonly #deadlineMs: number;

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  get length(): number {
    return this.#queue.size;
  }

  /** How long the first has been waiting, in milliseconds; 0 if nothing waits. */
  waitedMs(now: number): number {
    const [first] = this.#queue;
    return first === undefined ? 0 : now - first.since;
  }

  /**
   * Rejects with LeftLine.
   * @param onServed called in the turn in which it is served
   */
  wait(signal: AbortSignal | undefined, onServed: (served: T) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onGone);
        this.#queue.delete(queued);
      };
      const queued: QueuedCall<T> = {
        since: Date.now(),
        abandon: (why) => {
          done();
          reject(new LeftLine(why));
        },
        serve: (served) => {
          done();
          onServed(served);
          resolve(served);
        },
      };
      const onGone = (): void => queued.abandon('caller');
      const timer = setTimeout(() => queued.abandon('deadline'), this.#deadlineMs);
      this.#queue.add(queued);
      signal?.addEventListener('abort', onGone, { once: true });
      if (signal?.aborted) onGone();
    });
  }

  /** Serves the first; false if nothing waits. */
  serve(served: T): boolean {
    const [first] = this.#queue;
    first?.serve(served);
    return first !== undefined;
  }

  close(): void {
    for (const queued of [...this.#queue]) queued.abandon('closed');
  }
}
