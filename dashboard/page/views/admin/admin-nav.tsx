import type { ComponentChildren } from 'preact';
import { hrefOf, route } from '../../state/route.ts';

const TABS = [
  ['limits', 'Limits'],
  ['cleanup', 'Cleanup'],
  ['builds', 'Builds'],
  ['keys', 'API keys'],
  ['audit', 'Audit log'],
  ['dead-letters', 'Dead letters'],
] as const;

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
      {TABS.map(([view, words]) => (
        <a key={view} href={hrefOf({ view })} aria-current={route.value.view === view ? 'page' : undefined}>
          {words}
        </a>
      ))}
    </nav>
    <h1 class="visually-hidden">{title}</h1>
    {children}
  </div>
);
