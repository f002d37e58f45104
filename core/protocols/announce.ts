import type { Control } from '../control.ts';
import { eventsPartition, TTL_ATTRIBUTE } from '../items.ts';
import type { SessionEvent } from '../ports.ts';
import { nameOf, type Session, userOf } from '../session.ts';
import type { Value } from '../store.ts';
import { targetsOf } from '../webhooks.ts';

type Needs = Pick<Control, 'store' | 'events' | 'clock' | 'ids' | 'sha256' | 'log'>;

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
    enqueue(control, session, [{ id, timestamp, event, payload }]),
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

/** Hands events to the queue, once for each webhook that asked for them. Durable when it returns. */
export const enqueue = async (
  control: Pick<Control, 'events' | 'sha256'>,
  session: Session,
  events: readonly SessionEvent[],
): Promise<void> => {
  const about = {
    sessionId: session.sessionId,
    userId: userOf(session),
    name: nameOf(session),
    me: session.me ?? null,
  };
  const deliveries = events.flatMap((event) =>
    targetsOf(session.config, event.event, control.sha256).map((webhook) => ({
      ...about,
      ...event,
      webhook,
    })),
  );
  if (deliveries.length > 0) await control.events.send(deliveries);
};
