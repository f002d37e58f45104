import * as operations from '../core/api/operations/sessions.ts';
import { QUOTAS_LISTING } from '../core/items.ts';
import { isTerminal } from '../core/lifecycle.ts';
import { nameOf, parseSession, sessionView } from '../core/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

/**
 * GET /api/sessions: an array, as WAHA has it; the cursor of the next page in `X-Next-Cursor`. Without `all=true`
 * stopped ones are left out. An admin may name a user, or `userId=*` for everybody's.
 */
export const handler = http(operations.listSessions)(async (request) => {
  const { all, limit, cursor, userId } = request.query;
  const caller = request.caller();
  const from = { limit, ...(cursor === undefined ? {} : { cursor }) };
  const page =
    userId === '*' && caller.role === 'admin'
      ? await control.store.scan({ index: 'byUser', ...from })
      : await control.store.query({ index: 'byUser', partition: request.owner(), ...from });
  const sessions = page.items
    .filter((item) => item.listUser !== QUOTAS_LISTING)
    .map(parseSession)
    .filter((s) => (all || !isTerminal(s.state)) && (caller.sessions?.includes(nameOf(s)) ?? true));
  return {
    status: 200,
    body: sessions.map((session) => sessionView(session, control.settings)),
    ...(page.cursor === undefined ? {} : { headers: { 'x-next-cursor': page.cursor } }),
  };
});
