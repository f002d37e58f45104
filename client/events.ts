import { LONGEST_WAIT_SECONDS, type StreamEvent } from '../contract/bodies/events.ts';
import { followEvents } from '../contract/operations/events.ts';
import { type Needs, type Options, perform, type Result } from './derived.ts';
import { type FollowLive, followLive, type LiveNeeds } from './live.ts';
import type { EventsMethods } from './methods.ts';
import type { CallOptions } from './transport.ts';

export type { StreamEvent, StreamPage } from '../contract/bodies/events.ts';

/**
 * `after` is `next` of the page before; 0 for all that is kept (a day); without it, from now on. `waitSeconds` says how
 * long to wait where nothing happened, 0 to 25; 25 by default.
 */
export type ReadEventsOptions = Options<'followEvents'>;

export type FollowOptions = CallOptions & Pick<ReadEventsOptions, 'after'>;

export type EventsClient = EventsMethods & {
  /** One page: what happened since, or an empty one when the time was over. */
  readonly read: (options?: ReadEventsOptions) => Promise<Result<'followEvents'>>;
  /**
   * What happens to sessions, as it comes, until the loop is left or the signal ends it: a user's own, or, for admins,
   * those of all users or of `userId`. An event may come twice, with the same id.
   */
  readonly follow: (options?: FollowOptions) => AsyncGenerator<StreamEvent, void, undefined>;
  /**
   * What happens to sessions and in their chats, over a WebSocket, until the loop is left or the signal ends it. It
   * connects again by itself and continues where it was. An event may come twice, with the same id; `events.missed` says
   * that older ones had expired. Rejects where the key may not follow, and where no connection can be opened:
   * `follow` then works still.
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
      // What happens between two requests is behind the position of the first.
      let next = after ?? (await read({ ...options, waitSeconds: 0 })).next;
      for (;;) {
        const page = await read({ ...options, after: next });
        yield* page.events;
        next = page.next;
      }
    },
  };
};
