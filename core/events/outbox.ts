/**
 * Events of what the control plane does. An event is an item in the transaction of the change that it reports: both
 * are written or neither is.
 *
 *   change + outbox item ── queue ── timeline and feed ── outbox item removed
 *                             └─ anything fails or the function dies: a sweep continues from there, with the same id
 *
 * Items of a session sort by its version, so a sender takes the oldest first, and everything before its own. An event
 * is sent twice if a sender dies in between: the queue recognizes its id for five minutes, receivers for ever.
 */
import pMap from 'p-map';
import * as z from 'zod';
import type { Deps } from '../deps.ts';
import { EVENT_SHARDS, eventShardOf, outboxKey, outboxPartition, outboxPrefix } from '../items.ts';
import { findSession } from '../lifecycle/load.ts';
import { nameOf, type Session, userOf } from '../lifecycle/session.ts';
import { statusPayload } from '../lifecycle/statuses.ts';
import { publishLive } from '../live/publish.ts';
import { queryAll } from '../query-all.ts';
import type { Item, Value, Write } from '../store.ts';
import { enqueue, record } from './publish.ts';

type Needs = Pick<Deps, 'store' | 'events' | 'clock' | 'sha256' | 'settings' | 'log'>;

/** An event of the control plane, as it goes into the transaction of its change. */
export type DomainEvent = {
  readonly event: 'session.admitted' | 'session.status' | 'session.restarting' | 'session.stopped';
  readonly payload: Readonly<Record<string, Value>>;
};

/** Of the `session.status` that goes with another event: the same with each repeat, and no other event's. */
const statusEventId = (id: string): string => `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;

/** To be written in the transaction that makes the session what `after` says. */
export const outboxWrite = (
  deps: Pick<Deps, 'clock' | 'ids'>,
  after: Session,
  { event, payload }: DomainEvent,
): Write => {
  const id = deps.ids.eventId();
  const key = outboxKey(userOf(after), after.sessionId, after.version);
  return {
    kind: 'put',
    key,
    item: {
      ...key,
      id,
      timestamp: deps.clock(),
      event,
      payload,
      sessionId: after.sessionId,
      epoch: after.epoch,
      userId: userOf(after),
      name: nameOf(after),
      ...(event === 'session.status'
        ? {}
        : { status: { id: statusEventId(id), payload: statusPayload(after) } }),
    },
  };
};

const outboxItemSchema = z.object({
  pk: z.string(),
  sk: z.string(),
  id: z.string(),
  timestamp: z.int(),
  event: z.string(),
  payload: z.record(z.string(), z.json()),
  sessionId: z.string(),
  epoch: z.int(),
  userId: z.string(),
  name: z.string(),
  /** The change is one of the status, too: webhooks and live readers get `session.status` along with it. */
  status: z.object({ id: z.string(), payload: z.record(z.string(), z.json()) }).optional(),
});
type OutboxItem = z.infer<typeof outboxItemSchema>;

/** Sends what waits of this session; throws if that fails; events that were not sent keep waiting. */
export const drainOutbox = async (deps: Needs, session: Session): Promise<void> => {
  const items = await queryAll(deps, {
    partition: outboxPartition(eventShardOf(userOf(session))),
    prefix: outboxPrefix(session.sessionId),
  });
  await sendAll(deps, session, items.map(parse));
};

/** After a change: what it committed stays as it is, so a failure is logged, and a sweep makes up for it. */
export const publish = async (deps: Needs, session: Session): Promise<void> => {
  try {
    await drainOutbox(deps, session);
  } catch (error) {
    deps.log.warn('events wait for the next sweep', {
      sessionId: session.sessionId,
      error: String(error),
    });
  }
};

/** Younger ones are being sent by the call that made the change. */
const LEFT_OVER_MS = 10_000;
/** Sessions at once. */
const CONCURRENCY = 8;

/**
 * Sends the remaining events, in order per session, even if some sessions fail. Returns how many sessions' events
 * still wait. Throws if the outbox can't be read.
 */
export const sweepOutbox = async (deps: Needs): Promise<number> => {
  const partitions = await Promise.all(
    EVENT_SHARDS.map((shard) => queryAll(deps, { partition: outboxPartition(shard) })),
  );
  const before = deps.clock() - LEFT_OVER_MS;
  const bySession = new Map<string, OutboxItem[]>();
  for (const item of partitions.flat().map(parse)) {
    const waiting = bySession.get(item.sessionId);
    if (waiting) waiting.push(item);
    else bySession.set(item.sessionId, [item]);
  }
  // The oldest says whether it is left over: clocks differ, and what came after it may look older than it is.
  for (const [sessionId, [oldest]] of bySession)
    if (oldest && oldest.timestamp > before) bySession.delete(sessionId);
  let failed = 0;
  await pMap(
    bySession,
    async ([sessionId, items]) => {
      try {
        await sendAll(deps, await sessionOf(deps, items), items);
      } catch (error) {
        failed += 1;
        deps.log.error('events could not be sent', { sessionId, error: String(error) });
      }
    },
    { concurrency: CONCURRENCY },
  );
  return failed;
};

/** Undefined: it was deleted, and another one may have its name. */
const sessionOf = async (deps: Needs, [item]: readonly OutboxItem[]): Promise<Session | undefined> => {
  const session = item && (await findSession(deps, item.userId, item.name));
  return session?.sessionId === item?.sessionId ? session : undefined;
};

const parse = (item: Item): OutboxItem => outboxItemSchema.parse(item);

/** A session that was deleted has no webhooks any more; its timeline and the feed have its last events all the same. */
const sendAll = async (
  deps: Needs,
  session: Session | undefined,
  items: readonly OutboxItem[],
): Promise<void> => {
  for (const item of items) {
    const { pk, sk, id, timestamp, event, payload, status, ...about } = item;
    const statusEvent = status ? [{ ...status, timestamp, event: 'session.status' }] : [];
    if (session) await enqueue(deps, session, [{ id, timestamp, event, payload }, ...statusEvent]);
    // Timeline and feed are widely read: the challenge or the code of a status is for webhooks, and for live readers
    // who may link an account (core/live/publish.ts).
    const { data: _secret, ...shown } = payload;
    await record(deps, about, { id, timestamp, event, payload: shown });
    const { me = null, config } = session ?? {};
    await publishLive(deps, { ...about, me, metadata: config?.metadata }, [
      { id, timestamp, event, payload },
      ...statusEvent,
    ]);
    await deps.store.write({ kind: 'delete', key: { pk, sk } });
  }
};
