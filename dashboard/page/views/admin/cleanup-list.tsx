import type { CleanupReport } from '../../../../contract/bodies/admin.ts';
import { count, plural } from '../../rules/format.ts';
import { reasonWords, STATE_WORDS } from '../../rules/words.ts';
import { Panel } from '../../ui/panel.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty } from '../../ui/states.tsx';
import { Age } from '../../ui/time.tsx';

const ACTION_WORDS: Readonly<Record<CleanupReport['sessions'][number]['action'], string>> = {
  would_stop: 'would end',
  stopping: 'is ending',
  released: 'has ended',
  failed: 'could not be ended',
};

const SHOWN = 200;

/** The sessions that would end, or the result for each. */
export const CleanupList = ({ report }: { readonly report: CleanupReport }) => {
  const { dryRun, sessions, active } = report;
  return (
    <Panel
      title={dryRun ? 'Sessions that would end' : 'Result'}
      aside={
        <span class="faint">
          {plural(sessions.length, 'session')} of {count(active)} active
        </span>
      }
    >
      {sessions.length === 0 ? (
        <Empty title={dryRun ? 'Nothing would end' : 'Nothing was ended'} />
      ) : (
        <Scroll label="List of sessions">
          <table class="plain">
            <thead>
              <tr>
                <th scope="col">Session</th>
                <th scope="col">User</th>
                <th scope="col">State</th>
                <th scope="col">Age</th>
                <th scope="col">Why</th>
                <th scope="col">{dryRun ? 'Effect' : 'Result'}</th>
              </tr>
            </thead>
            <tbody>
              {sessions.slice(0, SHOWN).map(({ userId, name, state, startedAt, reason, action, detail }) => (
                <tr key={`${userId}/${name}`} class={action === 'failed' ? 'bad' : undefined}>
                  <th scope="row">{name}</th>
                  <td>{userId}</td>
                  <td>{STATE_WORDS[state]}</td>
                  <td>{startedAt ? <Age since={Date.parse(startedAt)} /> : '–'}</td>
                  <td>{reasonWords(reason)}</td>
                  <td>
                    {ACTION_WORDS[action]}
                    {detail && `: ${detail}`}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {sessions.length > SHOWN && <p class="faint">and {count(sessions.length - SHOWN)} more</p>}
        </Scroll>
      )}
    </Panel>
  );
};
