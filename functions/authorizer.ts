import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import { findApiKey } from '../core/access/keys.ts';
import { rateLimiter } from '../core/access/rate.ts';
import { findSignIn } from '../core/access/sign-in.ts';
import { credentialOf } from '../core/access/sign-in-cookie.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { type AuthorizerContext, contextOfKey } from './edge/authorize.ts';
import { hasTls } from './edge/tls.ts';

const deps = { ...base, store: dynamoDbStore() };
const refusalOf = rateLimiter(deps);

/** Says whose key a request carries, by its header or by a sign-in's cookie. */
export const handler = async (
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<AuthorizerContext>> => ({
  isAuthorized: true,
  context: await contextOf(event),
});

const contextOf = async (event: APIGatewayRequestAuthorizerEventV2): Promise<AuthorizerContext> => {
  const { headers = {}, cookies = [], requestContext } = event;
  const presented = credentialOf({ method: requestContext.http.method, headers, cookies }, hasTls);
  if (presented.via === 'nothing') return { role: 'none' };
  if (presented.via === 'unmarked') return { role: 'unmarked' };
  return contextOfKey(refusalOf, presented.via, () =>
    presented.via === 'key' ? findApiKey(deps, presented.key) : findSignIn(deps, presented),
  );
};
