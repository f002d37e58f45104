/**
 * Fair share of deliveries: how many attempts of one user may be under way at once. The deliverer's concurrency is
 * finite, and an endpoint that never answers takes ten seconds of it; without a share, one user's endpoints take all.
 *
 * One item a user with an attribute for each place: `p0`, `p1` …, its value the time (ms) at which the place is free
 * again in any case. A deliverer that dies gives its place back by that time.
 */
import { Problem } from '../../contract/errors.ts';
import { boundOf } from '../access/bounds.ts';
import type { Deps } from '../deps.ts';
import { deliveringKey, TTL_ATTRIBUTE } from '../items.ts';
import { absent, eq, type Item, le, or } from '../store.ts';

/** Longer than an attempt takes, with its reads and writes. */
const LEASE_MS = 20_000;
const KEEP_SECONDS = 3600;

type DeliveryPermit = { readonly attribute: string; readonly until: number };

const free = (item: Item | undefined, size: number, now: number): string[] =>
  Array.from({ length: size }, (_, n) => `p${n}`).filter((attribute) => {
    const until = item?.[attribute];
    return typeof until !== 'number' || until <= now;
  });

/**
 * A place for one attempt; `full`: the user's are all taken. One write if there is room. If the database does not
 * answer, the attempt is made without a place: Berth's own fault must not delay deliveries.
 */
export const acquirePermit = async (
  deps: Pick<Deps, 'store' | 'clock' | 'ids' | 'log'>,
  userId: string,
  size: number,
): Promise<DeliveryPermit | 'full' | undefined> => {
  try {
    return await findPermit(deps, userId, size);
  } catch (error) {
    deps.log.warn('a delivery was not counted against the share of its user', { error: String(error) });
    return undefined;
  }
};

const findPermit = async (
  deps: Pick<Deps, 'store' | 'clock' | 'ids'>,
  userId: string,
  size: number,
): Promise<DeliveryPermit | 'full'> => {
  const key = deliveringKey(userId);
  let candidates = Array.from({ length: size }, (_, n) => `p${n}`);
  // Each round that fails has seen a place taken by another, so the rounds are as many as there are places.
  for (let round = 0; round <= size; round++) {
    const attribute = candidates[Math.floor(deps.ids.random() * candidates.length)];
    if (attribute === undefined) return 'full';
    const now = deps.clock();
    const until = now + LEASE_MS;
    const { ok, item } = await deps.store.write({
      kind: 'update',
      key,
      set: { [attribute]: until, [TTL_ATTRIBUTE]: Math.ceil(until / 1000) + KEEP_SECONDS },
      condition: or(absent(attribute), le(attribute, now)),
    });
    if (ok) return { attribute, until };
    candidates = free(item, size, now);
  }
  return 'full';
};

/**
 * For a caller who asks for deliveries of one user: throws the Problem of the bound `deliveries` (429) while the user's
 * places are all taken. What was asked for would only wait behind them. Events themselves are never refused; they wait.
 */
export const requireShare = async (
  deps: Pick<Deps, 'store' | 'clock' | 'settings'>,
  userId: string,
): Promise<void> => {
  const [item, limit] = await Promise.all([
    deps.store.get(deliveringKey(userId)),
    boundOf(deps, userId, 'deliveries'),
  ]);
  const now = deps.clock();
  if (free(item, limit, now).length > 0) return;
  throw new Problem(
    'too_many',
    `All ${limit} webhook deliveries that the user may have at once are under way; try again later.`,
    { scope: 'deliveries', limit, active: limit, retryAfterSeconds: LEASE_MS / 1000 },
  );
};

/** Gives a place back, unless it ran out and is another's by now. A failure is logged: the place runs out by itself. */
export const releasePermit = async (
  deps: Pick<Deps, 'store' | 'log'>,
  userId: string,
  { attribute, until }: DeliveryPermit,
): Promise<void> => {
  try {
    await deps.store.write({
      kind: 'update',
      key: deliveringKey(userId),
      remove: [attribute],
      condition: eq(attribute, until),
    });
  } catch (error) {
    deps.log.warn('a place for deliveries was not given back', { error: String(error) });
  }
};
