import { useState } from 'preact/hooks';
import type { DeadLetterFilter } from '../../../contract/bodies/events.ts';
import { plural } from '../rules/format.ts';
import { announceDone, announceFailure } from '../state/notices.ts';
import { berth } from '../state/server.ts';
import { Button } from './button.tsx';

type RedriveButtonProps = { readonly filter: DeadLetterFilter; readonly onDone: () => void };

/** Puts dead letters into the queue again. Events that are already in the queue are not added twice. */
export const RedriveButton = ({ filter, onDone }: RedriveButtonProps) => {
  const [busy, setBusy] = useState(false);
  const redrive = async () => {
    setBusy(true);
    try {
      let redriven = 0;
      let more: boolean;
      do {
        const report = await berth.webhooks.redrive(filter);
        redriven += report.redriven;
        more = report.more;
      } while (more);
      announceDone(
        redriven > 0 ? `${plural(redriven, 'event')} queued again` : 'All of them are queued already',
      );
    } catch (error) {
      announceFailure('Redrive failed', error);
    }
    setBusy(false);
    onDone();
  };
  return (
    <Button icon="restart" busy={busy} onClick={() => void redrive()}>
      Send again
    </Button>
  );
};
