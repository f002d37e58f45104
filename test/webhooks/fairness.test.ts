import { expect, test } from 'vitest';
import { measureFairness } from './fairness.ts';

/** Ten endpoints would hold ten deliverers; the share lets them hold five, so others are free for the other user. */
test('a user’s events arrive while ten endpoints of another user hold all that their share allows', async () => {
  const { times, held, mostHeld } = await measureFairness({ endless: 10, events: 3 });
  expect(times).toHaveLength(3);
  expect(held).toBeGreaterThan(0);
  expect(mostHeld).toBeLessThanOrEqual(5);
}, 120_000);
