import * as operations from '../core/api/operations/sessions.ts';
import { loadSession } from '../core/protocols/load.ts';
import { type Session, sessionView } from '../core/session.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

const POLL_MS = 400;

/**
 * GET /api/sessions/{name}; with `wait=status!=STARTING` answers once that is so, or as things stand after `timeout`
 * seconds. GET /api/sessions/{name}/me: the linked account, or null.
 */
export const handler = http(
  operations.getSession,
  operations.getMe,
)(async (request) => {
  const { userId, name } = request.session(request.params.name);
  const { wait, timeout } = request.query;
  const end = control.clock() + timeout * 1000;
  let session = await loadSession(control, userId, name);
  while (wait !== undefined && !satisfies(session, wait) && control.clock() + POLL_MS < end) {
    await control.sleep(POLL_MS);
    session = await loadSession(control, userId, name);
  }
  const view = sessionView(session, control.settings);
  return { status: 200, body: request.operation.id === 'getMe' ? view.me : view };
});

const satisfies = (session: Session, wait: string): boolean => {
  const [, attribute, operator, value] = /^(status|state)(!?=)([A-Z_]+)$/.exec(wait) ?? [];
  const now = attribute === 'state' ? session.state : session.status;
  return operator === '=' ? now === value : now !== value;
};
