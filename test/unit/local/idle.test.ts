import { expect, test } from 'vitest';
import { idleMs } from '../../../local/runtime/idle.ts';

const SHORT = 10_000;
const LONG = 120_000;
const at = Date.UTC(2026, 0, 1);

test.each([
  ['another instance of the function is there', false, at, at - 1, SHORT],
  ['loaded ahead, not invoked yet', true, undefined, undefined, LONG],
  ['invoked once', true, at, undefined, SHORT],
  ['invoked every minute', true, at, at - 60_000, LONG],
  ['invoked every two minutes', true, at, at - LONG, LONG],
  ['invoked every five minutes', true, at, at - 300_000, SHORT],
])('an idle instance: %s', (_, isLast, latestAt, previousAt, expected) => {
  expect(idleMs({ isLast, latestAt, previousAt })).toBe(expected);
});
