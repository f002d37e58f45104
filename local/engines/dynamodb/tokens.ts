import { createHash } from 'node:crypto';
import type { Operation, Store } from 'dynalite/db/index.js';
import * as z from 'zod';
import { tokenMismatch, transactionInProgress } from './errors.ts';
import { rangeOf, TOKENS } from './layout.ts';

/** DynamoDB keeps a ClientRequestToken for ten minutes (API reference of TransactWriteItems). */
const LIFETIME_MS = 10 * 60_000;

const remembered = z.object({
  digest: z.string(),
  at: z.number(),
  /** Table and read units of each item: a repeat is charged for reading them. */
  reads: z.array(z.tuple([z.string(), z.number()])),
});
type Remembered = z.infer<typeof remembered>;

/** The tokens of transactions that committed. On disk in the transaction's own batch, so a kill can't part the two. */
export class RequestTokens {
  readonly #clock: () => number;
  /** In the order of their commits, so the expired ones are in front. */
  readonly #committed = new Map<string, Remembered>();
  readonly #inFlight = new Set<string>();

  private constructor(clock: () => number) {
    this.#clock = clock;
  }

  static async load(store: Store, clock: () => number): Promise<RequestTokens> {
    const tokens = new RequestTokens(clock);
    const iterator = store.db.iterator(rangeOf(TOKENS));
    const entries: [string, Remembered][] = [];
    try {
      for (let chunk = await iterator.nextv(1000); chunk.length > 0; chunk = await iterator.nextv(1000)) {
        for (const [key, value] of z.array(z.tuple([z.string(), remembered])).parse(chunk)) {
          entries.push([key.slice(TOKENS.length), value]);
        }
      }
    } finally {
      await iterator.close();
    }
    for (const [token, value] of entries.sort(([, a], [, b]) => a.at - b.at))
      tokens.#committed.set(token, value);
    await store.db.batch(tokens.#expire());
    return tokens;
  }

  static digest(parameters: unknown): string {
    return createHash('sha256').update(JSON.stringify(parameters)).digest('base64url');
  }

  /**
   * The capacity that the transaction consumed if it is a repeat, otherwise undefined.
   * Throws IdempotentParameterMismatchException, TransactionInProgressException.
   */
  find(token: string, digest: string): Remembered | undefined {
    if (this.#inFlight.has(token)) throw transactionInProgress();
    const known = this.#committed.get(token);
    if (known === undefined || this.#clock() - known.at >= LIFETIME_MS) return undefined;
    if (known.digest !== digest) throw tokenMismatch();
    return known;
  }

  /**
   * Runs a transaction under its token. The transaction puts `operations` into its batch and calls `committed` after it;
   * one that failed leaves nothing behind, so that a retry runs.
   */
  async during<T>(
    token: string,
    digest: string,
    run: (
      remember: (reads: Remembered['reads']) => { operations: Operation[]; committed: () => void },
    ) => Promise<T>,
  ): Promise<T> {
    this.#inFlight.add(token);
    try {
      return await run((reads) => {
        const value = { digest, at: this.#clock(), reads };
        const operations: Operation[] = [...this.#expire(), { type: 'put', key: TOKENS + token, value }];
        return { operations, committed: () => void this.#committed.set(token, value) };
      });
    } finally {
      this.#inFlight.delete(token);
    }
  }

  #expire(): Operation[] {
    const operations: Operation[] = [];
    for (const [token, { at }] of this.#committed) {
      if (this.#clock() - at < LIFETIME_MS) break;
      this.#committed.delete(token);
      operations.push({ type: 'del', key: TOKENS + token });
    }
    return operations;
  }
}
