import { expect, test } from 'vitest';
import { RETRY, retryTransient } from '../../../core/retry.ts';
import { StoreAmbiguous, StoreConflict, StoreCursorRefused, StoreUnavailable } from '../../../core/store.ts';

/** Virtual time for many callers: the earliest sleeper wakes once all are idle. */
const virtualTime = () => {
  let now = 0;
  const sleepers: { at: number; wake: () => void }[] = [];
  return {
    clock: () => now,
    sleep: (ms: number) => new Promise<void>((wake) => sleepers.push({ at: now + ms, wake })),
    run: async (work: Promise<unknown>): Promise<void> => {
      let over = false;
      void work.finally(() => {
        over = true;
      });
      while (!over) {
        for (let n = 0; n < 10; n++) await Promise.resolve();
        const next = sleepers.toSorted((a, b) => a.at - b.at)[0];
        if (!next) continue;
        sleepers.splice(sleepers.indexOf(next), 1);
        now = next.at;
        next.wake();
      }
    },
  };
};

/** mulberry32 */
const seeded = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

test('sixteen callers who never pause all get their turns on one item that each holds for 10 to 20 ms', async () => {
  const time = virtualTime();
  const random = seeded(1);
  const deps = { clock: time.clock, sleep: time.sleep, ids: { random } };
  let heldUntil = 0;
  let turns = 0;
  let exhausted = 0;
  const takeTurn = async () => {
    if (heldUntil > time.clock()) return RETRY;
    heldUntil = time.clock() + 10 + 10 * random();
    await time.sleep(heldUntil - time.clock());
    return 1;
  };
  const caller = async () => {
    for (let n = 0; n < 100; n++) {
      await time.sleep(5);
      const turn = await retryTransient<number>(deps, 12_000, takeTurn, () => {
        exhausted += 1;
        return 0;
      });
      turns += turn;
    }
  };
  await time.run(Promise.all(Array.from({ length: 16 }, caller)));
  expect({ turns, exhausted }).toEqual({ turns: 1600, exhausted: 0 });
});

test('a passing fault of the database asks for another attempt, any other error ends them', async () => {
  const deps = { clock: () => 0, sleep: async () => {}, ids: { random: () => 0 } };
  const faults = [new StoreConflict(), new StoreUnavailable(), new StoreAmbiguous()];
  const last = new StoreCursorRefused();
  const attempts: number[] = [];
  const outcome = retryTransient<never>(
    deps,
    12_000,
    async (n) => {
      attempts.push(n);
      throw faults[n] ?? last;
    },
    () => {
      throw new Error('exhausted');
    },
  );
  await expect(outcome).rejects.toBe(last);
  expect(attempts).toEqual([0, 1, 2, 3]);
});
