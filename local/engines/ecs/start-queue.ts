import { availableParallelism } from 'node:os';

export interface StartLimit {
  /** Tasks that start at once. */
  readonly atOnce: number;
  /** After this many milliseconds a start counts as over, whether or not its program says that it is up. */
  readonly mostMs: number;
  /** Starts wait while this says that there are many, but each for a bounded time. Left out: they never wait for it. */
  readonly behind?: Callers;
  /**
   * Milliseconds that a task waits before it takes its turn, by the `startedBy` of its RunTask. For tasks that have time,
   * so that they do not take the cores from one that was just given work. Left out: none waits.
   */
  readonly pauseMs?: (startedBy: string | undefined) => number;
}

/** Those that wait for an answer. */
export interface Callers {
  readonly many: boolean;
  /** Calls back whenever there are no longer many. */
  onFew(listener: () => void): void;
}

/** A start never waits longer than this for callers to be answered. */
const MOST_BEHIND_MS = 4_000;

/**
 * A start costs one to two seconds of a core, most of it in the browser. More at once than there are cores come up no
 * sooner, and they take the cores from those that answer callers.
 */
export const limitOfThisMachine = (behind: Callers): StartLimit => ({
  atOnce: Math.max(2, availableParallelism()),
  mostMs: 15_000,
  behind,
});

interface Waiting {
  readonly taskId: string;
  /** Milliseconds since this process began. */
  readonly since: number;
  readonly begin: () => void;
}

/** Lets a bounded number of tasks start at a time, in the order in which they came. */
export class StartQueue {
  readonly #limit: StartLimit | undefined;
  readonly #onSlow: (taskId: string) => void;
  readonly #waiting: Waiting[] = [];
  /** Those that start, with the timer that ends their turn. */
  readonly #starting = new Map<string, NodeJS.Timeout>();
  /** Those that pause before they take their turn. */
  readonly #pausing = new Map<string, { readonly timer: NodeJS.Timeout; readonly begin: () => void }>();
  /** Ends the wait for callers. */
  #patience: NodeJS.Timeout | undefined;

  /**
   * @param limit undefined: all at once
   * @param onSlow called for a start that took its whole time
   */
  constructor(limit: StartLimit | undefined, onSlow: (taskId: string) => void) {
    this.#limit = limit;
    this.#onSlow = onSlow;
    limit?.behind?.onFew(() => this.#next());
  }

  /**
   * Resolves when it is the task's turn, and also when it leaves before.
   *
   * @param startedBy of its RunTask
   */
  enter(taskId: string, startedBy?: string): Promise<void> {
    if (this.#limit === undefined) return Promise.resolve();
    const pauseMs = this.#limit.pauseMs?.(startedBy) ?? 0;
    return new Promise((begin) => {
      if (pauseMs === 0) return this.#wait(taskId, begin);
      const timer = setTimeout(() => {
        this.#pausing.delete(taskId);
        this.#wait(taskId, begin);
      }, pauseMs);
      this.#pausing.set(taskId, { timer: timer.unref(), begin });
    });
  }

  #wait(taskId: string, begin: () => void): void {
    this.#waiting.push({ taskId, since: performance.now(), begin });
    this.#next();
  }

  /** The task is up, or it has ended: another one may start. Without effect for one that is not here. */
  remove(taskId: string): void {
    clearTimeout(this.#starting.get(taskId));
    this.#starting.delete(taskId);
    const pausing = this.#pausing.get(taskId);
    clearTimeout(pausing?.timer);
    this.#pausing.delete(taskId);
    pausing?.begin();
    const at = this.#waiting.findIndex((waiting) => waiting.taskId === taskId);
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.begin();
    this.#next();
  }

  #next(): void {
    const { atOnce = 0, mostMs = 0 } = this.#limit ?? {};
    while (this.#starting.size < atOnce && !this.#isBehind()) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const late = (): void => {
        this.#onSlow(next.taskId);
        this.remove(next.taskId);
      };
      this.#starting.set(next.taskId, setTimeout(late, mostMs).unref());
      next.begin();
    }
  }

  /**
   * Whether the first start still waits until callers are answered. Then it is checked again after its time limit.
   */
  #isBehind(): boolean {
    const [first] = this.#waiting;
    if (first === undefined || !this.#limit?.behind?.many) return false;
    const left = first.since + MOST_BEHIND_MS - performance.now();
    if (left <= 0) return false;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#next(), left).unref();
    return true;
  }
}
