import {
  LONGEST_WAIT_SECONDS,
  type StreamEvent,
  type StreamPage,
  streamPageSchema,
} from '../contract/bodies/events.ts';
import type { CallOptions } from './sessions.ts';
import type { Transport } from './transport.ts';

export type { StreamEvent, StreamPage } from '../contract/bodies/events.ts';

export type ReadEventsOptions = CallOptions & {
  /** `next` of the page before; 0 for all that is kept (a day); without it, from now on. */
  readonly after?: string | undefined;
  /** How long to wait where nothing happened, 0 to 25; 25 by default. */
  readonly waitSeconds?: number | undefined;
};

export type FollowOptions = CallOptions & Pick<ReadEventsOptions, 'after'>;

export type EventsClient = {
  /** One page: what happened since, or an empty one when the time was over. */
  readonly read: (options?: ReadEventsOptions) => Promise<StreamPage>;
  /**
   * What happens to sessions, as it comes, until the loop is left or the signal ends it: a user's own, or, for admins,
   * everybody's or those of `userId`. An event may come twice, with the same id.
   */
  readonly follow: (options?: FollowOptions) => AsyncGenerator<StreamEvent, void, undefined>;
};

export const eventsClient = (transport: Transport): EventsClient => {
  const read: EventsClient['read'] = ({ after, waitSeconds = LONGEST_WAIT_SECONDS, userId, signal } = {}) =>
    transport.json(
      {
        method: 'GET',
        path: '/api/events',
        query: { after, wait: waitSeconds, userId },
        waitSeconds,
        idempotent: true,
        signal,
      },
      streamPageSchema,
    );
  return {
    read,
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
