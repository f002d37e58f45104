import { availableParallelism, totalmem } from 'node:os';

const CORES = availableParallelism();

/** The data that a pool gives to the budget about an instance that waits for work. */
type Idle = { end(): void };

export type BudgetOptions = {
  /** Instances of one function at once. */
  readonly perFunction?: number;
  /** Instances of all functions at once. Each function may have its first one beyond that. */
  readonly total?: number;
  /** Instances that load their bundle at once. */
  readonly starting?: number;
  /** How long an invocation waits for an instance at most. */
  readonly waitMs?: number;
};

/** A thread with a bundle takes 10 to 40 MB, and all of them together a twentieth of the memory at most. */
const INSTANCE_BYTES = 40 * 1024 * 1024;
const MEMORY_SHARE = 0.05;
const LEAST_TOTAL = 8;
const MOST_TOTAL = Math.max(16, 2 * CORES);
const TOTAL = Math.min(
  MOST_TOTAL,
  Math.max(LEAST_TOTAL, Math.floor((totalmem() * MEMORY_SHARE) / INSTANCE_BYTES)),
);
/** Less than API Gateway waits for a function. */
const WAIT_MS = 20_000;

/**
 * Limits how many instances run on this machine. Lambda has a separate machine for each instance; here they share the
 * cores and the memory of one process with everything else. Loading a bundle costs 0.2 to 0.4 s of a core, so few
 * load at once; and if too many are loaded, the one that has been idle for the longest time is ended for the new one.
 *
 * A function may always have one instance: functions invoke each other, and one that waits for another must not keep
 * it from starting.
 */
export class InstanceBudget {
  readonly perFunction: number;
  readonly waitMs: number;
  readonly #total: number;
  readonly #mostStarting: number;
  #count = 0;
  #starting = 0;
  /** In the order in which they became idle. */
  readonly #idle = new Set<Idle>();
  readonly #onRoom = new Set<() => void>();

  constructor({ perFunction, total, starting, waitMs = WAIT_MS }: BudgetOptions = {}) {
    this.waitMs = waitMs;
    this.perFunction = perFunction ?? Math.min(8, Math.max(2, CORES));
    this.#total = total ?? TOTAL;
    this.#mostStarting = starting ?? Math.max(2, Math.floor(CORES / 2));
  }

  /** Takes room for a new instance that begins to load; false: there is none now. */
  take(isFirst: boolean): boolean {
    if (this.#starting >= this.#mostStarting) return false;
    if (this.#count >= this.#total && !isFirst) {
      const [oldest] = this.#idle;
      if (oldest === undefined) return false;
      oldest.end();
    }
    this.#count += 1;
    this.#starting += 1;
    return true;
  }

  /** The instance could not be made. Announces nothing: a caller that failed to create one would retry at once, in a loop. */
  cancel(): void {
    this.#count -= 1;
    this.#starting -= 1;
  }

  /** The instance has loaded its bundle, or failed to. */
  loaded(): void {
    this.#starting -= 1;
    this.#announce();
  }

  /** The instance has ended. */
  give(): void {
    this.#count -= 1;
    this.#announce();
  }

  addIdle(idle: Idle): void {
    this.#idle.add(idle);
    if (this.#count >= this.#total) this.#announce();
  }

  removeIdle(idle: Idle): void {
    this.#idle.delete(idle);
  }

  /** Calls back whenever there may be room again. */
  onRoom(listener: () => void): void {
    this.#onRoom.add(listener);
  }

  #announce(): void {
    for (const listener of this.#onRoom) listener();
  }
}
