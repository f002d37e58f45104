import { Problem } from '../contract/errors.ts';
import * as operations from '../contract/operations/dashboard.ts';
import * as events from '../contract/operations/events.ts';
import { loadApiKey } from '../core/access/keys.ts';
import { rateLimiter } from '../core/access/rate.ts';
import { signIn, signOut } from '../core/access/sign-in.ts';
import {
  credentialOf,
  DASHBOARD_HEADER,
  isMark,
  signInCookie,
  signOutCookie,
} from '../core/access/sign-in-cookie.ts';
import { createTicket } from '../core/live/connect.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { defineHandler, router, unmarked } from './edge/http.ts';
import { hasTls } from './edge/tls.ts';
import { environment } from './environment.ts';

const deps = { ...base, store: dynamoDbStore() };
const refusalOf = rateLimiter(deps);

/** Of one address. A key of 32 random bytes cannot be guessed: this bounds the cost of attempts. */
const ATTEMPTS = { perMinute: 60, burst: 30 };

/** POST /dashboard/sign-in: only its JSON body signs in, so a form on another site cannot sign a user in. */
const signingIn = defineHandler(operations.signIn)(async ({ body, ip }) => {
  const refusal = await refusalOf({ id: deps.sha256(`sign-in ${ip}`), userId: '', rate: ATTEMPTS });
  if (refusal)
    throw new Problem('too_many', 'Too many sign-in attempts; wait a moment.', {
      scope: 'rate',
      ...refusal,
    });
  const { token, seconds, proof } = await signIn(deps, body.key, !hasTls);
  return {
    status: 204,
    cookies: [signInCookie(token, seconds, hasTls)],
    ...(proof === undefined ? {} : { headers: { [DASHBOARD_HEADER]: proof } }),
  };
});

/**
 * POST /dashboard/sign-out: ends the sign-in whose cookie the request carries, and removes the cookie. The header is asked
 * for without a cookie as well: another site's form sends none (SameSite), and its answer would remove the cookie.
 */
const signingOut = defineHandler(operations.signOut)(async ({ headers, cookies }) => {
  if (!isMark(headers[DASHBOARD_HEADER], hasTls)) throw unmarked();
  const { 'x-api-key': _notAsked, ...rest } = headers;
  const presented = credentialOf({ method: 'POST', headers: rest, cookies }, hasTls);
  if (presented.via === 'cookie') await signOut(deps, presented);
  return { status: 204, cookies: [signOutCookie(hasTls)] };
});

/** GET /api/me */
const sayingWho = defineHandler(operations.getCaller)(async (request) => {
  const { keyId, via } = request.caller();
  const { userId, role, scopes, sessions, id, label, expiresAt } = await loadApiKey(deps, keyId);
  const { environment, whatsapp } = deps.settings;
  return {
    status: 200,
    body: {
      userId,
      role,
      scopes,
      sessions,
      key: { id, label, expiresAt },
      via,
      environment,
      ...(whatsapp === undefined ? {} : { whatsapp }),
    },
  };
});

/** POST /api/events/tickets */
const givingTickets = defineHandler(events.createLiveTicket)(async (request) => {
  const { ticket, expiresAt, cursor } = await createTicket(deps, request.caller(), request.query.userId);
  return {
    status: 200,
    body: {
      url: environment('BERTH_LIVE_URL'),
      ticket,
      expiresAt: new Date(expiresAt).toISOString(),
      cursor,
    },
  };
});

export const handler = router(signingIn, signingOut, sayingWho, givingTickets);
