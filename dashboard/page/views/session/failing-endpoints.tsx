import { useMemo } from 'preact/hooks';
import type { EndpointView } from '../../../../contract/bodies/events.ts';
import type { SessionView } from '../../../../contract/bodies/sessions.ts';
import { polled, useWatched } from '../../state/polled.ts';
import { berth } from '../../state/server.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Countdown, Moment } from '../../ui/time.tsx';

const EVERY_MS = 5000;

const STATES: Readonly<Record<EndpointView['state'], readonly [words: string, tone: string]>> = {
  failing: ['failing', 'warning'],
  open: ['paused', 'critical'],
  probing: ['being tried', 'warning'],
};

/** Endpoints of the session's webhooks that fail, and until when each is paused; nothing if all work. */
export const FailingEndpoints = ({ session: { userId, name } }: { readonly session: SessionView }) => {
  const endpoints = useMemo(
    () => polled(() => berth.webhooks.endpoints({ userId, session: name }), EVERY_MS),
    [userId, name],
  );
  useWatched(endpoints);
  const list = endpoints.data.value ?? [];
  if (list.length === 0) return null;
  return (
    <Scroll label="Endpoints that fail">
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Endpoint</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Failures
            </th>
            <th scope="col">Since</th>
            <th scope="col">Next try</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {list.map(({ url, state, failures, failingSince, nextProbeAt, error }) => (
            <tr key={url}>
              <th scope="row" class="url">
                {url}
              </th>
              <td>
                <span class={`tag ${STATES[state][1]}`}>{STATES[state][0]}</span>
              </td>
              <td class="number">{failures}</td>
              <td>
                <Moment at={Date.parse(failingSince)} />
              </td>
              <td>{nextProbeAt ? <Countdown to={Date.parse(nextProbeAt)} /> : 'with the next event'}</td>
              <td>{error}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
};
