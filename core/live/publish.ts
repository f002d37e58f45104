/** From the places where events go to webhooks, into the logs of the topics that are watched. */
import * as z from 'zod';
import { ALL_USERS, LIVE_LIMITS } from '../../contract/bodies/live.ts';
import type { Deps } from '../deps.ts';
import { type EnvelopeSession, envelopeOf } from '../events/envelope.ts';
import type { SessionEvent } from '../ports.ts';
import { appendToLog, type LiveEntry, readTopic } from './topics.ts';

/** Whose event it is. */
type LiveSession = EnvelopeSession & { readonly sessionId: string; readonly userId: string };

/** Room for the members that are added when a message is sent. */
const ADDED_BYTES = 128;

/**
 * Writes events to the logs of their topics and has the connections served; one read for each topic that is not
 * watched. Messages go to their owner's topic only: a log of all users' messages would be one hot partition.
 *
 * @throws a transient fault of store or queue; a repeat sends the same events again, with the same ids
 */
export const publishLive = async (
  deps: Pick<Deps, 'store' | 'events' | 'clock' | 'settings'>,
  session: LiveSession,
  events: readonly SessionEvent[],
): Promise<void> => {
  const ofSessions = events.filter(({ event }) => event.startsWith('session.'));
  await Promise.all([
    publishTo(deps, session.userId, session, events),
    publishTo(deps, ALL_USERS, session, ofSessions),
  ]);
};

const publishTo = async (
  deps: Pick<Deps, 'store' | 'events' | 'clock' | 'settings'>,
  topic: string,
  session: LiveSession,
  events: readonly SessionEvent[],
): Promise<void> => {
  if (events.length === 0) return;
  const { watchedUntil, last } = await readTopic(deps, topic);
  if (watchedUntil <= deps.clock()) return;
  const { environment } = deps.settings;
  const entries = events.map((event) => entryOf(environment, topic, session, event));
  const number = await appendToLog(deps, topic, last, entries);
  await deps.events.wake(topic, String(number));
};

const entryOf = (
  environment: string,
  topic: string,
  session: LiveSession,
  event: SessionEvent,
): LiveEntry => {
  const { data, payload } = withoutData(event);
  return {
    event: event.event,
    session: session.name,
    sessionId: session.sessionId,
    body: bodyOf({
      ...envelopeOf(environment, { ...session, ...event, payload }),
      ...(topic === ALL_USERS ? { userId: session.userId } : {}),
    }),
    ...(data === undefined || topic === ALL_USERS ? {} : { data: JSON.stringify(data) }),
  };
};

/** The challenge or the code of a status links an account: it is kept apart from what every follower may read. */
const withoutData = ({ event, payload }: SessionEvent): { data?: unknown; payload: unknown } => {
  const parsed = event === 'session.status' ? z.looseObject({}).safeParse(payload) : undefined;
  if (!parsed?.success) return { payload };
  const { data, ...shown } = parsed.data;
  return { data, payload: shown };
};

/**
 * A message that fits: a larger one is sent without the library's raw data (`payload._data`), and one that is still too
 * large without its payload. `omitted` says so.
 */
const bodyOf = (envelope: ReturnType<typeof envelopeOf>): string => {
  const fits = (text: string): boolean => byteLength(text) <= LIVE_LIMITS.messageBytes - ADDED_BYTES;
  const whole = JSON.stringify(envelope);
  if (fits(whole)) return whole;
  const { _data: _raw, ...payload } = envelope.payload as Readonly<Record<string, unknown>>;
  const smaller = JSON.stringify({ ...envelope, payload, omitted: ['payload._data'] });
  return fits(smaller) ? smaller : JSON.stringify({ ...envelope, payload: {}, omitted: ['payload'] });
};

const byteLength = (text: string): number => new TextEncoder().encode(text).length;
