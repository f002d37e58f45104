/**
 * Dead letters: events that a webhook's policy gave up on, each an item with the whole event, so that they can be
 * listed and sent again one by one, by session or by webhook; a queue can do neither.
 *
 *   given up ── item ── redriven: in the queue again, the item marked ── delivered: item removed
 *                          └────────────── given up again: item renewed ──┘
 *
 * The item goes with the delivery and not with the redrive: no crash in between loses the event.
 */
import pMap from 'p-map';
import * as z from 'zod';
import type { DeadLetterFilter, DeadLetterView, RedriveReport } from '../../contract/bodies/events.ts';
import type { Webhook } from '../../contract/bodies/session-config.ts';
import type { Deps } from '../deps.ts';
import { DEAD_LETTERS_PARTITION, TTL_ATTRIBUTE } from '../items.ts';
import { maskedUrl } from '../lifecycle/session-config.ts';
import { eq, type Item, type Key } from '../store.ts';
import { deliverySchema, type QueuedDelivery } from './delivery.ts';
import { requireShare } from './share.ts';

/** As long as SQS keeps any message. */
const KEEP_SECONDS = 14 * 24 * 3600;

/** Sorted by session and webhook, and in the order in which the queue had them. */
const keyOf = ({ sessionId, webhook, id }: QueuedDelivery, order: string): Key => ({
  pk: DEAD_LETTERS_PARTITION,
  sk: `${sessionId}#${webhook}#${order}#${id}`,
});

const itemSchema = z.object({
  sk: z.string(),
  /** JSON of the queued event. */
  delivery: z.string(),
  order: z.string(),
  url: z.string(),
  attempts: z.int(),
  error: z.string(),
  deadAt: z.int(),
  redrives: z.int(),
  redrivenAt: z.int().optional(),
});
type DeadLetter = Omit<z.infer<typeof itemSchema>, 'delivery'> & { readonly delivery: QueuedDelivery };

const parse = (item: Item): DeadLetter => {
  const letter = itemSchema.parse(item);
  return { ...letter, delivery: deliverySchema.parse(JSON.parse(letter.delivery)) };
};

/** DynamoDB takes items of 400 KB. */
const MAX_EVENT_BYTES = 380_000;

/** False if the event is larger than an item can be. */
export const keepDeadLetter = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  delivery: QueuedDelivery,
  webhook: Webhook,
  failed: { readonly attempt: number; readonly sequence: string; readonly error: string },
): Promise<boolean> => {
  const now = deps.clock();
  const order = delivery.order ?? failed.sequence;
  const { order: _order, redrives = 0, ...event } = delivery;
  const text = JSON.stringify(event);
  if (new TextEncoder().encode(text).length > MAX_EVENT_BYTES) return false;
  const key = keyOf(delivery, order);
  const item: Item = {
    ...key,
    delivery: text,
    order,
    url: webhook.url,
    attempts: failed.attempt,
    error: failed.error,
    deadAt: now,
    redrives,
    [TTL_ATTRIBUTE]: Math.floor(now / 1000) + KEEP_SECONDS,
  };
  await deps.store.write({ kind: 'put', key, item });
  return true;
};

/** Of an event that was redriven and is now settled. An entry that cannot be removed stays listed, and expires. */
export const removeDeadLetter = async (
  deps: Pick<Deps, 'store' | 'log'>,
  delivery: QueuedDelivery,
): Promise<void> => {
  if (delivery.order === undefined) return;
  try {
    await deps.store.write({ kind: 'delete', key: keyOf(delivery, delivery.order) });
  } catch (error) {
    deps.log.warn('a dead letter that was delivered is still listed', {
      id: delivery.id,
      error: String(error),
    });
  }
};

const matches = ({ delivery }: DeadLetter, { userId, session, webhook }: DeadLetterFilter): boolean =>
  (userId === undefined || userId === delivery.userId) &&
  (session === undefined || session === delivery.name) &&
  (webhook === undefined || webhook === delivery.webhook);

