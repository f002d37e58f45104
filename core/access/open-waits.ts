/**
 * How many requests of one user wait at once. A request that waits (a long poll) holds one execution of a function for
 * up to 25 s, and an account has a fixed number of those. Without a cap, one key can occupy all of them.
 *
 * Each wait is an item of the user's own partition, put before it counts the others:
 *
 *   put mine ── read all, consistently ── rank by (begin, id) within the cap? ── wait ── delete mine
 *                                          └─ beyond it: delete mine, refuse
 *
 * Of several at the same moment each sees the others, so those that rank first stay. An item of a function that died
 * stops counting at its `until`, and the database removes it later.
 */
import * as z from 'zod';
import { Problem } from '../../contract/errors.ts';
import type { Deps } from '../deps.ts';
import { openWaitKey, openWaitsPartition, TTL_ATTRIBUTE } from '../items.ts';
import { isTransient } from '../store.ts';
import { boundOf } from './bounds.ts';

const waitSchema = z.object({ sk: z.string(), until: z.number() });

type Needs = Pick<Deps, 'store' | 'clock' | 'ids' | 'settings' | 'log'>;

/** A function may be slower than the wait that it was asked for. */
const SLACK_MS = 5_000;
/** Kept longer than it counts, since the database removes expired items late and by its own clock. */
const KEPT_SECONDS = 60;

/**
 * Runs `wait`, which takes up to `waitMs`, as one of the user's open waits.
 *
 * @throws Problem `too_many` with the scope `waits` if the user has as many already. A database that does not answer
 * refuses no caller.
 */
export const withOpenWait = async <T>(
  deps: Needs,
  userId: string,
  waitMs: number,
  wait: () => Promise<T>,
): Promise<T> => {
  if (waitMs <= 0) return wait();
  const id = await begin(deps, userId, waitMs);
  try {
    return await wait();
  } finally {
    if (id !== undefined) await end(deps, userId, id);
  }
};

const begin = async (deps: Needs, userId: string, waitMs: number): Promise<string | undefined> => {
  const now = deps.clock();
  const until = now + waitMs + SLACK_MS;
  const id = `${String(now).padStart(15, '0')}#${deps.ids.eventId()}`;
  const key = openWaitKey(userId, id);
  try {
    const expires = { [TTL_ATTRIBUTE]: Math.ceil(until / 1000) + KEPT_SECONDS };
    const [limit] = await Promise.all([
      boundOf(deps, userId, 'waits'),
      deps.store.write({ kind: 'put', key, item: { ...key, until, ...expires } }),
    ]);
    const open = (await openWaits(deps, userId, limit)).filter((each) => each.until > now);
    const rank = open.findIndex(({ sk }) => sk === id);
    if (rank >= 0 && rank < limit) return id;
    if (rank < 0 && open.length < limit) return id;
    await end(deps, userId, id);
    const soonest = Math.min(...open.filter(({ sk }) => sk !== id).map((each) => each.until));
    const retryAfterSeconds = Math.max(1, Math.min(MOST_RETRY_SECONDS, Math.ceil((soonest - now) / 1000)));
    throw new Problem(
      'too_many',
      `${limit} requests of this user wait already; end one of them, or try again in ${retryAfterSeconds} s. A request with wait=0 is answered at once.`,
      { scope: 'waits', limit, active: limit, retryAfterSeconds },
    );
  } catch (error) {
    if (!isTransient(error)) throw error;
    deps.log.warn('a waiting request was not counted', { error: String(error) });
    return id;
  }
};

/** Waits end early if the awaited change happens. */
const MOST_RETRY_SECONDS = 10;
/** Left over by functions that died, until the database removes them. */
const ROOM_FOR_DEAD = 200;

/** The user's waits, oldest first: those that count, and ended ones that are still there. */
const openWaits = async (deps: Needs, userId: string, limit: number) => {
  const partition = openWaitsPartition(userId);
  const { items } = await deps.store.query({ partition, limit: limit + ROOM_FOR_DEAD });
  return items.flatMap((item) => {
    const parsed = waitSchema.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
};

const end = async (deps: Needs, userId: string, id: string): Promise<void> => {
  try {
    await deps.store.write({ kind: 'delete', key: openWaitKey(userId, id) });
  } catch (error) {
    if (!isTransient(error)) throw error;
    deps.log.warn('a wait that ended still counts until its time has passed', { error: String(error) });
  }
};
