import type { ComponentChildren } from 'preact';
import { isAdmin, may } from '../state/identity.ts';
import { ADMIN_VIEWS, hrefOf, route, type View } from '../state/route.ts';
import { Icon, type IconName } from '../ui/icons.tsx';
import { Wordmark } from '../ui/wordmark.tsx';
import { Account } from './account.tsx';
import { LiveState } from './live-state.tsx';
import { Notices } from './notices.tsx';
import { ThemeSwitch } from './theme-switch.tsx';
import { Where } from './where.tsx';

type Item = {
  readonly href: string;
  readonly words: string;
  readonly icon: IconName;
  readonly views: readonly View[];
};

const ITEMS: readonly Item[] = [
  { href: hrefOf({ view: 'overview' }), words: 'Overview', icon: 'overview', views: ['overview'] },
  { href: hrefOf({ view: 'sessions' }), words: 'Sessions', icon: 'sessions', views: ['sessions', 'session'] },
  { href: hrefOf({ view: 'link' }), words: 'Link', icon: 'link', views: ['link'] },
];
const ADMIN: Item = {
  href: hrefOf({ view: 'limits' }),
  words: 'Administration',
  icon: 'admin',
  views: ADMIN_VIEWS,
};

const shownItems = (): readonly Item[] =>
  isAdmin.value
    ? [...ITEMS, ADMIN]
    : ITEMS.filter(({ views }) => !views.includes('link') || may('sessions:write'));

/** The frame of every view: the environment, the navigation and the signed-in user. */
export const Shell = ({ children }: { readonly children: ComponentChildren }) => (
  <div class="shell">
    <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
      Skip to content
    </button>
    <header class="bar">
      <Wordmark />
      <Where />
      <nav class="nav" aria-label="Views">
        {shownItems().map(({ href, words, icon, views }) => (
          <a key={href} href={href} aria-current={views.includes(route.value.view) ? 'page' : undefined}>
            <Icon name={icon} />
            <span>{words}</span>
          </a>
        ))}
      </nav>
      <div class="bar-end">
        <LiveState />
        <ThemeSwitch />
        <Account />
      </div>
    </header>
    <main id="main" tabIndex={-1}>
      {children}
    </main>
    <Notices />
  </div>
);
