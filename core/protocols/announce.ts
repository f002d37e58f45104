import type { Control } from '../control.ts';
import { eventsPartition, TTL_ATTRIBUTE } from '../items.ts';
import { nameOf, type Session, userOf } from '../session.ts';
import type { Value } from '../store.ts';

type Needs = Pick<Control, 'store' | 'events' | 'clock' | 'ids' | 'log'>;

const KEEP_SECONDS = 7 * 24 * 3600;

/**
 * Tells of something that the control plane did: into the session's timeline and to its webhooks. The change itself
 * is committed already, so a failure here is logged and never undoes or repeats it.
 */
export const announce = async (
  control: Needs,
  session: Session,
  event: 'session.admitted' | 'session.status' | 'session.stopped',
  payload: Readonly<Record<string, Value>>,
): Promise<void> => {
  const id = control.ids.eventId();
  const timestamp = control.clock();
  const key = { pk: eventsPartition(session.sessionId), sk: id };
  const told = await Promise.allSettled([
    control.store.write({
      kind: 'put',
      key,
      item: {
        ...key,
        timestamp,
        event,
        epoch: session.epoch,
        payload,
        [TTL_ATTRIBUTE]: Math.floor(timestamp / 1000) + KEEP_SECONDS,
      },
    }),
    session.config.webhooks?.length
      ? control.events.send({
          sessionId: session.sessionId,
          userId: userOf(session),
          name: nameOf(session),
          me: session.me ?? null,
          events: [{ id, timestamp, event, payload }],
        })
      : undefined,
  ]);
  for (const part of told) {
    if (part.status === 'rejected') {
      control.log.warn('an event was not recorded', {
        event,
        sessionId: session.sessionId,
        error: String(part.reason),
      });
    }
  }
};
