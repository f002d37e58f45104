import { health } from '../../state/capacity.ts';
import { Icon } from '../../ui/icons.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Loaded } from '../../ui/states.tsx';

const PART_WORDS: Readonly<Record<string, string>> = {
  database: 'Database',
  storage: 'Storage',
  taskEngine: 'Task engine',
  reaper: 'Reaper',
  reconciler: 'Reconciler',
  counters: 'Counters',
  outbox: 'Event outbox',
  webhooks: 'Webhooks',
};

/** Each part by itself: which one is ill, and what it says. */
export const HealthParts = () => (
  <Panel
    title="Health"
    class="health"
    aside={
      health.data.value && (
        <span class={health.data.value.status === 'ok' ? 'tag good' : 'tag critical'} role="status">
          {health.data.value.status === 'ok' ? 'all well' : 'degraded'}
        </span>
      )
    }
  >
    <Loaded from={health} what="health" lines={4}>
      {({ status, checks }) =>
        checks ? (
          <ul class="lines parts">
            {Object.entries(checks).map(([part, { ok, detail }]) => (
              <li key={part} class={ok ? 'ok' : 'ill'}>
                <span class="part-name">
                  <Icon name={ok ? 'check' : 'warning'} />
                  {PART_WORDS[part] ?? part}
                  <span class="visually-hidden">{ok ? ', well' : ', failing'}</span>
                </span>
                <span class="part-detail">{detail}</span>
              </li>
            ))}
          </ul>
        ) : (
          <p class="faint">
            {status === 'ok' ? 'The system responds.' : 'A part fails; administrators see the details.'}
          </p>
        )
      }
    </Loaded>
  </Panel>
);
