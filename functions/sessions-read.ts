import * as z from 'zod';
import { sessionEventViewSchema } from '../contract/bodies/admin.ts';
import { Problem } from '../contract/errors.ts';
import { isTerminal, shownStatus } from '../contract/lifecycle.ts';
import { listErasures as listErasuresOperation } from '../contract/operations/erasures.ts';
import * as events from '../contract/operations/events.ts';
import * as operations from '../contract/operations/sessions.ts';
import { isAboutServer, UNSUPPORTED_OPERATIONS } from '../contract/operations/unsupported.ts';
import * as webhookOperations from '../contract/operations/webhooks.ts';
import { pollUntil } from '../contract/poll.ts';
import { withOpenWait } from '../core/access/open-waits.ts';
import { listErasures } from '../core/accounts/erasure-report.ts';
import { recentDeliveries } from '../core/events/deliveries.ts';
import { listEndpoints } from '../core/events/endpoints.ts';
import { eventsPartition, QUOTAS_LISTING } from '../core/items.ts';
import { findSession, loadSession } from '../core/lifecycle/load.ts';
import { nameOf, parseListed, type Session } from '../core/lifecycle/session.ts';
import { sessionView } from '../core/lifecycle/session-view.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { defineHandler, router } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore() };

/**
 * GET /api/sessions: an array, as WAHA has it; the cursor of the next page in `X-Next-Cursor`. Without `all=true`
 * stopped ones are left out. An admin may name a user, or `userId=*` for all users.
 */
const listing = defineHandler(operations.listSessions)(async (request) => {
  const { all, limit, cursor, userId } = request.query;
  const caller = request.caller();
  const from = { limit, ...(cursor === undefined ? {} : { cursor }) };
  const page =
    userId === '*' && caller.role === 'admin'
      ? await deps.store.scan({ index: 'ofUser', ...from })
      : await deps.store.query({ index: 'ofUser', partition: request.owner(), ...from });
  const sessions = page.items
    .filter((item) => item.listUser !== QUOTAS_LISTING)
    .map(parseListed)
    .filter((s) => (all || !isTerminal(s.state)) && (caller.sessions?.includes(nameOf(s)) ?? true));
  return {
    status: 200,
    body: sessions.map((session) => sessionView(session, deps.settings)),
    ...(page.cursor === undefined ? {} : { headers: { 'x-next-cursor': page.cursor } }),
  };
});

const POLL_MS = 400;

/**
 * GET /api/sessions/{name}; with `wait=status!=STARTING` answers once that is so, or as things stand after `timeout`
 * seconds. GET /api/sessions/{name}/me: the linked account, or null.
 */
const showing = defineHandler(
  operations.getSession,
  operations.getMe,
)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const { wait, timeout } = request.query;
  const end = deps.clock() + timeout * 1000;
  const look = () => loadSession(deps, userId, name);
  const isWanted = (seen: Session) => wait === undefined || satisfies(seen, wait);
  const first = await look();
  const session = isWanted(first)
    ? first
    : await withOpenWait(deps, request.caller().userId, end - deps.clock(), () =>
        pollUntil(deps, look, isWanted, { end, pollMs: POLL_MS }),
      );
  const view = sessionView(session, deps.settings);
  return { status: 200, body: request.operation.id === 'getMe' ? view.me : view };
});

const satisfies = (session: Session, wait: string): boolean => {
  const [, attribute, operator, value] = /^(status|state)(!?=)([A-Z_]+)$/.exec(wait) ?? [];
  const now = attribute === 'state' ? session.state : shownStatus(session);
  return operator === '=' ? now === value : now !== value;
};

/** The item's id is its sort key. */
const storedEventSchema = z.object({ sk: z.string() }).loose();

/** GET /api/sessions/{name}/events: recent lifecycle events, newest first. */
const listingEvents = defineHandler(operations.listSessionEvents)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const { sessionId } = await loadSession(deps, userId, name);
  const page = await deps.store.query({
    partition: eventsPartition(sessionId),
    descending: true,
    limit: request.query.limit,
  });
  const body = page.items.map((item) => {
    const stored = storedEventSchema.parse(item);
    return sessionEventViewSchema.parse({ ...stored, id: stored.sk });
  });
  return { status: 200, body };
});

/** GET /api/sessions/{name}/deliveries: the latest delivery attempts of recent events. */
const listingDeliveries = defineHandler(events.listDeliveries)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const { sessionId } = await loadSession(deps, userId, name);
  return { status: 200, body: await recentDeliveries(deps, sessionId, request.query.limit) };
});

/** GET /api/webhooks/endpoints: of the user, of one session, or of the sessions that the key is limited to. */
const listingEndpoints = defineHandler(webhookOperations.listWebhookEndpoints)(async (request) => {
  const { session } = request.query;
  if (session !== undefined) {
    const { userId, name } = request.session(session);
    const { config } = await loadSession(deps, userId, name);
    return { status: 200, body: await listEndpoints(deps, userId, config.webhooks ?? []) };
  }
  const names = request.caller().sessions;
  if (names === undefined) return { status: 200, body: await listEndpoints(deps, request.owner()) };
  const found = await Promise.all(names.map((name) => findSession(deps, request.owner(), name)));
  const webhooks = found.flatMap((one) => one?.config.webhooks ?? []);
  return { status: 200, body: await listEndpoints(deps, request.owner(), webhooks) };
});

/** What WAHA's clients may ask for and this engine cannot do. */
const refusing = defineHandler(...Object.values(UNSUPPORTED_OPERATIONS))(async (request) => {
  const { operation, params, body } = request;
  if (!isAboutServer(operation)) {
    const given: Record<string, unknown> = { ...Object(body), ...params };
    const { userId, name } = request.session(typeof given.session === 'string' ? given.session : undefined);
    await loadSession(deps, userId, name);
  }
  throw new Problem('not_supported', operation.description ?? operation.summary, { engine: 'WEBJS' });
});

/** GET /api/erasures: of the user, or of the sessions that the key is limited to. */
const listingErasures = defineHandler(listErasuresOperation)(async (request) => {
  const { sessions } = request.caller();
  const erasures = await listErasures(deps, request.owner());
  return {
    status: 200,
    body: sessions
      ? erasures.filter(({ session }) => session !== null && sessions.includes(session))
      : erasures,
  };
});

export const handler = router(
  listing,
  showing,
  listingEvents,
  listingDeliveries,
  listingEndpoints,
  listingErasures,
  refusing,
);
