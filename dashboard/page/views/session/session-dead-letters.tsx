import { useMemo } from 'preact/hooks';
import type { SessionView } from '../../../../contract/bodies/sessions.ts';
import { plural } from '../../rules/format.ts';
import { polled, useWatched } from '../../state/polled.ts';
import { berth } from '../../state/server.ts';
import { DeadLetterTable } from '../../ui/dead-letter-table.tsx';
import { RedriveButton } from '../../ui/redrive-button.tsx';

const EVERY_MS = 5000;

/** The session's events that were given up on, and the way to send them again; nothing if there are none. */
export const SessionDeadLetters = ({ session: { userId, name } }: { readonly session: SessionView }) => {
  const letters = useMemo(
    () => polled(() => berth.webhooks.dead({ userId, session: name }), EVERY_MS),
    [userId, name],
  );
  useWatched(letters);
  const list = letters.data.value ?? [];
  if (list.length === 0) return null;
  return (
    <div class="dead">
      <div class="dead-head">
        <h3>{plural(list.length, 'dead letter')}</h3>
        <RedriveButton filter={{ userId, session: name }} onDone={() => void letters.refresh()} />
      </div>
      <DeadLetterTable letters={list} />
    </div>
  );
};
