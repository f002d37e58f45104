/** Where events go: to the webhooks that asked for them, into the session's timeline, into the feed. */
import type { Deps } from '../deps.ts';
import { eventsPartition, TTL_ATTRIBUTE } from '../items.ts';
import { nameOf, type Session, userOf } from '../lifecycle/session.ts';
import type { SessionEvent } from '../ports.ts';
import { appendToFeed, type FeedEntry } from './feed.ts';
import { targetsOf } from './webhooks.ts';

const TIMELINE_SECONDS = 7 * 24 * 3600;

/** Hands events to the queue, once for each webhook that asked for them. Durable when it returns. */
export const enqueue = async (
  deps: Pick<Deps, 'events' | 'sha256'>,
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
    targetsOf(session.config, event.event, deps.sha256).map((webhook) => ({
      ...about,
      ...event,
      webhook,
    })),
  );
  if (deliveries.length > 0) await deps.events.send(deliveries);
};

/** Whose event it is. */
type About = {
  readonly sessionId: string;
  readonly epoch: number;
  readonly userId: string;
  readonly name: string;
};

/** An event that people may see in a timeline and programs in the feed: it says nothing secret. */
type Shown = SessionEvent & { readonly payload: FeedEntry['payload'] };

/**
 * Writes an event to the places from which it is read. A repeat is one event in the timeline, and may be two in the
 * feed.
 */
export const record = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  about: About,
  { id, timestamp, event, payload }: Shown,
): Promise<void> => {
  const key = { pk: eventsPartition(about.sessionId), sk: id };
  const expireAt = Math.floor(timestamp / 1000) + TIMELINE_SECONDS;
  await Promise.all([
    deps.store.write({
      kind: 'put',
      key,
      item: { ...key, timestamp, event, epoch: about.epoch, payload, [TTL_ATTRIBUTE]: expireAt },
    }),
    appendToFeed(deps, { ...about, id, timestamp, event, payload }),
  ]);
};
