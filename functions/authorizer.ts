import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import { findApiKey } from '../core/protocols/keys.ts';
import { isPassing } from '../core/store.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';

const control = { ...base, store: dynamoDbStore() };

/**
 * Says whose key a request carries; see edge/auth-context.ts for why it refuses nobody. Where the database does not
 * answer, the handlers tell the caller so: an authorizer that throws is a bare 500 of API Gateway.
 */
export const handler = async (
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<Record<string, string>>> => ({
  isAuthorized: true,
  context: await contextOf(event.headers?.['x-api-key']),
});

const contextOf = async (presented: string | undefined): Promise<Record<string, string>> => {
  try {
    const key = await findApiKey(control, presented);
    return key
      ? { role: key.role, userId: key.userId, sessions: key.sessions?.join(',') ?? '' }
      : { role: 'none' };
  } catch (error) {
    if (!isPassing(error)) throw error;
    control.log.warn('an API key could not be looked up', { error: String(error) });
    return { role: 'unknown' };
  }
};
