import { createApiKey, listApiKeys } from '../core/access/keys.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';

const deps = { ...base, store: dynamoDbStore() };

/**
 * Makes the first admin key if there is no admin key; `{key: null}` otherwise. Invoked by hand after the first deploy
 * (`aws lambda invoke`) or by the local start; no route leads here.
 */
export const handler = async (): Promise<{ key: string | null }> => {
  const keys = await listApiKeys(deps);
  if (keys.some((key) => key.role === 'admin')) return { key: null };
  const { key } = await createApiKey(deps, { userId: 'admin', role: 'admin', label: 'first admin key' });
  return { key };
};
