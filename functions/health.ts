import * as operations from '../contract/operations/health.ts';
import * as server from '../contract/operations/server.ts';
import { RELEASE } from '../contract/release.ts';
import { checkDatabase } from '../core/observability/health.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { defineHandler, router } from './edge/http.ts';

const deps = { store: dynamoDbStore() };

/** GET /ping and GET /health, without a key: alive, and whether the database answers; nothing else is returned. */
const health = defineHandler(
  operations.ping,
  operations.getHealth,
)(async ({ operation }) => {
  if (operation.id === 'ping') return { status: 200, body: { message: 'pong' } };
  const { ok } = await checkDatabase(deps);
  return ok ? { status: 200, body: { status: 'ok' } } : { status: 503, body: { status: 'degraded' } };
});

const startedAt = Date.now();

/** GET /api/server/…: requests of WAHA's clients. Returns only data that the key's owner may know. */
const servers = defineHandler(
  server.getServerVersion,
  server.getVersion,
  server.getServerStatus,
  server.getServerEnvironment,
)(async ({ operation }) => {
  if (operation.id === 'getServerStatus')
    return {
      status: 200,
      body: { startTimestamp: startedAt, uptime: Date.now() - startedAt, worker: { id: null } },
    };
  if (operation.id === 'getServerEnvironment')
    return { status: 200, body: { NODE_VERSION: process.versions.node } };
  return { status: 200, body: RELEASE };
});

export const handler = router(health, servers);
