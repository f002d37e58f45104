import type { ComponentChildren } from 'preact';
import { ADMIN_TITLES, ADMIN_VIEWS, type AdminViewName, hrefOf, route } from '../../state/route.ts';

/** Around every administration view. */
export const AdminView = ({
  view: shown,
  children,
}: {
  readonly view: AdminViewName;
  readonly children: ComponentChildren;
}) => (
  <div class="view admin">
    <nav class="tabs" aria-label="Administration">
      {ADMIN_VIEWS.map((view) => (
        <a key={view} href={hrefOf({ view })} aria-current={route.value.view === view ? 'page' : undefined}>
          {ADMIN_TITLES[view]}
        </a>
      ))}
    </nav>
    <h1 class="visually-hidden">{ADMIN_TITLES[shown]}</h1>
    {children}
  </div>
);
