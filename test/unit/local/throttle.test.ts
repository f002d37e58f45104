import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { StageThrottle, TokenBucket } from '../../../local/api/throttle.ts';

const throttles = fc.record({
  rate: fc.integer({ min: 1, max: 500 }),
  burst: fc.integer({ min: 1, max: 500 }),
});
/** ms between requests. */
const gaps = fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 300 });

test('in any stretch of time no more pass than a burst and what the stretch is worth', () => {
  fc.assert(
    fc.property(throttles, gaps, (throttle, between) => {
      const bucket = new TokenBucket(throttle, 0);
      let now = 0;
      const passedAt: number[] = [];
      for (const gap of between) {
        now += gap;
        if (bucket.take(now)) passedAt.push(now);
      }
      for (const [i, from] of passedAt.entries()) {
        const seconds = (now - from) / 1000;
        expect(passedAt.length - i).toBeLessThanOrEqual(throttle.burst + seconds * throttle.rate + 1e-6);
      }
    }),
  );
});

test('who asks no faster than the rate is never refused', () => {
  fc.assert(
    fc.property(throttles, fc.nat({ max: 200 }), (throttle, requests) => {
      const bucket = new TokenBucket(throttle, 0);
      const everyMs = Math.ceil(1000 / throttle.rate);
      for (let n = 0; n < requests; n++) expect(bucket.take(n * everyMs)).toBe(true);
    }),
  );
});

test('a clock that is set back adds no tokens and refuses no caller permanently', () => {
  const bucket = new TokenBucket({ rate: 1, burst: 1 }, 10_000);
  expect(bucket.take(10_000)).toBe(true);
  expect(bucket.take(0)).toBe(false);
  expect(bucket.take(1_000)).toBe(true);
});

test('a route with its own throttle shares it with no other, and the others share the default', () => {
  const stage = new StageThrottle(
    { byDefault: { rate: 1, burst: 2 }, byRoute: { 'GET /own': { rate: 1, burst: 1 } } },
    () => 0,
  );
  expect(['GET /own', 'GET /own'].map((route) => stage.take(route))).toEqual([true, false]);
  expect(['GET /a', 'GET /b', 'GET /c'].map((route) => stage.take(route))).toEqual([true, true, false]);
});
