import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import { ApiError } from '../../../client/index.ts';
import type { CallerView } from '../../../contract/bodies/dashboard.ts';
import { mayUse, type Scope } from '../../../contract/scopes.ts';
import { berth, signInsRefused } from './server.ts';

type Identity =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'signedOut'; readonly expired: boolean }
  | { readonly kind: 'unreachable'; readonly error: unknown }
  | { readonly kind: 'signedIn'; readonly me: CallerView };

/** A user has been signed in since the page was loaded. */
let known = false;

const current = signal<Identity>({ kind: 'unknown' });
export const identity: ReadonlySignal<Identity> = current;

/** Only inside the views, which need a signed-in user. */
export const me = computed((): CallerView => {
  const { value } = current;
  if (value.kind !== 'signedIn') throw new Error('not signed in');
  return value.me;
});

/** Whether the key allows this; what it does not allow is not shown. */
export const may = (scope: Scope): boolean => {
  const { role, scopes } = me.value;
  return mayUse({ role, scopes: scopes ?? undefined }, scope);
};
export const isAdmin = computed(() => current.value.kind === 'signedIn' && may('admin'));

/** Asks for the owner of the cookie. */
export const identify = async (): Promise<void> => {
  try {
    current.value = { kind: 'signedIn', me: await berth.me() };
    known = true;
  } catch (error) {
    const signedOut = error instanceof ApiError && error.status === 401;
    current.value = signedOut ? { kind: 'signedOut', expired: false } : { kind: 'unreachable', error };
  }
};

/** The key goes to the server, which answers with a cookie that no script can read; it is kept nowhere here. */
export const signIn = async (key: string): Promise<void> => {
  await berth.signIn(key);
  // Data of the user who was signed in before must not be shown to another user.
  if (known) location.reload();
  else await identify();
};

export const signOut = async (): Promise<void> => {
  await berth.signOut();
  current.value = { kind: 'signedOut', expired: false };
};

/** A key that was revoked or a cookie that ran out ends in the sign-in view. Called once. */
export const startIdentity = (): void => {
  effect(() => {
    if (signInsRefused.value > 0 && current.peek().kind === 'signedIn')
      current.value = { kind: 'signedOut', expired: true };
  });
  void identify();
};