/** One page; it may hold fewer than `limit` though another one follows. */
export const listDeadLetters = async (
  deps: Pick<Deps, 'store'>,
  filter: DeadLetterFilter,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ letters: DeadLetterView[]; cursor: string | undefined }> => {
  const { items, cursor } = await deps.store.query({ partition: DEAD_LETTERS_PARTITION, ...page });
  return {
    letters: items
      .map(parse)
      .filter((letter) => matches(letter, filter))
      .map(view),
    cursor,
  };
};

const view = ({
  delivery,
  url,
  attempts,
  error,
  deadAt,
  redrives,
  redrivenAt,
}: DeadLetter): DeadLetterView => ({
  eventId: delivery.id,
  event: delivery.event,
  userId: delivery.userId,
  session: delivery.name,
  webhook: { id: delivery.webhook, url: maskedUrl(url) },
  attempts,
  error,
  deadAt: new Date(deadAt).toISOString(),
  redrives,
  redrivenAt: redrivenAt === undefined ? null : new Date(redrivenAt).toISOString(),
});

/** The queue keeps a message for so long: what was redriven before is not there any more. */
const UNDERWAY_MS = 4 * 24 * 3600 * 1000;
const PAGE = 100;
/** Sessions' webhooks at once. */
const CONCURRENCY = 8;

/**
 * Puts dead letters into the queue again, each session's in their order, until `budgetMs` has passed. A repeat of the
 * call, and two at once, put each event there once: it is marked, and the queue knows the redrive by its number.
 *
 * Throws the Problem `too_many` (429) if all of it is of one user whose deliveries at once are all under way, and none of
 * it by an earlier redrive: that one's next call continues it.
 */
export const redrive = async (
  deps: Pick<Deps, 'store' | 'events' | 'clock' | 'settings'>,
  filter: DeadLetterFilter,
  budgetMs: number,
): Promise<RedriveReport> => {
  const end = deps.clock() + budgetMs;
  const report = { redriven: 0, underway: 0, more: false };
  let cursor: string | undefined;
  do {
    const page = await deps.store.query({
      partition: DEAD_LETTERS_PARTITION,
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const found = page.items.map(parse).filter((letter) => matches(letter, filter));
    const due = found.filter(({ redrivenAt = 0 }) => redrivenAt < deps.clock() - UNDERWAY_MS);
    report.underway += found.length - due.length;
    const [user, ...others] = new Set(due.map(({ delivery }) => delivery.userId));
    if (user !== undefined && others.length === 0 && report.underway + report.redriven === 0)
      await requireShare(deps, user);
    // A group's letters may go over several pages; one page after the other keeps their order.
    await pMap(
      groups(due),
      async (letters) => {
        for (const letter of letters) {
          if (deps.clock() >= end) {
            report.more = true;
            return;
          }
          await redriveOne(deps, letter);
          report.redriven += 1;
        }
      },
      { concurrency: CONCURRENCY },
    );
    cursor = page.cursor;
  } while (cursor !== undefined && !report.more);
  return report;
};

const groups = (letters: readonly DeadLetter[]): DeadLetter[][] => [
  ...Map.groupBy(letters, ({ delivery }) => `${delivery.sessionId} ${delivery.webhook}`).values(),
];

const redriveOne = async (
  deps: Pick<Deps, 'store' | 'events' | 'clock'>,
  { delivery, order, redrives, sk }: DeadLetter,
): Promise<void> => {
  await deps.events.send([{ ...delivery, order, redrives: redrives + 1 }]);
  // It may be delivered by now, or given up on again: then it is not this redrive's any more.
  await deps.store.write({
    kind: 'update',
    key: { pk: DEAD_LETTERS_PARTITION, sk },
    set: { redrivenAt: deps.clock() },
    condition: eq('redrives', redrives),
  });
};
