import { plural } from '../../rules/format.ts';
import { deadLetters } from '../../state/capacity.ts';
import { useWatched } from '../../state/polled.ts';
import { DeadLetterTable } from '../../ui/dead-letter-table.tsx';
import { Panel } from '../../ui/panel.tsx';
import { RedriveButton } from '../../ui/redrive-button.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { AdminView } from './admin-nav.tsx';

/** Every event that a webhook's policy gave up on. */
export const DeadLetters = () => {
  useWatched(deadLetters);
  const list = deadLetters.data.value ?? [];
  return (
    <AdminView view="dead-letters">
      <p class="lead">Events that a webhook did not accept after all attempts. They are kept for 14 days.</p>
      <Panel
        title={list.length === 0 ? 'Dead letters' : plural(list.length, 'dead letter')}
        aside={list.length > 0 && <RedriveButton filter={{}} onDone={() => void deadLetters.refresh()} />}
      >
        <Loaded from={deadLetters} what="the dead letters" lines={4}>
          {(letters) =>
            letters.length === 0 ? (
              <Empty title="None">
                <p>Every event has arrived, or is still being retried.</p>
              </Empty>
            ) : (
              <DeadLetterTable letters={letters} withSession />
            )
          }
        </Loaded>
      </Panel>
    </AdminView>
  );
};
