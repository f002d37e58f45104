import * as z from 'zod';

/**
 * The permissions of a key, as a closed set. A key without scopes may do all that its role allows.
 *
 * sessions:read   look at sessions, their events and deliveries, statistics, limits
 * sessions:write  create, change, start, stop, link and delete sessions; QR and pairing codes are for this
 * messages:read   chats, messages, contacts, groups
 * messages:send   send, react, mark as read, manage groups; and read the results
 * metrics         numbers about all users, without names: only a key that names it may read them
 * admin           everything, for every user: a key that may make keys may make one with more scopes
 */
export const scopeSchema = z.enum([
  'sessions:read',
  'sessions:write',
  'messages:read',
  'messages:send',
  'metrics',
  'admin',
]);
export type Scope = z.infer<typeof scopeSchema>;

type Holder = {
  readonly role: 'admin' | 'user';
  readonly scopes?: readonly Scope[] | undefined;
};

/** The scopes that a user's role does not give to a key without scopes: they are about all users. */
const BEYOND_USERS: readonly Scope[] = ['metrics', 'admin'];

/** Whether a key may use routes of this scope. */
export const mayUse = ({ role, scopes }: Holder, scope: Scope): boolean =>
  (role === 'admin' && (scopes?.includes('admin') ?? true)) ||
  (scope !== 'admin' && (scopes?.includes(scope) ?? !BEYOND_USERS.includes(scope)));
