import type { AuditEntry } from '../../../../contract/bodies/audit.ts';
import { audit } from '../../state/capacity.ts';
import { useWatched } from '../../state/polled.ts';
import { Panel } from '../../ui/panel.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Moment } from '../../ui/time.tsx';
import { AdminView } from './admin-nav.tsx';

const OUTCOMES: Readonly<Record<AuditEntry['outcome'], readonly [words: string, tone: string]>> = {
  done: ['done', 'good'],
  failed: ['failed', 'critical'],
  started: ['not known', 'warning'],
};

/** Administrative acts, newest first. */
export const Audit = () => {
  useWatched(audit);
  return (
    <AdminView view="audit">
      <p class="lead">
        Changes of keys, limits and builds, cleanups and deleted sessions, with the user who made them.
      </p>
      <Panel title="The latest 100 acts">
        <Loaded from={audit} what="the audit log" lines={5}>
          {(acts) =>
            acts.length === 0 ? (
              <Empty title="No act is recorded" />
            ) : (
              <Scroll label="List of administrative acts">
                <table class="plain">
                  <thead>
                    <tr>
                      <th scope="col">Act</th>
                      <th scope="col">When</th>
                      <th scope="col">Who</th>
                      <th scope="col">Outcome</th>
                      <th scope="col">From</th>
                      <th scope="col">Details</th>
                    </tr>
                  </thead>
                  <tbody>
                    {acts.map((act) => (
                      <Row key={act.id} act={act} />
                    ))}
                  </tbody>
                </table>
              </Scroll>
            )
          }
        </Loaded>
      </Panel>
    </AdminView>
  );
};

const Row = ({ act: { action, at, who, outcome, status, from, details } }: { readonly act: AuditEntry }) => {
  const [words, tone] = OUTCOMES[outcome];
  return (
    <tr>
      <th scope="row">{action}</th>
      <td>
        <Moment at={Date.parse(at)} />
      </td>
      <td>
        {who.userId} <span class="faint">{who.via === 'cookie' ? 'dashboard' : who.keyId}</span>
      </td>
      <td>
        <span class={`tag ${tone}`}>{words}</span> {status}
      </td>
      <td>{from.ip}</td>
      <td class="url">{JSON.stringify(details)}</td>
    </tr>
  );
};
