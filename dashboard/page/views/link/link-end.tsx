import { useState } from 'preact/hooks';
import type { SessionView } from '../../../../contract/bodies/sessions.ts';
import { phoneNumber } from '../../rules/format.ts';
import { reasonWords } from '../../rules/words.ts';
import { hrefOf } from '../../state/route.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Icon } from '../../ui/icons.tsx';
import { Failure } from '../../ui/problem.tsx';

type LinkEndProps = { readonly session: SessionView; readonly linked: boolean; readonly onAgain: () => void };

/** How it went, and what to do next. */
export const LinkEnd = ({ session, linked, onAgain }: LinkEndProps) =>
  linked ? <Linked session={session} /> : <Ended session={session} onAgain={onAgain} />;

const Linked = ({ session: { userId, name, me } }: { readonly session: SessionView }) => (
  <div class="link-end good">
    <Icon name="check" />
    <p class="link-end-title">Linked{me && ` as ${me.pushName ?? phoneNumber(me.id)}`}</p>
    {me?.pushName && <p class="figures">{phoneNumber(me.id)}</p>}
    <p class="faint">The account is saved when the session stops. Starting it again needs no code.</p>
    <div class="link-end-actions">
      <a class="button primary" href={hrefOf({ view: 'session', userId, name })}>
        Open the session
      </a>
      <a class="button" href={hrefOf({ view: 'link' })}>
        Link another account
      </a>
    </div>
  </div>
);

const Ended = ({ session, onAgain }: { readonly session: SessionView; readonly onAgain: () => void }) => {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const expired = session.stopReason === 'qr_expired';
  const start = async () => {
    setBusy(true);
    try {
      await berth.sessions.start(session.name, { userId: session.userId });
      onAgain();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <div class="link-end">
      <Icon name={expired ? 'clock' : 'warning'} />
      <p class="link-end-title">{expired ? 'Expired' : 'The session has ended'}</p>
      <p>
        {expired
          ? 'No account was linked in time, so the session gave its slot back.'
          : `Reason: ${session.stopReason ? reasonWords(session.stopReason) : 'it was not started'}.`}
      </p>
      {session.detail && <p class="faint">{session.detail}</p>}
      {error !== undefined && <Failure error={error} />}
      <div class="link-end-actions">
        <Button kind="primary" icon="start" busy={busy} onClick={() => void start()}>
          Try again
        </Button>
      </div>
    </div>
  );
};
