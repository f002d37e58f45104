import { expect, test } from 'vitest';
import { idleMs } from '../../../local/runtime/idle.ts';

const SHORT = 3_000;
const OFTEN = 45_000;
const AHEAD = 120_000;
const at = Date.UTC(2026, 0, 1);

test.each([
  ['another instance of the function is there', false, at, at - 1, SHORT],
  ['loaded ahead, not invoked yet', true, undefined, undefined, AHEAD],
  ['invoked once', true, at, undefined, SHORT],
  ['invoked every second', true, at, at - 1_000, OFTEN],
  ['invoked as often as it is kept', true, at, at - OFTEN, OFTEN],
  ['invoked every minute', true, at, at - 60_000, SHORT],
])('an idle instance: %s', (_, isLast, latestAt, previousAt, expected) => {
  expect(idleMs({ isLast, latestAt, previousAt })).toBe(expected);
});
