/**
 * Maps the answer of a webhook's endpoint to the next step.
 *
 *   delivered  the event is done
 *   permanent  the same request can only fail again: it becomes a dead letter at once, and the events behind it continue
 *   retry      time or the operator may help: again, as the webhook's policy says
 *
 * Sources: RFC 9110 §15, RFC 6585. The reason for each 4xx: docs/decisions/2026-11-28-webhook-answers.md.
 */
type AnswerKind = 'delivered' | 'permanent' | 'retry';

/** Statuses that do not follow the rule of their class. */
const BY_STATUS: ReadonlyMap<number, AnswerKind> = new Map([
  // Moved permanently: redirects are not followed, so only a new URL helps.
  [301, 'permanent'],
  [308, 'permanent'],
  // The operator mends a key, a path or a gateway without a change at Berth.
  [401, 'retry'],
  [402, 'retry'],
  [403, 'retry'],
  [404, 'retry'],
  [407, 'retry'],
  // The request may succeed as it is.
  [408, 'retry'],
  [409, 'retry'],
  [421, 'retry'],
  [423, 'retry'],
  [424, 'retry'],
  [425, 'retry'],
  [429, 'retry'],
  // The server will never know how.
  [501, 'permanent'],
  [505, 'permanent'],
]);

const BY_CLASS: Readonly<Record<number, AnswerKind>> = {
  2: 'delivered',
  // 302, 303, 307: a detour that may end, as for maintenance.
  3: 'retry',
  // 400, 405, 406, 410, 411, 413, 414, 415, 422, 431, 451 …: this request is refused.
  4: 'permanent',
  5: 'retry',
};

/** The next step after an endpoint's status. A status outside of HTTP's classes is retried. */
export const answerKind = (status: number): AnswerKind =>
  BY_STATUS.get(status) ?? BY_CLASS[Math.trunc(status / 100)] ?? 'retry';

/**
 * The header Retry-After in seconds from `now` (ms), never negative; undefined if there is none that can be read. It
 * is a number of seconds or a date (RFC 9110 §10.2.3).
 */
export const parseRetryAfter = (header: string | undefined, now: number): number | undefined => {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const at = /GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
};
