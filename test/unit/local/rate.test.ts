import { expect, test } from 'vitest';
import { rateMs } from '../../../local/triggers/rate.ts';

test.each([
  ['rate(1 minute)', 60_000],
  ['rate(5 minutes)', 300_000],
  ['rate(2 hours)', 7_200_000],
  ['rate(1 day)', 86_400_000],
])('%s', (expression, ms) => {
  expect(rateMs(expression)).toBe(ms);
});

test.each(['cron(0 12 * * ? *)', 'rate(0 minutes)', 'rate(5 weeks)', ''])(
  '%s is refused, not ignored',
  (expression) => {
    expect(() => rateMs(expression)).toThrow(/rate\(…\) schedules only/);
  },
);
