import type {
  APIGatewayRequestAuthorizerEventV2,
  APIGatewaySimpleAuthorizerWithContextResult,
} from 'aws-lambda';
import { findApiKey } from '../core/protocols/keys.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';

const control = { ...base, store: dynamoDbStore() };

/** Says whose key a request carries; see edge/auth-context.ts for why it refuses nobody. */
export const handler = async (
  event: APIGatewayRequestAuthorizerEventV2,
): Promise<APIGatewaySimpleAuthorizerWithContextResult<Record<string, string>>> => {
  const key = await findApiKey(control, event.headers?.['x-api-key']);
  return {
    isAuthorized: true,
    context: key
      ? { role: key.role, userId: key.userId, sessions: key.sessions?.join(',') ?? '' }
      : { role: 'none' },
  };
};
