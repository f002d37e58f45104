import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError } from '../../../../client/index.ts';
import { isLinkingStatus, isPasskeyStatus } from '../../../../contract/lifecycle.ts';
import { phoneNumber } from '../../rules/format.ts';
import { standingOf } from '../../rules/words.ts';
import { isAdmin, may } from '../../state/identity.ts';
import { onSessionEvent } from '../../state/live.ts';
import { polled, useWatched } from '../../state/polled.ts';
import { go, hrefOf } from '../../state/route.ts';
import { berth } from '../../state/server.ts';
import { putSession, sessionOf } from '../../state/sessions.ts';
import { Badge } from '../../ui/badge.tsx';
import { Failure } from '../../ui/problem.tsx';
import { SessionActions } from '../../ui/session-actions.tsx';
import { Empty, Loading } from '../../ui/states.tsx';
import { AuthState } from './auth-state.tsx';
import { Deliveries } from './deliveries.tsx';
import { SendTest } from './send-test.tsx';
import { SessionFacts } from './session-facts.tsx';
import { StartSteps } from './start-steps.tsx';
import { Timeline } from './timeline.tsx';

const EVERY_MS = 5000;

type SessionPageProps = { readonly userId: string; readonly name: string };

/** One session: its status, timeline, saved state and webhook deliveries. */
export const SessionPage = ({ userId, name }: SessionPageProps) => {
  const [deleted, setDeleted] = useState(false);
  const own = useMemo(
    () => ({
      session: polled(async () => putSession(await berth.sessions.get(name, { userId })), EVERY_MS),
      events: polled(() => berth.sessions.events(name, { userId }), EVERY_MS),
      deliveries: polled(() => berth.webhooks.deliveries(name, { userId }), EVERY_MS),
    }),
    [userId, name],
  );
  useWatched(own.session, own.events, own.deliveries);
  useEffect(
    () =>
      onSessionEvent({ userId, name }, () => {
        void own.events.refresh();
        void own.deliveries.refresh();
      }),
    [userId, name, own],
  );

  const session = sessionOf({ userId, name });
  const error = own.session.error.value;
  const gone = error instanceof ApiError && error.status === 404;
  if (deleted || gone)
    return (
      <Empty whole title={deleted ? `${name} is deleted` : `There is no session ${name}`}>
        <a href={hrefOf({ view: 'sessions' })}>To the sessions</a>
      </Empty>
    );
  if (!session)
    return (
      <div class="view session">
        <h1>{name}</h1>
        {error === undefined ? (
          <Loading what="the session" lines={6} />
        ) : (
          <Failure error={error} onRetry={() => void own.session.refresh()} />
        )}
      </div>
    );

  return (
    <div class="view session">
      <div class="view-head">
        <p class="crumbs">
          <a href={hrefOf({ view: 'sessions' })}>Sessions</a>
          {isAdmin.value && <span> / {userId}</span>}
        </p>
        <h1>{name}</h1>
        <Badge standing={standingOf(session)} />
        {session.me && (
          <p class="session-account">
            <span class="figures">{phoneNumber(session.me.id)}</span>{' '}
            {session.me.pushName && <span class="faint">{session.me.pushName}</span>}
          </p>
        )}
        <div class="view-actions">
          {isLinkingStatus(session.status) && may('sessions:write') && (
            <a class="button primary" href={hrefOf({ view: 'link', userId, name })}>
              {isPasskeyStatus(session.status) ? 'Continue linking' : 'Show the QR code'}
            </a>
          )}
          <SessionActions
            session={session}
            onDeleted={() => {
              setDeleted(true);
              go({ view: 'sessions' });
            }}
          />
        </div>
      </div>
      {error !== undefined && <Failure error={error} onRetry={() => void own.session.refresh()} />}
      <div class="session-grid">
        <div class="column">
          <Timeline events={own.events} />
          <Deliveries session={session} deliveries={own.deliveries} />
        </div>
        <div class="column">
          <SessionFacts session={session} />
          <StartSteps session={session} />
          <AuthState session={session} />
          {may('messages:send') && <SendTest session={session} />}
        </div>
      </div>
    </div>
  );
};
