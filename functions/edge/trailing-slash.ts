import { PUBLIC_OPERATIONS } from '../../contract/public-operations.ts';

/** One path of a shared operation, as an expression over the path as it was sent. */
const expressionOf = (path: string): RegExp =>
  new RegExp(
    `^${path
      .split('/')
      .map((part) => (/^\{.+\}$/.test(part) ? '[^/]+' : part.replaceAll('.', '\\.')))
      .join('/')}$`,
  );

const SHARED = Object.values(PUBLIC_OPERATIONS)
  .filter((operation) => 'waha' in operation)
  .map(({ method, path }) => ({ method, path: expressionOf(path) }));

/**
 * The path without its slash at the end, if it is one that Berth shares with WAHA, which takes both. It begins with the
 * operation's own first segment, so it never leads to another host.
 */
export const withoutTrailingSlash = (method: string, rawPath: string): string | undefined => {
  if (!rawPath.endsWith('/')) return undefined;
  const path = rawPath.slice(0, -1);
  return SHARED.some((one) => one.method === method && one.path.test(path)) ? path : undefined;
};
