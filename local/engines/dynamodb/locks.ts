import { transactionConflict } from './errors.ts';

/**
 * Decides which request may write an item now. As in DynamoDB, single-item writes to one item queue up behind each
 * other, while a transaction never queues behind another: a request for an item that a transaction holds is rejected.
 * In memory only: a lock never outlives the process, and neither does what it protects before its one batch.
 */
export class ItemLocks {
  readonly #held = new Set<string>();
  readonly #lastWriter = new Map<string, Promise<void>>();

  /** Runs a single-item write alone on its item. Throws TransactionConflictException if a transaction holds it. */
  async write<T>(key: string, run: () => Promise<T>): Promise<T> {
    if (this.#held.has(key)) throw transactionConflict();
    const before = this.#lastWriter.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastWriter.set(key, promise);
    try {
      await before;
      return await run();
    } finally {
      if (this.#lastWriter.get(key) === promise) this.#lastWriter.delete(key);
      resolve();
    }
  }

  /** For each key, whether another transaction holds it. */
  conflicts(keys: readonly string[]): boolean[] {
    return keys.map((key) => this.#held.has(key));
  }

  /** For each key, whether anything at all is writing it. */
  busy(keys: readonly string[]): boolean[] {
    return keys.map((key) => this.#held.has(key) || this.#lastWriter.has(key));
  }

  /**
   * Runs a transaction alone on its items. The caller has asked conflicts() in the same turn, so nothing holds them.
   * Writers that came before are waited for; those that come later are turned away, so this can't starve or deadlock.
   */
  async transact<T>(keys: readonly string[], run: () => Promise<T>): Promise<T> {
    for (const key of keys) this.#held.add(key);
    try {
      const writers = keys.flatMap((key) => this.#lastWriter.get(key) ?? []);
      if (writers.length > 0) await Promise.all(writers);
      return await run();
    } finally {
      for (const key of keys) this.#held.delete(key);
    }
  }
}
