import type { DeliveryView } from '../../../../contract/bodies/events.ts';
import type { SessionView } from '../../../../contract/bodies/sessions.ts';
import { isAdmin } from '../../state/identity.ts';
import type { Polled } from '../../state/polled.ts';
import { Panel } from '../../ui/panel.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Countdown, Moment } from '../../ui/time.tsx';
import { FailingEndpoints } from './failing-endpoints.tsx';
import { SessionDeadLetters } from './session-dead-letters.tsx';

type DeliveriesProps = { readonly session: SessionView; readonly deliveries: Polled<DeliveryView[]> };

const OUTCOMES: Readonly<Record<DeliveryView['outcome'], readonly [words: string, tone: string]>> = {
  delivered: ['delivered', 'good'],
  retrying: ['retrying', 'warning'],
  dead: ['given up', 'critical'],
};

/** The latest delivery attempt of each of the session's events. */
export const Deliveries = ({ session, deliveries }: DeliveriesProps) => (
  <Panel title="Webhook deliveries" class="deliveries">
    <FailingEndpoints session={session} />
    {isAdmin.value && <SessionDeadLetters session={session} />}
    <Loaded from={deliveries} what="the deliveries" lines={4}>
      {(list) =>
        list.length === 0 ? (
          <Empty title={session.config.webhooks?.length ? 'No recent deliveries' : 'No webhook'}>
            {!session.config.webhooks?.length && <p>The session has no webhook.</p>}
          </Empty>
        ) : (
          <Scroll label="List of deliveries">
            <table class="plain">
              <thead>
                <tr>
                  <th scope="col">Event</th>
                  <th scope="col">To</th>
                  <th scope="col">Outcome</th>
                  <th scope="col">Answer</th>
                  <th scope="col" class="number">
                    Attempts
                  </th>
                  <th scope="col">Latest</th>
                  <th scope="col">Next</th>
                </tr>
              </thead>
              <tbody>
                {list.map((delivery) => (
                  <DeliveryRow key={`${delivery.eventId}/${delivery.webhook.id}`} delivery={delivery} />
                ))}
              </tbody>
            </table>
          </Scroll>
        )
      }
    </Loaded>
  </Panel>
);

const DeliveryRow = ({ delivery }: { readonly delivery: DeliveryView }) => {
  const { event, webhook, outcome, attempts, status, error, at, nextAttemptAt } = delivery;
  const [words, tone] = OUTCOMES[outcome];
  return (
    <tr>
      <th scope="row">{event}</th>
      <td>{webhook.host}</td>
      <td>
        <span class={`tag ${tone}`}>{words}</span>
      </td>
      <td>{error ?? status ?? '–'}</td>
      <td class="number">{attempts}</td>
      <td>
        <Moment at={Date.parse(at)} />
      </td>
      <td>{nextAttemptAt ? <Countdown to={Date.parse(nextAttemptAt)} /> : '–'}</td>
    </tr>
  );
};
