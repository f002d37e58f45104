import { useState } from 'preact/hooks';
import type { SessionView } from '../../../contract/bodies/sessions.ts';
import { sessionKey } from '../rules/session-list.ts';
import { type Verb, verbsFor } from '../rules/verbs.ts';
import { act, actions, VERB_WORDS } from '../state/actions.ts';
import { may } from '../state/identity.ts';
import { Button, IconButton } from './button.tsx';
import { Confirm } from './confirm.tsx';

type SessionActionsProps = {
  readonly session: SessionView;
  /** Icons in a table's row; words if there is room. */
  readonly compact?: boolean;
  readonly onDeleted?: () => void;
};

/** The actions on a session. Actions that cannot be undone ask for confirmation. */
export const SessionActions = ({ session, compact, onDeleted }: SessionActionsProps) => {
  const [asking, setAsking] = useState<'logout' | 'delete'>();
  if (!may('sessions:write')) return null;
  const running = actions.value.get(sessionKey(session));
  const busy = running && !running.failed ? running.verb : undefined;

  const perform = async (verb: Verb) => {
    if ((await act(verb, session)) && verb === 'delete') onDeleted?.();
  };
  const press = (verb: Verb) => {
    if (verb === 'delete' || verb === 'logout') setAsking(verb);
    else void perform(verb);
  };

  return (
    <span class={compact ? 'actions compact' : 'actions'}>
      {verbsFor(session).map((verb) =>
        compact ? (
          <IconButton
            key={verb}
            name={verb}
            label={`${VERB_WORDS[verb].ask} ${session.name}`}
            danger={verb === 'delete'}
            busy={busy === verb}
            disabled={busy !== undefined}
            onClick={() => press(verb)}
          />
        ) : (
          <Button
            key={verb}
            icon={verb}
            kind={verb === 'start' ? 'primary' : verb === 'delete' ? 'danger' : 'plain'}
            busy={busy === verb}
            disabled={busy !== undefined}
            onClick={() => press(verb)}
          >
            {VERB_WORDS[verb].ask}
          </Button>
        ),
      )}
      {asking && (
        <Confirm
          title={`${VERB_WORDS[asking].ask} ${session.name}?`}
          ask={`${VERB_WORDS[asking].ask} ${session.name}`}
          onClose={() => setAsking(undefined)}
          onConfirm={async () => {
            void perform(asking);
          }}
        >
          {asking === 'delete' ? (
            <p>
              The session of <strong>{session.userId}</strong> ends, and its configuration, its timeline and
              its saved account are removed.{' '}
              {session.linked && 'Using the account again will need a new QR code. '}
              This can’t be undone.
            </p>
          ) : (
            <p>
              The account is unlinked at WhatsApp and its saved state is removed. A session that runs starts
              again and shows a new QR code. To end it and keep the account, stop it instead.
            </p>
          )}
        </Confirm>
      )}
    </span>
  );
};
