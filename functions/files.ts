import { getFile } from '../contract/operations/files.ts';
import { openFile } from '../core/accounts/media.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { s3Media } from './adapters/s3-media.ts';
import { defineHandler } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore(), media: s3Media() };

/** GET /api/files/{sessionId}/{file}: signs at each request, so the link outlives the credentials that sign. */
export const handler = defineHandler(getFile)(async ({ params }) => ({
  status: 302,
  headers: { location: await openFile(deps, params.sessionId, params.file), 'cache-control': 'no-store' },
}));
