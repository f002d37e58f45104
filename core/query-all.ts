import type { Deps } from './deps.ts';
import type { Item, Query } from './store.ts';

/** All pages of a query. For partitions whose size is bounded by the limits, not by time. */
export const queryAll = async (
  deps: Pick<Deps, 'store'>,
  query: Omit<Query, 'limit' | 'cursor'>,
): Promise<Item[]> => {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await deps.store.query({
      ...query,
      limit: 200,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return items;
};
