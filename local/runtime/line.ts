/** It waited for an instance until its deadline, or its caller has gone. */
export class LeftLine extends Error {
  override readonly name = 'LeftLine';
  readonly why: 'deadline' | 'caller' | 'closed';
  constructor(why: LeftLine['why']) {
    super(`left the line: ${why}`);
    this.why = why;
  }
}

type Place<T> = {
  readonly since: number;
  readonly leave: (why: LeftLine['why']) => void;
  readonly serve: (served: T) => void;
};

/** Those that wait for something, first come first served. Every wait has an end: served, deadline, or its caller has gone. */
export class WaitingLine<T> {
  readonly #places = new Set<Place<T>>();
  readonly #deadlineMs: number;

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  get length(): number {
    return this.#places.size;
  }

  /** How long the first has been waiting, in milliseconds; 0 where nothing waits. */
  waitedMs(now: number): number {
    const [first] = this.#places;
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
        this.#places.delete(place);
      };
      const place: Place<T> = {
        since: Date.now(),
        leave: (why) => {
          done();
          reject(new LeftLine(why));
        },
        serve: (served) => {
          done();
          onServed(served);
          resolve(served);
        },
      };
      const onGone = (): void => place.leave('caller');
      const timer = setTimeout(() => place.leave('deadline'), this.#deadlineMs);
      this.#places.add(place);
      signal?.addEventListener('abort', onGone, { once: true });
      if (signal?.aborted) onGone();
    });
  }

  /** Serves the first; false where nothing waits. */
  serve(served: T): boolean {
    const [first] = this.#places;
    first?.serve(served);
    return first !== undefined;
  }

  close(): void {
    for (const place of [...this.#places]) place.leave('closed');
  }
}
