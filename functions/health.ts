import * as operations from '../contract/operations/health.ts';
import { checkDatabase } from '../core/observability/health.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { defineHandler } from './edge/http.ts';

const control = { store: dynamoDbStore() };

/** GET /ping and GET /health, without a key: alive, and whether the database answers; nothing else is told. */
export const handler = defineHandler(
  operations.ping,
  operations.getHealth,
)(async ({ operation }) => {
  if (operation.id === 'ping') return { status: 200, body: { message: 'pong' } };
  const { ok } = await checkDatabase(control);
  return ok ? { status: 200, body: { status: 'ok' } } : { status: 503, body: { status: 'degraded' } };
});
