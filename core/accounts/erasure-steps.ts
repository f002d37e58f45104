/** Steps that the erasures of sessions and of users share. */
import type { Deps } from '../deps.ts';
import type { Key, Query } from '../store.ts';

/** A worker's signed URLs are good for 15 minutes; a delivery takes 30 s. After this nothing of before is under way. */
export const SECOND_PASS_MS = 20 * 60_000;

const PAGE = 100;

/** Deletes the items of a query, `before` each of them; how many. */
export const eraseEach = async (
  deps: Pick<Deps, 'store'>,
  query: Pick<Query, 'partition' | 'prefix'>,
  before: (key: Key) => Promise<void> = async () => {},
): Promise<number> => {
  let count = 0;
  for (;;) {
    const { items } = await deps.store.query({ ...query, limit: PAGE });
    for (const { pk, sk } of items) {
      const key = { pk: String(pk), sk: String(sk) };
      await before(key);
      await deps.store.write({ kind: 'delete', key });
      count += 1;
    }
    if (items.length < PAGE) return count;
  }
};
