/** The client and the table of operations are one: each method asks for an operation, and each operation has a method. */
import { expect, test } from 'vitest';
import { createClient } from '../../client/index.ts';
import type { Operation } from '../../contract/operation.ts';
import { OPERATIONS } from '../../contract/routes.ts';

/** Some of these fit each method; what does not fit asks for nothing. */
const ARGUMENTS: readonly (readonly unknown[])[] = [
  [],
  ['a'],
  [{}],
  ['a', 'b'],
  ['a', {}],
  ['a', 'b', ['c']],
];

/** Every request that some method makes, as `GET /api/sessions/a`. */
const requestsOf = async (client: object, made: Set<string>): Promise<Set<string>> => {
  for (const member of Object.values(client)) {
    if (typeof member === 'object' && member !== null) await requestsOf(member, made);
    if (typeof member !== 'function') continue;
    for (const args of ARGUMENTS) {
      try {
        const answer: unknown = member(...args);
        const pages = answer as Partial<AsyncGenerator>;
        await (pages?.next ? pages.next() : answer);
      } catch {
        // No request is answered; the requests are what counts.
      }
    }
  }
  return made;
};

const matches = ({ method, path }: Operation, request: string): boolean =>
  new RegExp(`^${method} ${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(request);

test('every method asks for an operation of the API, and every operation for programs has a method', async () => {
  const requests = new Set<string>();
  const record: typeof fetch = async (address, options) => {
    requests.add(`${options?.method} ${new URL(String(address)).pathname}`);
    return new Response('', { status: 400 });
  };
  for (const apiKey of ['key', undefined])
    await requestsOf(
      createClient({ baseUrl: 'http://berth.invalid', apiKey, fetch: record, retries: 0 }),
      requests,
    );
  expect(requests.size).toBeGreaterThan(20);
  const known = OPERATIONS.filter(({ auth }) => auth !== 'worker');
  expect([...requests].filter((request) => !known.some((operation) => matches(operation, request)))).toEqual(
    [],
  );
  /** Clients of WAHA ask for them: paths that were given up, and what the engine cannot do. */
  const isForOthers = ({ summary, responses }: Operation) =>
    summary.startsWith('Deprecated:') || Object.keys(responses).length === 0;
  const forPrograms = known.filter(
    (operation) =>
      operation.tag !== undefined && operation.tag !== 'Documentation' && !isForOthers(operation),
  );
  expect(
    forPrograms
      .filter((operation) => ![...requests].some((request) => matches(operation, request)))
      .map(({ id }) => id),
  ).toEqual([]);
});
