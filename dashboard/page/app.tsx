import { useEffect, useRef } from 'preact/hooks';
import { Shell } from './shell/shell.tsx';
import { identify, identity, isAdmin } from './state/identity.ts';
import { ADMIN_TITLES, type AdminViewName, type Route, route } from './state/route.ts';
import { Failure } from './ui/problem.tsx';
import { Empty } from './ui/states.tsx';
import { Audit } from './views/admin/audit.tsx';
import { Builds } from './views/admin/builds.tsx';
import { Cleanup } from './views/admin/cleanup.tsx';
import { DeadLetters } from './views/admin/dead-letters.tsx';
import { Erasures } from './views/admin/erasures.tsx';
import { Keys } from './views/admin/keys.tsx';
import { Limits } from './views/admin/limits.tsx';
import { Rollout } from './views/admin/rollout.tsx';
import { Link } from './views/link/link.tsx';
import { Overview } from './views/overview/overview.tsx';
import { SessionPage } from './views/session/session-page.tsx';
import { Sessions } from './views/sessions/sessions.tsx';
import { SignIn } from './views/sign-in/sign-in.tsx';

export const App = () => {
  const who = identity.value;
  switch (who.kind) {
    case 'unknown':
      return <main class="blank" aria-busy="true" />;
    case 'unreachable':
      return (
        <main class="sign-in" id="main">
          <Failure error={who.error} onRetry={() => void identify()} />
        </main>
      );
    case 'signedOut':
      return <SignIn expired={who.expired} />;
    case 'signedIn':
      return (
        <Shell>
          <View route={route.value} />
        </Shell>
      );
  }
};

const View = ({ route }: { readonly route: Route }) => {
  useTitle(TITLES[route.view]);
  switch (route.view) {
    case 'overview':
      return <Overview />;
    case 'sessions':
      return <Sessions />;
    case 'session':
      return <SessionPage key={`${route.userId}/${route.name}`} userId={route.userId} name={route.name} />;
    case 'link':
      return <Link key={`${route.userId}/${route.name}`} userId={route.userId} name={route.name} />;
    case 'unknown':
      return <NotHere />;
    default:
      return isAdmin.value ? <AdminView view={route.view} /> : <NotHere />;
  }
};

const AdminView = ({ view }: { readonly view: AdminViewName }) => {
  switch (view) {
    case 'limits':
      return <Limits />;
    case 'cleanup':
      return <Cleanup />;
    case 'erasures':
      return <Erasures />;
    case 'rollout':
      return <Rollout />;
    case 'builds':
      return <Builds />;
    case 'keys':
      return <Keys />;
    case 'audit':
      return <Audit />;
    case 'dead-letters':
      return <DeadLetters />;
  }
};

const NotHere = () => (
  <Empty title="No such page" whole>
    <p>The address is wrong, or your key has no access to this view.</p>
    <a href="#/">To the overview</a>
  </Empty>
);

const TITLES = {
  overview: 'Overview',
  sessions: 'Sessions',
  session: 'Session',
  link: 'Link an account',
  ...ADMIN_TITLES,
  unknown: 'Not found',
} as const satisfies Record<Route['view'], string>;

/** Names the view in the tab, and moves the focus to its start after a change of view. */
const useTitle = (title: string): void => {
  const before = useRef(title);
  useEffect(() => {
    document.title = `${title} · Berth`;
    if (before.current !== title) document.getElementById('main')?.focus();
    before.current = title;
  }, [title]);
};
