import * as z from 'zod';

/**
 * What a key may do, as a closed set. A key without scopes may do all that its role allows.
 *
 * sessions:read   look at sessions, their events and deliveries, statistics, limits
 * sessions:write  create, change, start, stop, link and delete sessions; QR and pairing codes are for this
 * messages:read   chats, messages, contacts, groups
 * messages:send   send, react, mark as read, manage groups; and hear what became of it
 * admin           everything, for everybody: whoever may make keys may make one that may do more
 */
export const scopeSchema = z.enum([
  'sessions:read',
  'sessions:write',
  'messages:read',
  'messages:send',
  'admin',
]);
export type Scope = z.infer<typeof scopeSchema>;

type Named = {
  readonly method: string;
  /** As in the table of routes, with `{name}` parameters. */
  readonly path: string;
  readonly auth: 'none' | 'key' | 'admin' | 'worker';
};

/** About sessions as such: under `/api/sessions`, what happens to them, and how full it is. */
const ABOUT_SESSIONS = /^\/api\/(sessions|events|stats|limits|health)(\/|$)/;
const LINKING = /^\/api\/\{\w+\}\/auth\//;
const COMMANDS = /^\/api\/commands\//;
/** Who a caller is may be asked with any key. */
const WHO = '/api/me';

/**
 * The scope that a route asks for, by its shape, so that a new route has one; undefined where no key is asked for, or
 * any will do.
 * What is not about sessions is about what they hold: messages.
 */
export const scopeOf = ({ method, path, auth }: Named): Scope | undefined => {
  if (auth === 'none' || auth === 'worker' || path === WHO) return undefined;
  if (auth === 'admin') return 'admin';
  if (LINKING.test(path)) return 'sessions:write';
  if (COMMANDS.test(path)) return 'messages:send';
  if (ABOUT_SESSIONS.test(path)) return method === 'GET' ? 'sessions:read' : 'sessions:write';
  return method === 'GET' ? 'messages:read' : 'messages:send';
};

type Holder = {
  readonly role: 'admin' | 'user';
  readonly scopes?: readonly Scope[] | undefined;
};

/** Whether a key may use routes of this scope. */
export const mayUse = ({ role, scopes }: Holder, scope: Scope): boolean =>
  (role === 'admin' && (scopes?.includes('admin') ?? true)) ||
  (scope !== 'admin' && (scopes?.includes(scope) ?? true));
