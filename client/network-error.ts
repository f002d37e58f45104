import { UnreachableError } from './errors.ts';

/** What `fetch` rejected with, as one closed kind. Its message is never repeated: it may quote a header's value. */
export const networkError = (thrown: unknown, baseUrl: string): UnreachableError => {
  if (nameOf(thrown) === 'TimeoutError')
    return new UnreachableError('timeout', baseUrl, 'no response in time');
  const codes = codesOf(thrown);
  if (codes.includes('ECONNREFUSED')) return new UnreachableError('refused', baseUrl, 'connection refused');
  return new UnreachableError('network', baseUrl, codes[0] ?? 'network error');
};

const nameOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : '');

/** Node hides the system's code in `cause`, and behind an AggregateError if a name has several addresses. */
const codesOf = (thrown: unknown, depth = 0): string[] => {
  if (typeof thrown !== 'object' || thrown === null || depth > 5) return [];
  const own = 'code' in thrown && typeof thrown.code === 'string' ? [thrown.code] : [];
  const parts: unknown[] = thrown instanceof AggregateError ? thrown.errors : [];
  const cause = 'cause' in thrown ? thrown.cause : undefined;
  return [...own, ...[cause, ...parts].flatMap((part) => codesOf(part, depth + 1))];
};
