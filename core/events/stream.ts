/** The feed as readers see it: positions as text, entries as server-sent events. */
import type { StreamEvent } from '../../contract/bodies/events.ts';
import type { EventShard } from '../items.ts';
import type { FeedEntry, FeedPosition } from './feed.ts';

/** `57`, or `57.3.12.9` of a reader of all shards. */
export const positionText = (position: FeedPosition): string => [...position.values()].join('.');

/** Undefined if the text is no position in these feeds. `0` is the beginning of any. */
export const positionOf = (text: string, shards: readonly EventShard[]): FeedPosition | undefined => {
  const numbers = text === '0' ? shards.map(() => 0) : text.split('.').map(Number);
  return numbers.length === shards.length && numbers.every((n) => Number.isSafeInteger(n) && n >= 0)
    ? new Map(shards.map((shard, i) => [shard, numbers[i] ?? 0]))
    : undefined;
};

export const streamEventOf = ({
  id,
  timestamp,
  event,
  userId,
  name,
  epoch,
  payload,
}: FeedEntry): StreamEvent => ({
  id,
  timestamp,
  event,
  userId,
  session: name,
  epoch,
  payload,
});

/** ms after which an EventSource connects again. */
const RETRY_MS = 1_000;

/**
 * Server-sent events: one message for each event, named `message` so that `onmessage` gets all. The last block has an
 * id alone: it moves an EventSource on past what others saw.
 */
export const serverSentEvents = (page: {
  readonly entries: readonly { readonly entry: FeedEntry; readonly position: FeedPosition }[];
  readonly position: FeedPosition;
  readonly missed: boolean;
}): string =>
  [
    `retry: ${RETRY_MS}`,
    ...(page.missed ? ['event: missed\ndata: {}'] : []),
    ...page.entries.map(
      ({ entry, position }) => `id: ${positionText(position)}\ndata: ${JSON.stringify(streamEventOf(entry))}`,
    ),
    `id: ${positionText(page.position)}`,
  ]
    .map((block) => `${block}\n\n`)
    .join('');
