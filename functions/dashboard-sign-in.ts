import * as operations from '../core/api/operations/dashboard.ts';
import { Problem } from '../core/errors.ts';
import { rateLimiter } from '../core/protocols/rate.ts';
import { signIn } from '../core/protocols/sign-in.ts';
import { signInCookie } from '../core/sign-in.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';
import { hasTls } from './edge/tls.ts';

const control = { ...base, store: dynamoDbStore() };
const refusalOf = rateLimiter(control);

/** Of one address. Nobody guesses 32 random bytes: this bounds what trying costs. */
const ATTEMPTS = { perMinute: 60, burst: 30 };

/** POST /dashboard/sign-in: only its JSON body signs in, so no other site's form can sign somebody in unasked. */
export const handler = http(operations.signIn)(async ({ body, ip }) => {
  const refusal = await refusalOf({ id: control.sha256(`sign-in ${ip}`), userId: '', rate: ATTEMPTS });
  if (refusal)
    throw new Problem('too_many', 'Too many attempts to sign in; wait a moment.', {
      scope: 'rate',
      ...refusal,
    });
  const { token, seconds } = await signIn(control, body.key);
  return { status: 204, cookies: [signInCookie(token, seconds, hasTls)] };
});
