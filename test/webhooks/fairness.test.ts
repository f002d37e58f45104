import { expect, test } from 'vitest';
import { measureFairness } from './fairness.ts';

/** An attempt times out after ten seconds: before that, five deliverers had been taken by five such endpoints. */
test('a user’s events arrive while ten endpoints of another user hold all that their share allows', async () => {
  const { times, held, timedOut } = await measureFairness({ endless: 10, events: 3 });
  expect(times).toHaveLength(3);
  expect(held).toBeGreaterThan(0);
  expect(held).toBeLessThanOrEqual(5);
  expect(timedOut).toBe(0);
}, 120_000);
