/**
 * Sends to the connections of a topic what is in its log behind their positions. One pass of a topic runs at a time
 * (the queue sees to it), so every connection gets its events in order.
 *
 *   log 41 42 43 ── pass: connection at 41 gets 42, 43 ── position 43
 *                    └─ the function dies ── next pass: position 41 ── 42 and 43 come again, with the same ids
 */

import pMap from 'p-map';
import * as z from 'zod';
import { EVENTS_MISSED } from '../../contract/bodies/live.ts';
import { RELEASE } from '../../contract/release.ts';
import { mayUse } from '../../contract/scopes.ts';
import { apiKeyById } from '../access/keys.ts';
import type { Deps } from '../deps.ts';
import type { LiveConnections } from '../ports.ts';
import { type Connection, connectionsOf, movePosition, removeConnection } from './connections.ts';
import { type Holder, isFor, mayFollow } from './rights.ts';
import { GAP, isEvent, type NumberedEntry, readLog } from './topics.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'ids' | 'settings' | 'metrics' | 'log'> & {
  readonly connections: LiveConnections;
};

/** `again`: something is left that a later pass can send. */
type PassResult = 'done' | 'again';

/** Connections of a topic that are sent to at once. */
const CONCURRENCY = 16;
/** The gateway opens a connection after the function that allowed it has responded; until then it is `gone`. */
const OPENING_MS = 30_000;

type Pass = {
  readonly topic: string;
  readonly endAt: number;
  /** Read once, however many connections are at the same position. */
  readonly entriesAfter: (number: number) => Promise<readonly NumberedEntry[]>;
  readonly holderOf: (keyId: string) => Promise<Holder | undefined>;
};

/** One pass. @param endAt ms; nothing new is begun after it. Throws a transient fault of the store */
export const fanOut = async (deps: Needs, topic: string, endAt: number): Promise<PassResult> => {
  const connections = await connectionsOf(deps, topic);
  const pass: Pass = {
    topic,
    endAt,
    entriesAfter: once((number: number) => readLog(deps, topic, number)),
    holderOf: once((keyId: string) => apiKeyById(deps, keyId)),
  };
  const results = await pMap(connections, (connection) => serve(deps, pass, connection), {
    concurrency: CONCURRENCY,
  });
  return results.includes('again') ? 'again' : 'done';
};

/** The same promise for the same argument. */
const once = <A, R>(make: (argument: A) => Promise<R>): ((argument: A) => Promise<R>) => {
  const made = new Map<A, Promise<R>>();
  return (argument) => {
    const known = made.get(argument) ?? make(argument);
    made.set(argument, known);
    return known;
  };
};

const serve = async (deps: Needs, pass: Pass, connection: Connection): Promise<PassResult> => {
  // A key that was revoked or changed holds at once, and not when the connection ends.
  const holder = await pass.holderOf(connection.keyId);
  if (!holder || !mayFollow(holder, pass.topic)) return drop(deps, connection, 'key');
  let { position } = connection;
  for (;;) {
    const entries = await pass.entriesAfter(position);
    if (entries.length === 0) return 'done';
    const before = position;
    let result: PassResult | undefined;
    for (const entry of entries) {
      result =
        deps.clock() >= pass.endAt
          ? 'again'
          : await sendAll(deps, connection, messagesOf(deps, pass, holder, connection, position, entry));
      if (result !== undefined) break;
      position = entry.number;
    }
    if (position > before) await movePosition(deps, connection, position);
    if (result !== undefined) return result;
  }
};

/** Nothing, the event, or before it that events are missing. */
const messagesOf = (
  deps: Needs,
  { topic }: Pass,
  holder: Holder,
  { sessions, events }: Connection,
  position: number,
  entry: NumberedEntry,
): string[] => [
  ...(entry.event === GAP || entry.number > position + 1 ? [missedMessage(deps, entry.number)] : []),
  ...(isEvent(entry) && isFor(holder, topic, { sessions, events }, entry)
    ? [withCursor(withData(holder, entry))]
    : []),
];

/** The body is a JSON object, so its last character is a brace. */
const withCursor = ({ body, number }: NumberedEntry): string => `${body.slice(0, -1)},"cursor":"${number}"}`;

const statusSchema = z.looseObject({ payload: z.looseObject({}) });

/** What a status brings along, for those who may link an account. */
const withData = (holder: Holder, entry: NumberedEntry): NumberedEntry => {
  if (entry.data === undefined || !mayUse(holder, 'sessions:write')) return entry;
  const message = statusSchema.parse(JSON.parse(entry.body));
  const payload = { ...message.payload, data: JSON.parse(entry.data) };
  return { ...entry, body: JSON.stringify({ ...message, payload }) };
};

const missedMessage = ({ ids, clock, settings }: Needs, number: number): string =>
  JSON.stringify({
    id: ids.eventId(),
    timestamp: clock(),
    event: EVENTS_MISSED,
    session: '*',
    payload: {},
    environment: { ...RELEASE, name: settings.environment },
    engine: RELEASE.engine,
    cursor: String(number - 1),
  });

/** Undefined: all were sent. */
const sendAll = async (
  deps: Needs,
  connection: Connection,
  messages: readonly string[],
): Promise<PassResult | undefined> => {
  for (const message of messages) {
    switch (await deps.connections.post(connection.id, message)) {
      case 'sent':
        break;
      case 'unknown':
        return 'again';
      case 'gone':
        if (deps.clock() - connection.connectedAt < OPENING_MS) return 'again';
        await removeConnection(deps, connection);
        return 'done';
      case 'slow':
        return drop(deps, connection, 'slow');
    }
  }
  return undefined;
};

/** The record goes after the connection: a client that stays connected without one would wait for ever. */
const drop = async (deps: Needs, connection: Connection, reason: 'slow' | 'key'): Promise<PassResult> => {
  if (!(await deps.connections.close(connection.id))) return 'again';
  await removeConnection(deps, connection);
  deps.metrics.count('LiveDropped', 1, { Reason: reason });
  deps.log.info('a connection was closed', { connectionId: connection.id, reason });
  return 'done';
};
