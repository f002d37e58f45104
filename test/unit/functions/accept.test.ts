import { expect, test } from 'vitest';
import { prefersJson } from '../../../functions/edge/accept.ts';

test.each([
  ['application/json', true],
  ['application/json; charset=utf-8', true],
  ['application/json, */*;q=0.5', true],
  ['image/png;q=0.8, application/json', true],
  // The header of axios: a PNG, as from WAHA.
  ['application/json, text/plain, */*', false],
  ['application/json;q=0.5, image/png', false],
  ['image/png', false],
  ['*/*', false],
  ['', false],
])('Accept: %s asks for JSON: %s', (accept, wanted) => {
  expect(prefersJson(accept)).toBe(wanted);
});
