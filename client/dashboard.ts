import {
  type CallerView,
  callerViewSchema,
  type HistoryView,
  historyViewSchema,
} from '../contract/bodies/dashboard.ts';
import { PAGE_PATH } from '../contract/dashboard-path.ts';
import type { CallOptions } from './sessions.ts';
import type { Transport } from './transport.ts';

type Options = Pick<CallOptions, 'signal'>;

export type DashboardClient = {
  /** Who the key, or the signed-in browser, is to the API. */
  readonly me: (options?: Options) => Promise<CallerView>;
  /** Admins only. How full it was in the last hours, 1 to 48; 6 by default. */
  readonly statsHistory: (
    options?: Options & { readonly hours?: number | undefined },
  ) => Promise<HistoryView>;
  /** In a browser: from now on its cookie says who calls, of a client made with `cookie: true`. Rejects with 401. */
  readonly signIn: (key: string, options?: Options) => Promise<void>;
  /** In a browser: ends the sign-in, here and at the API. */
  readonly signOut: (options?: Options) => Promise<void>;
};

export const dashboardClient = (transport: Transport): DashboardClient => ({
  me: ({ signal } = {}) =>
    transport.json({ method: 'GET', path: '/api/me', idempotent: true, signal }, callerViewSchema),
  statsHistory: ({ hours, signal } = {}) =>
    transport.json(
      { method: 'GET', path: '/api/stats/history', query: { hours }, idempotent: true, signal },
      historyViewSchema,
    ),
  signIn: async (key, { signal } = {}) => {
    await transport.bytes({
      method: 'POST',
      path: `${PAGE_PATH}/sign-in`,
      body: { key },
      idempotent: true,
      signal,
    });
  },
  signOut: async ({ signal } = {}) => {
    await transport.bytes({ method: 'POST', path: `${PAGE_PATH}/sign-out`, idempotent: true, signal });
  },
});
