import type { Control } from '../control.ts';
import { DUE_BUCKETS } from '../items.ts';
import type { Item } from '../store.ts';

type Needs = Pick<Control, 'store' | 'clock'>;

/** For Retry-After of a global refusal: seconds until the next slot is expected back; 1 to 60, a hint. */
export const secondsUntilRoom = async (control: Needs): Promise<number> => {
  const pages = await Promise.all(
    DUE_BUCKETS.map((bucket) => control.store.query({ index: 'due', partition: bucket, limit: 25 })),
  );
  return secondsUntilFirst(
    control,
    pages.flatMap((page) => page.items),
  );
};

/** The same for one user's limit. */
export const secondsUntilUserRoom = async (control: Needs, userId: string): Promise<number> => {
  const page = await control.store.query({ index: 'byUser', partition: userId, limit: 100 });
  return secondsUntilFirst(control, page.items);
};

const secondsUntilFirst = (control: Needs, items: readonly Item[]): number => {
  const ends = items.flatMap(({ expectedEndAt }) =>
    typeof expectedEndAt === 'number' ? [expectedEndAt] : [],
  );
  const seconds = Math.ceil((Math.min(...ends) - control.clock()) / 1000);
  return Math.max(1, Math.min(60, seconds));
};
