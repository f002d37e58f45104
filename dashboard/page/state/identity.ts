import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import { ApiError } from '../../../client/index.ts';
import type { CallerView } from '../../../contract/bodies/dashboard.ts';
import { mayUse, type Scope } from '../../../contract/scopes.ts';
import { berth, signInsRefused } from './server.ts';

export type Identity =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'nobody'; readonly expired: boolean }
  | { readonly kind: 'unreachable'; readonly error: unknown }
  | { readonly kind: 'somebody'; readonly me: CallerView };

/** Somebody has been signed in since the page was loaded. */
let known = false;

const current = signal<Identity>({ kind: 'unknown' });
export const identity: ReadonlySignal<Identity> = current;

/** Only inside the views, which are shown to somebody. */
export const me = computed((): CallerView => {
  const { value } = current;
  if (value.kind !== 'somebody') throw new Error('not signed in');
  return value.me;
});

/** Whether the key allows this; what it does not allow is not shown. */
export const may = (scope: Scope): boolean => {
  const { role, scopes } = me.value;
  return mayUse({ role, scopes: scopes ?? undefined }, scope);
};
export const isAdmin = computed(() => current.value.kind === 'somebody' && may('admin'));

/** Asks who the cookie stands for. */
export const identify = async (): Promise<void> => {
  try {
    current.value = { kind: 'somebody', me: await berth.me() };
    known = true;
  } catch (error) {
    const nobody = error instanceof ApiError && error.status === 401;
    current.value = nobody ? { kind: 'nobody', expired: false } : { kind: 'unreachable', error };
  }
};

/** The key goes to the server, which answers with a cookie that no script can read; it is kept nowhere here. */
export const signIn = async (key: string): Promise<void> => {
  await berth.signIn(key);
  // What was read for whoever was signed in before must not be shown to somebody else.
  if (known) location.reload();
  else await identify();
};

export const signOut = async (): Promise<void> => {
  await berth.signOut();
  current.value = { kind: 'nobody', expired: false };
};

/** A key that was revoked or a cookie that ran out ends in the sign-in view. Called once. */
export const startIdentity = (): void => {
  effect(() => {
    if (signInsRefused.value > 0 && current.peek().kind === 'somebody')
      current.value = { kind: 'nobody', expired: true };
  });
  void identify();
};
