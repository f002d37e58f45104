/**
 * The changes that callers wait for: requests of the public API that may create, change or end something. A start of a
 * session takes the cores for seconds, so starts wait while several such requests are unanswered
 * (engines/ecs/start-queue.ts).
 */

/** A request that takes longer waits for something else than the cores, such as a session that wakes up. */
const COUNTS_FOR_MS = 3_000;
/** A single request does not delay its own start. */
const FEW = 1;

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export class ChangesUnderWay {
  readonly #listeners = new Set<() => void>();
  readonly #requests = new Set<NodeJS.Timeout>();

  /** Counts a request; call what it returns once the request is answered. Requests that only read do not count. */
  begin(method: string): () => void {
    if (READING.has(method)) return () => {};
    const end = (): void => {
      clearTimeout(timer);
      if (this.#requests.delete(timer) && !this.many) for (const listener of this.#listeners) listener();
    };
    const timer = setTimeout(() => end(), COUNTS_FOR_MS).unref();
    this.#requests.add(timer);
    return end;
  }

  /** Whether several requests wait for their answer. */
  get many(): boolean {
    return this.#requests.size > FEW;
  }

  /** Calls back each time a request has ended and no more than one is left. */
  onFew(listener: () => void): void {
    this.#listeners.add(listener);
  }
}
