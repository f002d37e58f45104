import { positionSchema } from '../contract/bodies/events.ts';
import { Problem } from '../contract/errors.ts';
import * as operations from '../contract/operations/events.ts';
import { withOpenWait } from '../core/access/open-waits.ts';
import {
  type FeedEntry,
  type FeedPage,
  type FeedPosition,
  newestPosition,
  readFeeds,
} from '../core/events/feed.ts';
import { positionOf, positionText, serverSentEvents, streamEventOf } from '../core/events/stream.ts';
import { EVENT_SHARDS, type EventShard, eventShardOf } from '../core/items.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { defineHandler, type Request } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore() };

const POLL_MS = 1_000;

/**
 * GET /api/events: waits until something happened after the position given, or until its time has passed, and answers
 * server-sent events (API Gateway streams nothing: an EventSource connects again) or JSON by `Accept`.
 */
export const handler = defineHandler(operations.followEvents)(async (request) => {
  const { shards, wanted } = viewOf(request);
  const from = startOf(request, shards) ?? (await newestPosition(deps, shards));
  const end = deps.clock() + request.query.wait * 1000;
  const seen = await lookFrom(from, wanted);
  const page = isNothing(seen)
    ? await withOpenWait(deps, request.caller().userId, end - deps.clock(), () =>
        untilSomething(seen, wanted, end),
      )
    : seen;
  if (request.headers.accept?.includes('application/json')) {
    return {
      status: 200,
      body: {
        events: page.entries.map(({ entry }) => streamEventOf(entry)),
        next: positionText(page.position),
        missed: page.missed,
      },
    };
  }
  return {
    status: 200,
    raw: { contentType: 'text/event-stream', bytes: Buffer.from(serverSentEvents(page)) },
  };
});

type Following = Request<typeof operations.followEvents>;

/** The events that the caller may see: the events of all users only for an admin without `userId`. */
const viewOf = (
  request: Following,
): { shards: readonly EventShard[]; wanted: (entry: FeedEntry) => boolean } => {
  const { role, sessions } = request.caller();
  if (role === 'admin' && request.query.userId === undefined)
    return { shards: EVENT_SHARDS, wanted: () => true };
  const userId = request.owner();
  return {
    shards: [eventShardOf(userId)],
    wanted: (entry) => entry.userId === userId && (sessions?.includes(entry.name) ?? true),
  };
};

/** Undefined: from now on. An EventSource that connects again repeats its query, so its header outweighs that. */
const startOf = (request: Following, shards: readonly EventShard[]): FeedPosition | undefined => {
  const text = request.headers['last-event-id'] || request.query.after;
  if (text === undefined) return undefined;
  const position = positionSchema.safeParse(text).success ? positionOf(text, shards) : undefined;
  if (position) return position;
  throw new Problem('malformed', 'This is not an id of the stream that this key can read.', {
    errors: [{ path: 'after', message: 'must be an id of the stream' }],
  });
};

type Wanted = (entry: FeedEntry) => boolean;

const isNothing = (page: FeedPage): boolean => page.entries.length === 0 && !page.missed;

/** The present events: reads further pages if a page has only unwanted ones. */
const lookFrom = async (from: FeedPosition, wanted: Wanted): Promise<FeedPage> => {
  let page = await readFeeds(deps, from, wanted);
  while (isNothing(page) && page.more) page = await readFeeds(deps, page.position, wanted);
  return page;
};

const untilSomething = async (seen: FeedPage, wanted: Wanted, end: number): Promise<FeedPage> => {
  let page = seen;
  while (isNothing(page) && deps.clock() + POLL_MS <= end) {
    await deps.sleep(POLL_MS);
    page = await lookFrom(page.position, wanted);
  }
  return page;
};
