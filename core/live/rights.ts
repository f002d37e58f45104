/** The live events that each key may receive. */
import { ALL_USERS } from '../../contract/bodies/live.ts';
import { mayUse, type Scope } from '../../contract/scopes.ts';
import type { ApiKey } from '../access/keys.ts';
import { asksFor } from '../events/webhooks.ts';
import type { LiveEntry } from './topics.ts';

/** A key, as far as its rights depend on it. */
export type Holder = Pick<ApiKey, 'userId' | 'role' | 'scopes' | 'sessions'>;

/** The requested events of a connection. */
type Filter = { readonly sessions: readonly string[]; readonly events: readonly string[] };

/** The scope that a key needs to be sent an event. Codes link an account, so they are for those who may link. */
export const scopeOf = (event: string): Exclude<Scope, 'admin'> =>
  event === 'session.code'
    ? 'sessions:write'
    : event.startsWith('session.')
      ? 'sessions:read'
      : 'messages:read';

/** Whether a key may follow a topic: its own user's, or, for an admin's key of all sessions, any. */
export const mayFollow = ({ userId, role, sessions }: Holder, topic: string): boolean =>
  topic === userId || (role === 'admin' && sessions === undefined);

/** Whether a key has the scope of anything that these names ask for. */
export const mayBeSentSome = (holder: Holder, events: readonly string[]): boolean =>
  events.some((event) =>
    event === '*'
      ? mayUse(holder, 'sessions:read') || mayUse(holder, 'messages:read')
      : mayUse(holder, scopeOf(event)),
  );

/** Whether an entry goes to a connection: it was asked for, and the key may see it. */
export const isFor = (holder: Holder, topic: string, filter: Filter, entry: LiveEntry): boolean => {
  const { session, event } = entry;
  const asked =
    (filter.sessions.includes('*') || filter.sessions.includes(session)) && asksFor(filter.events, event);
  return (
    asked &&
    mayUse(holder, scopeOf(event)) &&
    // Names of sessions mean nothing among all users.
    (topic === ALL_USERS || (holder.sessions?.includes(session) ?? true))
  );
};
