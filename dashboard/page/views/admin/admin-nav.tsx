import type { ComponentChildren } from 'preact';
import { ADMIN_VIEWS, type AdminViewName, hrefOf, route } from '../../state/route.ts';

const WORDS: Readonly<Record<AdminViewName, string>> = {
  limits: 'Limits',
  cleanup: 'Cleanup',
  erasures: 'Erasures',
  rollout: 'Rollout',
  builds: 'Builds',
  keys: 'API keys',
  audit: 'Audit log',
  'dead-letters': 'Dead letters',
};

/** Around every administration view. */
export const AdminView = ({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ComponentChildren;
}) => (
  <div class="view admin">
    <nav class="tabs" aria-label="Administration">
      {ADMIN_VIEWS.map((view) => (
        <a key={view} href={hrefOf({ view })} aria-current={route.value.view === view ? 'page' : undefined}>
          {WORDS[view]}
        </a>
      ))}
    </nav>
    <h1 class="visually-hidden">{title}</h1>
    {children}
  </div>
);
