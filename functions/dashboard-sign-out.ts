import * as operations from '../core/api/operations/dashboard.ts';
import { signOut } from '../core/protocols/sign-in.ts';
import { credentialOf, signOutCookie } from '../core/sign-in.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http, unmarked } from './edge/http.ts';
import { hasTls } from './edge/tls.ts';

const control = { ...base, store: dynamoDbStore() };

/** POST /dashboard/sign-out: ends the sign-in whose cookie the request carries, and removes the cookie. */
export const handler = http(operations.signOut)(async ({ headers, cookies }) => {
  const { 'x-api-key': _notAsked, ...rest } = headers;
  const presented = credentialOf({ method: 'POST', headers: rest, cookies }, hasTls);
  if (presented.via === 'unmarked') throw unmarked();
  if (presented.via === 'cookie') await signOut(control, presented.token);
  return { status: 204, cookies: [signOutCookie(hasTls)] };
});
