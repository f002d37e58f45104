import { useState } from 'preact/hooks';
import type { StatsView } from '../../../../contract/bodies/admin.ts';
import { levelOf, percent } from '../../rules/capacity.ts';
import { count } from '../../rules/format.ts';
import { EVERYTHING } from '../../rules/session-list.ts';
import { hrefOf } from '../../state/route.ts';
import { filter } from '../../state/table.ts';
import { Button } from '../../ui/button.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty } from '../../ui/states.tsx';

const FIRST = 8;

/** Each user's share of their own limit, the fullest first. */
export const ByUser = ({ users }: { readonly users: NonNullable<StatsView['byUser']> }) => {
  const [all, setAll] = useState(false);
  const sorted = Object.entries(users).sort(
    ([nameA, a], [nameB, b]) =>
      percent(b.active, b.limit) - percent(a.active, a.limit) ||
      b.active - a.active ||
      (nameA < nameB ? -1 : 1),
  );
  return (
    <Panel title="By user" class="by-user" aside={<span class="faint">{count(sorted.length)} active</span>}>
      {sorted.length === 0 ? (
        <Empty title="No user has a session" />
      ) : (
        <ul class="bars">
          {sorted.slice(0, all ? undefined : FIRST).map(([userId, { active, limit }]) => (
            <li key={userId} class={`bar-row ${levelOf(active, limit)}`}>
              <a
                href={hrefOf({ view: 'sessions' })}
                onClick={() => {
                  filter.value = { ...EVERYTHING, userId };
                }}
              >
                {userId}
              </a>
              <span class="bar-track" aria-hidden="true">
                <span class="bar-fill" style={{ width: `${Math.min(100, percent(active, limit))}%` }} />
              </span>
              <span class="figures">
                {count(active)} <span class="faint">of {count(limit)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {sorted.length > FIRST && (
        <Button kind="quiet" onClick={() => setAll(!all)}>
          {all ? 'Show the fullest only' : `Show all ${count(sorted.length)}`}
        </Button>
      )}
    </Panel>
  );
};
