// biome-ignore-all lint/a11y/useSemanticElements: rows are put in their places one by one, which a <table> can't have
// biome-ignore-all lint/a11y/useFocusableInteractive: of a static table; what can be used in it has the focus

import { useComputed } from '@preact/signals';
import type { SessionView } from '../../../../contract/bodies/sessions.ts';
import { isLinkingStatus, isPasskeyStatus, isTerminal } from '../../../../contract/lifecycle.ts';
import { EXPIRY_WORDS, isExpiring, nextExpiry } from '../../rules/expiry.ts';
import { phoneNumber } from '../../rules/format.ts';
import { sessionKey } from '../../rules/session-list.ts';
import { reasonWords, standingOf } from '../../rules/words.ts';
import { actions, clearAction, VERB_WORDS } from '../../state/actions.ts';
import { now } from '../../state/clock.ts';
import { isAdmin, may } from '../../state/identity.ts';
import { hrefOf } from '../../state/route.ts';
import { Badge } from '../../ui/badge.tsx';
import { IconButton } from '../../ui/button.tsx';
import { SessionActions } from '../../ui/session-actions.tsx';
import { Age, Countdown } from '../../ui/time.tsx';

type RowProps = {
  readonly session: SessionView;
  readonly index: number;
  /** px */
  readonly top: number;
};

export const Row = ({ session, index, top }: RowProps) => {
  const { userId, name } = session;
  const expiry = nextExpiry(session);
  const expiring = useComputed(() => isExpiring(nextExpiry(session), now.value));
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      data-row={index}
      class={expiring.value ? 'row expiring' : 'row'}
      style={{ transform: `translateY(${top}px)` }}
    >
      <div role="cell" class="cell standing">
        <Badge standing={standingOf(session)} />
      </div>
      <div role="cell" class="cell name">
        <a href={hrefOf({ view: 'session', userId, name })}>{name}</a>
        {isAdmin.value && <span class="faint">{userId}</span>}
      </div>
      <Middle session={session} />
      <div role="cell" class="cell row-actions">
        {expiring.value && expiry && (
          <span class="visually-hidden">Expiring: {EXPIRY_WORDS[expiry.why]}</span>
        )}
        {isLinkingStatus(session.status) && may('sessions:write') && (
          <a
            class="button small"
            href={hrefOf({ view: 'link', userId, name })}
            aria-label={
              isPasskeyStatus(session.status) ? `Continue linking ${name}` : `Show the QR code of ${name}`
            }
          >
            {isPasskeyStatus(session.status) ? 'Passkey' : 'QR code'}
          </a>
        )}
        <SessionActions session={session} compact />
      </div>
    </div>
  );
};

/** Account and times; or, if the last action failed, the reason. */
const Middle = ({ session }: { readonly session: SessionView }) => {
  const action = actions.value.get(sessionKey(session));
  if (action?.failed) {
    const words = `${VERB_WORDS[action.verb].ask} failed: ${action.failed.detail}`;
    return (
      <div role="cell" class="cell row-failure" title={words} aria-colspan={4}>
        <span>{words}</span>
        <IconButton
          name="close"
          label={`Dismiss the failure of ${session.name}`}
          onClick={() => clearAction(session)}
        />
      </div>
    );
  }
  const { me, startedAt, state, stopReason, qrExpiresAt, idleAt, expiresAt, restart } = session;
  const quietAt = restart.nextAttemptAt ?? qrExpiresAt ?? idleAt;
  return (
    <>
      <div role="cell" class="cell account">
        {me ? (
          <>
            <span class="figures">{phoneNumber(me.id)}</span>
            {me.pushName && <span class="faint">{me.pushName}</span>}
          </>
        ) : (
          <span class="faint">not linked</span>
        )}
      </div>
      {isTerminal(state) ? (
        <div role="cell" class="cell ended" aria-colspan={3}>
          {stopReason ? reasonWords(stopReason) : 'never started'}
        </div>
      ) : (
        <>
          <div role="cell" class="cell age" data-label="Age">
            {startedAt && <Age since={Date.parse(startedAt)} />}
          </div>
          <div
            role="cell"
            class="cell idle"
            data-label={restart.nextAttemptAt ? 'Restart' : qrExpiresAt ? 'QR' : 'Idle'}
          >
            {quietAt && <Countdown to={Date.parse(quietAt)} />}
          </div>
          <div role="cell" class="cell remaining" data-label="Ends">
            {expiresAt && <Countdown to={Date.parse(expiresAt)} />}
          </div>
        </>
      )}
    </>
  );
};
