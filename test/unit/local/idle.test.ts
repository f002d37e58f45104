import { expect, test } from 'vitest';
import { idleMs } from '../../../local/runtime/idle.ts';

const SHORT = 3_000;
const OFTEN = 45_000;
const ALWAYS = 2 ** 31 - 1;
const at = Date.UTC(2026, 0, 1);

test.each([
  ['another instance of the function is there', { isLast: false }, at, at - 1, SHORT],
  ['another one, of a function that was loaded ahead', { isLast: false, isKept: true }, at, at - 1, SHORT],
  ['loaded ahead, not invoked yet', { isKept: true }, undefined, undefined, ALWAYS],
  ['loaded ahead, invoked once', { isKept: true }, at, undefined, ALWAYS],
  ['not invoked', {}, undefined, undefined, SHORT],
  ['invoked once', {}, at, undefined, SHORT],
  ['invoked every second', {}, at, at - 1_000, OFTEN],
  ['invoked as often as it is kept', {}, at, at - OFTEN, OFTEN],
  ['invoked every minute', {}, at, at - 60_000, SHORT],
])('an idle instance: %s', (_, use, latestAt, previousAt, expected) => {
  expect(idleMs({ isLast: true, isKept: false, ...use, latestAt, previousAt })).toBe(expected);
});
