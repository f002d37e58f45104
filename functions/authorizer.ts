import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import type * as z from 'zod';
import { findApiKey } from '../core/access/keys.ts';
import { rateLimiter } from '../core/access/rate.ts';
import { findSignIn } from '../core/access/sign-in.ts';
import { credentialOf } from '../core/access/sign-in-cookie.ts';
import { isTransient } from '../core/store.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import type { authContextSchema } from './edge/auth-context.ts';
import { hasTls } from './edge/tls.ts';

const deps = { ...base, store: dynamoDbStore() };
const refusalOf = rateLimiter(deps);

/** API Gateway takes the context's values as text. */
type Context = z.input<typeof authContextSchema> & Record<string, string | undefined>;

/**
 * Says whose key a request carries and counts the request against its rate; see edge/auth-context.ts for why it
 * refuses no caller. Where the database does not answer, the handlers tell the caller so: an authorizer that throws is a
 * bare 500 of API Gateway.
 */
export const handler = async (
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<Context>> => ({
  isAuthorized: true,
  context: await contextOf(event),
});

const contextOf = async (event: APIGatewayRequestAuthorizerEventV2): Promise<Context> => {
  const { headers = {}, cookies = [], requestContext } = event;
  const presented = credentialOf({ method: requestContext.http.method, headers, cookies }, hasTls);
  try {
    if (presented.via === 'nothing') return { role: 'none' };
    if (presented.via === 'unmarked') return { role: 'unmarked' };
    const key = await (presented.via === 'key'
      ? findApiKey(deps, presented.key)
      : findSignIn(deps, presented.token));
    if (!key) return { role: 'none' };
    const refusal = await refusalOf(key);
    return {
      role: key.role,
      userId: key.userId,
      keyId: key.id,
      via: presented.via,
      sessions: key.sessions?.join(',') ?? '',
      scopes: key.scopes?.join(',') ?? '',
      ...(refusal && {
        rateLimit: String(refusal.limit),
        retryAfterSeconds: String(refusal.retryAfterSeconds),
      }),
    };
  } catch (error) {
    if (!isTransient(error)) throw error;
    deps.log.warn('an API key could not be looked up', { error: String(error) });
    return { role: 'unknown' };
  }
};
