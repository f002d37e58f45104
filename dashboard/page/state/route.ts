import { type ReadonlySignal, signal } from '@preact/signals';

/** The views of administration with their titles, in the order of their tabs. */
export const ADMIN_TITLES = {
  limits: 'Limits',
  cleanup: 'Cleanup',
  erasures: 'Erasures',
  rollout: 'Rollout',
  builds: 'Builds',
  keys: 'API keys',
  audit: 'Audit log',
  'dead-letters': 'Dead letters',
} as const;
export type AdminViewName = keyof typeof ADMIN_TITLES;
export const ADMIN_VIEWS = Object.keys(ADMIN_TITLES) as AdminViewName[];

/** The present view; behind the `#`, so that any server of static files serves every view. */
export type Route =
  | { readonly view: 'overview' }
  | { readonly view: 'sessions' }
  | { readonly view: 'session'; readonly userId: string; readonly name: string }
  | { readonly view: 'link'; readonly userId?: string; readonly name?: string }
  | { readonly view: AdminViewName }
  | { readonly view: 'unknown' };

export type View = Route['view'];

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

/** `#/sessions/anna/shop` → the session's view. */
const parseRoute = (hash: string): Route => {
  const [first = '', second, third, ...rest] = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decode);
  if (rest.length > 0) return { view: 'unknown' };
  if (first === '') return { view: 'overview' };
  if (first === 'sessions' || first === 'link') {
    if (second === undefined) return { view: first };
    if (third === undefined) return { view: 'unknown' };
    return { view: first === 'sessions' ? 'session' : 'link', userId: second, name: third };
  }
  if (first === 'admin' && third === undefined)
    for (const view of ADMIN_VIEWS) if (view === second) return { view };
  return { view: 'unknown' };
};

/** The link to a view. */
export const hrefOf = (route: Exclude<Route, { view: 'unknown' }>): string => {
  switch (route.view) {
    case 'overview':
      return '#/';
    case 'sessions':
      return '#/sessions';
    case 'session':
      return `#/sessions/${encodeURIComponent(route.userId)}/${encodeURIComponent(route.name)}`;
    case 'link':
      return route.userId !== undefined && route.name !== undefined
        ? `#/link/${encodeURIComponent(route.userId)}/${encodeURIComponent(route.name)}`
        : '#/link';
    default:
      return `#/admin/${route.view}`;
  }
};

const current = signal<Route>(parseRoute(location.hash));
export const route: ReadonlySignal<Route> = current;

export const go = (to: Exclude<Route, { view: 'unknown' }>): void => {
  location.hash = hrefOf(to);
};

/** Follows the address. Called once. */
export const startRouting = (): void => {
  addEventListener('hashchange', () => {
    current.value = parseRoute(location.hash);
  });
};
