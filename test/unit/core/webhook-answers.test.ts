import { expect, test } from 'vitest';
import { answerKind, parseRetryAfter } from '../../../core/events/webhook-answers.ts';
import { retryDelaySeconds } from '../../../core/events/webhooks.ts';

test('an answer that refuses the request is permanent, one that time or the operator may change is retried (F22)', () => {
  const kinds = (kind: string) =>
    Array.from({ length: 500 }, (_, i) => i + 100).filter((status) => answerKind(status) === kind);
  expect(kinds('delivered')).toEqual(Array.from({ length: 100 }, (_, i) => 200 + i));
  for (const status of [301, 308, 400, 405, 406, 410, 411, 413, 414, 415, 422, 431, 451, 501, 505])
    expect([status, answerKind(status)]).toEqual([status, 'permanent']);
  for (const status of [
    0, 302, 307, 401, 402, 403, 404, 407, 408, 409, 421, 423, 424, 425, 429, 500, 502, 503, 504,
  ])
    expect([status, answerKind(status)]).toEqual([status, 'retry']);
});

test('Retry-After is read as seconds and as a date, and is ignored if it is neither (F22)', () => {
  const now = Date.UTC(2026, 0, 1);
  expect(parseRetryAfter('120', now)).toBe(120);
  expect(parseRetryAfter('Thu, 01 Jan 2026 00:01:30 GMT', now)).toBe(90);
  expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
  for (const text of [undefined, '', '-1', '1.5', 'soon', '99999999999'])
    expect(parseRetryAfter(text, now)).toBeUndefined();
});

test('an endpoint that asks for a wait gets it, up to an hour and within the attempts (F22)', () => {
  const hook = {
    url: 'https://example.com',
    events: ['*' as const],
    retries: { policy: 'constant' as const, delaySeconds: 3, attempts: 2 },
  };
  expect(retryDelaySeconds(hook, 1, 0, 120)).toBe(120);
  expect(retryDelaySeconds(hook, 1, 0.999, 120)).toBeLessThanOrEqual(132);
  expect(retryDelaySeconds(hook, 1, 0, 1)).toBe(3);
  expect(retryDelaySeconds(hook, 1, 0, 1e9)).toBe(3600);
  expect(retryDelaySeconds(hook, 2, 0, 120)).toBeUndefined();
});
