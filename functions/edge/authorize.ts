import type * as z from 'zod';
import type { ApiKey } from '../../core/access/keys.ts';
import type { RateLimiter } from '../../core/access/rate.ts';
import { isTransient } from '../../core/store.ts';
import { base } from '../adapters/base.ts';
import type { authContextSchema } from './auth-context.ts';

/** API Gateway takes the context's values as text. */
export type AuthorizerContext = Readonly<
  Partial<Record<ContextName, string>> & { role: z.input<typeof authContextSchema>['role'] }
>;
type ContextName =
  | 'userId'
  | 'keyId'
  | 'via'
  | 'sessions'
  | 'scopes'
  | 'rateLimit'
  | 'retryAfterSeconds'
  /** Of a WebSocket connection: what it follows. */
  | 'topic';

/**
 * The data that an authorizer passes to the handlers about the key that `find` finds, after counting the request
 * against its rate; see auth-context.ts for why it refuses no caller. If the database does not answer, the handlers
 * report it to the caller: an authorizer that throws is a bare 500 of API Gateway.
 */
export const contextOfKey = async (
  refusalOf: RateLimiter,
  via: 'key' | 'cookie',
  find: () => Promise<ApiKey | undefined>,
): Promise<AuthorizerContext> => {
  try {
    const key = await find();
    if (!key) return { role: 'none' };
    const refusal = await refusalOf(key);
    return {
      role: key.role,
      userId: key.userId,
      keyId: key.id,
      via,
      sessions: key.sessions?.join(',') ?? '',
      scopes: key.scopes?.join(',') ?? '',
      ...(refusal && {
        rateLimit: String(refusal.limit),
        retryAfterSeconds: String(refusal.retryAfterSeconds),
      }),
    };
  } catch (error) {
    if (!isTransient(error)) throw error;
    base.log.warn('an API key could not be looked up', { error: String(error) });
    return { role: 'unknown' };
  }
};
