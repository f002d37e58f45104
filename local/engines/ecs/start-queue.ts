import { availableParallelism } from 'node:os';

export interface StartLimit {
  /** Tasks that start at once. */
  readonly atOnce: number;
  /** After this many milliseconds a start counts as over, whether or not its program says that it is up. */
  readonly mostMs: number;
}

/**
 * A start costs one to two seconds of a core, most of it in the browser. More at once than there are cores come up no
 * sooner, and they take the cores from those that answer callers.
 */
export const limitOfThisMachine = (): StartLimit => ({
  atOnce: Math.max(2, availableParallelism()),
  mostMs: 15_000,
});

interface Waiting {
  readonly taskId: string;
  readonly begin: () => void;
}

/** Lets a bounded number of tasks start at a time, in the order in which they came. */
export class StartQueue {
  readonly #limit: StartLimit | undefined;
  readonly #onSlow: (taskId: string) => void;
  readonly #waiting: Waiting[] = [];
  /** Those that start, with the timer that ends their turn. */
  readonly #starting = new Map<string, NodeJS.Timeout>();

  /**
   * @param limit undefined: all at once
   * @param onSlow told of a start that took its whole time
   */
  constructor(limit: StartLimit | undefined, onSlow: (taskId: string) => void) {
    this.#limit = limit;
    this.#onSlow = onSlow;
  }

  /** Resolves when it is the task's turn, and also when it leaves before. */
  enter(taskId: string): Promise<void> {
    if (this.#limit === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ taskId, begin: resolve });
      this.#next();
    });
  }

  /** The task is up, or it has ended: another one may start. Without effect for one that is not here. */
  leave(taskId: string): void {
    clearTimeout(this.#starting.get(taskId));
    this.#starting.delete(taskId);
    const at = this.#waiting.findIndex((waiting) => waiting.taskId === taskId);
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.begin();
    this.#next();
  }

  #next(): void {
    const { atOnce = 0, mostMs = 0 } = this.#limit ?? {};
    while (this.#starting.size < atOnce) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const late = (): void => {
        this.#onSlow(next.taskId);
        this.leave(next.taskId);
      };
      this.#starting.set(next.taskId, setTimeout(late, mostMs).unref());
      next.begin();
    }
  }
}
