import { LONGEST_WAIT_SECONDS, type StreamEvent } from '../contract/bodies/events.ts';
import { followEvents } from '../contract/operations/events.ts';
import { type Needs, type Options, perform, type Result } from './derived.ts';
import { type FollowLive, followLive, type LiveNeeds } from './live.ts';
import type { EventsMethods } from './methods.ts';
import type { CallOptions } from './transport.ts';

export type { StreamEvent, StreamPage } from '../contract/bodies/events.ts';

/**
 * `after` is `next` of the page before; 0 for all kept events (a day); without it, from now on. `waitSeconds` says
 * how long to wait if nothing happened, 0 to 25; 25 by default.
 */
export type ReadEventsOptions = Options<'followEvents'>;

export type FollowOptions = CallOptions & Pick<ReadEventsOptions, 'after'>;

export type EventsClient = EventsMethods & {
  /** One page: the events since then, or an empty one when the time had passed. */
  readonly read: (options?: ReadEventsOptions) => Promise<Result<'followEvents'>>;
  /**
   * Events of sessions, as they come, until the loop is left or the signal ends it: a user's own, or, for admins,
   * those of all users or of `userId`. An event may come twice, with the same id.
   */
  readonly follow: (options?: FollowOptions) => AsyncGenerator<StreamEvent, void, undefined>;
  /**
   * Events of sessions and their chats, over a WebSocket, until the loop is left or the signal ends it. It connects
   * again by itself and continues at its position. An event may come twice, with the same id; `events.missed` says
   * that older ones had expired. Rejects if the key may not follow, and if no connection can be opened: `follow`
   * still works then.
   */
  readonly live: FollowLive;
};

export const eventsClient = (derived: EventsMethods, needs: Needs & LiveNeeds): EventsClient => {
  const read: EventsClient['read'] = ({ after, waitSeconds = LONGEST_WAIT_SECONDS, ...options } = {}) =>
    perform(followEvents, { query: { after }, options: { ...options, waitSeconds } }, needs);
  return {
    ...derived,
    read,
    live: followLive(derived.ticket, needs),
    follow: async function* ({ after, ...options } = {}) {
      // Events between two requests come after the position of the first.
      let next = after ?? (await read({ ...options, waitSeconds: 0 })).next;
      for (;;) {
        const page = await read({ ...options, after: next });
        yield* page.events;
        next = page.next;
      }
    },
  };
};
