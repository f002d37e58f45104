import { checkDatabase } from '../core/protocols/health.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { store: dynamoDbStore() };

/** GET /ping and GET /health, without a key: alive, and whether the database answers; nothing else is told. */
export const handler = http({ auth: 'none' }, async ({ path }) => {
  if (path === '/ping') return { status: 200, body: { message: 'pong' } };
  const { ok } = await checkDatabase(control);
  return { status: ok ? 200 : 503, body: { status: ok ? 'ok' : 'degraded' } };
});
