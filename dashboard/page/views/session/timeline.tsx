import type { SessionEvent } from '../../../../client/index.ts';
import { eventLine } from '../../rules/event-line.ts';
import type { Polled } from '../../state/polled.ts';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Moment } from '../../ui/time.tsx';

/** The session's events, the latest first; each start of the session is a chapter. */
export const Timeline = ({ events }: { readonly events: Polled<SessionEvent[]> }) => (
  <Panel title="Timeline" class="timeline">
    <Loaded from={events} what="the timeline" lines={6}>
      {(list) =>
        list.length === 0 ? (
          <Empty title="No events yet" />
        ) : (
          <ol class="events" aria-label="Events, the latest first">
            {[...list]
              .sort((a, b) => b.timestamp - a.timestamp || (a.id < b.id ? 1 : -1))
              .map((event, i, sorted) => {
                const { title, detail, tone } = eventLine(event);
                return (
                  <li key={event.id} class={tone}>
                    <Moment at={event.timestamp} />
                    <span class="event-mark" aria-hidden="true" />
                    <div>
                      <p class="event-title">{title}</p>
                      {detail && <p class="event-detail">{detail}</p>}
                    </div>
                    {event.epoch !== sorted[i - 1]?.epoch && (
                      <span class="event-epoch">start {event.epoch}</span>
                    )}
                  </li>
                );
              })}
          </ol>
        )
      }
    </Loaded>
  </Panel>
);
