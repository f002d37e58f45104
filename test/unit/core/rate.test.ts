import fc from 'fast-check';
import { expect, test } from 'vitest';
import { burstOf, intervalOf, micros, type Rate, rule } from '../../../contract/rate.ts';
import { RATES_KEPT_MS, type RateLimiter, rateLimiter } from '../../../core/access/rate.ts';
import { changeLimits, limitsView } from '../../../core/admission/limits.ts';
import { StoreUnavailable } from '../../../core/store.ts';
import { NOW, testSystem } from './test-system.ts';

const rate = fc.record(
  { perMinute: fc.integer({ min: 1, max: 60_000 }), burst: fc.integer({ min: 1, max: 2_000 }) },
  { requiredKeys: ['perMinute'] },
);
/** Pauses between requests, ms. */
const pauses = fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 200 });

/** When requests come and which of them pass. */
const played = (limit: Rate, waits: readonly number[]) => {
  let now = micros(NOW);
  let emptyAt: number | undefined;
  return waits.map((wait) => {
    now += micros(wait);
    const before = emptyAt;
    const ruling = rule(limit, before, now);
    if (ruling.pass) emptyAt = ruling.emptyAt;
    return { now, before, ruling };
  });
};

test('in any stretch of time no more pass than a burst and what the stretch is worth', () => {
  fc.assert(
    fc.property(rate, pauses, (limit, waits) => {
      const passed = played(limit, waits).filter(({ ruling }) => ruling.pass);
      for (let from = 0; from < passed.length; from++)
        for (let to = from; to < passed.length; to++) {
          const stretch = (passed[to]?.now ?? 0) - (passed[from]?.now ?? 0);
          expect(to - from + 1).toBeLessThanOrEqual(burstOf(limit) + Math.floor(stretch / intervalOf(limit)));
        }
    }),
    { numRuns: 60 },
  );
});

test('a caller within the rate is never refused, and a burst after a pause passes whole', () => {
  fc.assert(
    fc.property(rate, fc.integer({ min: 1, max: 300 }), (limit, count) => {
      const steady = Array.from({ length: count }, () => Math.ceil(intervalOf(limit) / 1000));
      expect(played(limit, steady).every(({ ruling }) => ruling.pass)).toBe(true);
      const burst = Array.from({ length: burstOf(limit) }, () => 0);
      expect(played(limit, burst).every(({ ruling }) => ruling.pass)).toBe(true);
      expect(played(limit, [...burst, 0]).at(-1)?.ruling.pass).toBe(false);
    }),
    { numRuns: 60 },
  );
});

test('a refusal names the first moment at which it would have passed', () => {
  fc.assert(
    fc.property(rate, pauses, (limit, waits) => {
      for (const { now, before, ruling } of played(limit, waits)) {
        if (ruling.pass) continue;
        expect(rule(limit, before, now + ruling.retryAfter).pass).toBe(true);
        expect(rule(limit, before, now + ruling.retryAfter - 1).pass).toBe(false);
      }
    }),
    { numRuns: 60 },
  );
});

const ANN = { id: 'k1', userId: 'ann' };
const ask = async (limiter: RateLimiter, times: number, subject = ANN) => {
  const answers = await Promise.all(Array.from({ length: times }, () => limiter(subject)));
  return { passed: answers.filter((a) => a === undefined).length, refused: answers.find((a) => a) };
};

test('if no rate is set, nothing is written, and a set rate is read once in five seconds', async () => {
  const system = testSystem({ requestsPerMinute: 0 });
  const calls: string[] = [];
  system.meanwhile = (call) => calls.push(call);
  const limiter = rateLimiter(system.deps);
  for (let n = 0; n < 20; n++) expect(await limiter(ANN)).toBeUndefined();
  expect(calls.filter((call) => call.startsWith('write'))).toEqual([]);
  expect(calls).toHaveLength(2);
  system.now += RATES_KEPT_MS;
  await limiter(ANN);
  expect(calls).toHaveLength(4);
});

test('one write counts a request, and a refusal that follows from what was seen costs none', async () => {
  const system = testSystem();
  await changeLimits(system.deps, { user: { userId: 'ann', rate: { perMinute: 60, burst: 5 } } });
  const writes: string[] = [];
  system.meanwhile = (call) => void (call.startsWith('write') && writes.push(call));
  const limiter = rateLimiter(system.deps);
  for (let n = 0; n < 5; n++) expect(await limiter(ANN)).toBeUndefined();
  expect(writes).toHaveLength(5);
  expect(await limiter(ANN)).toEqual({ limit: 60, retryAfterSeconds: 1 });
  expect(writes).toHaveLength(5);
  system.now += 1000;
  expect(await limiter(ANN)).toBeUndefined();
});

test('any number of instances at once pass no more than the rate allows', async () => {
  const system = testSystem();
  await changeLimits(system.deps, { rateDefault: { perMinute: 600, burst: 30 } });
  const instances = Array.from({ length: 8 }, () => rateLimiter(system.deps));
  const answers = await Promise.all(instances.map((limiter) => ask(limiter, 20)));
  expect(answers.reduce((sum, { passed }) => sum + passed, 0)).toBe(30);
});

test('a rate changes at run time, for all users, for one, and back', async () => {
  const system = testSystem();
  const limiter = rateLimiter(system.deps);
  const set = async (change: Parameters<typeof changeLimits>[1]) => {
    await changeLimits(system.deps, change);
    system.now += 3_600_000;
  };
  expect((await ask(limiter, 40)).passed).toBe(40);
  await set({ rateDefault: { perMinute: 10, burst: 3 } });
  expect((await ask(limiter, 40)).passed).toBe(3);
  await set({ user: { userId: 'ann', rate: { perMinute: 10, burst: 7 } } });
  expect((await ask(limiter, 40)).passed).toBe(7);
  expect((await ask(limiter, 40, { id: 'k2', userId: 'ben' })).passed).toBe(3);
  expect((await limitsView(system.deps, 'ann')).user).toMatchObject({
    rate: { perMinute: 10, burst: 7 },
    ownRate: true,
  });
  await set({ user: { userId: 'ann', rate: null } });
  expect((await ask(limiter, 40)).passed).toBe(3);
  await set({ rateDefault: null });
  expect((await ask(limiter, 40)).passed).toBe(40);
  expect(await limitsView(system.deps, 'ann')).toMatchObject({
    rateDefault: null,
    user: { rate: null, ownRate: false, own: false },
  });
});

test("a key's own rate takes the place of its user's and is counted apart", async () => {
  const system = testSystem();
  await changeLimits(system.deps, { rateDefault: { perMinute: 10, burst: 2 } });
  const limiter = rateLimiter(system.deps);
  const own = { ...ANN, rate: { perMinute: 10, burst: 6 } };
  expect((await ask(limiter, 10, own)).passed).toBe(6);
  expect((await ask(limiter, 10)).passed).toBe(2);
});

test('a database that does not answer refuses no caller', async () => {
  const system = testSystem();
  await changeLimits(system.deps, { rateDefault: { perMinute: 1 } });
  const limiter = rateLimiter(system.deps);
  system.meanwhile = () => {
    throw new StoreUnavailable('throttled');
  };
  expect((await ask(limiter, 5)).passed).toBe(5);
});
