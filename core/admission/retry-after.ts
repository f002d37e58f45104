import type { Deps } from '../deps.ts';
import { DUE_BUCKETS } from '../items.ts';
import type { Item } from '../store.ts';

type Needs = Pick<Deps, 'store' | 'clock'>;

/** For Retry-After of a global refusal: seconds until the next slot is expected back; 1 to 60, a hint. */
export const secondsUntilRoom = async (deps: Needs): Promise<number> => {
  const pages = await Promise.all(
    DUE_BUCKETS.map((bucket) => deps.store.query({ index: 'due', partition: bucket, limit: 25 })),
  );
  return secondsUntilFirst(
    deps,
    pages.flatMap((page) => page.items),
  );
};

/** The same for one user's limit. */
export const secondsUntilUserRoom = async (deps: Needs, userId: string): Promise<number> => {
  const page = await deps.store.query({ index: 'byUser', partition: userId, limit: 100 });
  return secondsUntilFirst(deps, page.items);
};

const secondsUntilFirst = (deps: Needs, items: readonly Item[]): number => {
  const ends = items.flatMap(({ expectedEndAt }) =>
    typeof expectedEndAt === 'number' ? [expectedEndAt] : [],
  );
  const seconds = Math.ceil((Math.min(...ends) - deps.clock()) / 1000);
  return Math.max(1, Math.min(60, seconds));
};
