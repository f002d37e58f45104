import type { DeadLetterView } from '../../../contract/bodies/events.ts';
import { hrefOf } from '../state/route.ts';
import { Scroll } from './scroll.tsx';
import { Moment } from './time.tsx';

type DeadLetterTableProps = {
  readonly letters: readonly DeadLetterView[];
  /** With whose session it was of. */
  readonly withSession?: boolean;
};

export const DeadLetterTable = ({ letters, withSession }: DeadLetterTableProps) => (
  <Scroll label="List of dead letters">
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">Event</th>
          {withSession && <th scope="col">Session</th>}
          <th scope="col">Webhook</th>
          <th scope="col">Why</th>
          <th scope="col" class="number">
            Attempts
          </th>
          <th scope="col">Given up</th>
          <th scope="col">Sent again</th>
        </tr>
      </thead>
      <tbody>
        {letters.map(
          ({ eventId, event, userId, session, webhook, attempts, error, deadAt, redrivenAt, redrives }) => (
            <tr key={`${eventId}/${webhook.id}`}>
              <th scope="row">{event}</th>
              {withSession && (
                <td>
                  <a href={hrefOf({ view: 'session', userId, name: session })}>{session}</a>{' '}
                  <span class="faint">{userId}</span>
                </td>
              )}
              <td class="url">{webhook.url}</td>
              <td>{error}</td>
              <td class="number">{attempts}</td>
              <td>
                <Moment at={Date.parse(deadAt)} />
              </td>
              <td>
                {redrivenAt ? (
                  <>
                    <Moment at={Date.parse(redrivenAt)} /> <span class="faint">under way</span>
                  </>
                ) : redrives > 0 ? (
                  `${redrives} times before`
                ) : (
                  'never'
                )}
              </td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  </Scroll>
);
