import * as operations from '../contract/operations/keys.ts';
import { createApiKey, deleteApiKey, listApiKeys } from '../core/access/keys.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { defineHandler, router } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

/** GET /api/keys */
const listing = defineHandler(operations.listKeys)(async () => ({
  status: 200,
  body: await listApiKeys(control),
}));

/** POST /api/keys: the answer is the only time that the key is shown. */
const creating = defineHandler(operations.createKey)(async ({ body }) => ({
  status: 201,
  body: await createApiKey(control, body),
}));

/** DELETE /api/keys/{id} */
const deleting = defineHandler(operations.deleteKey)(async ({ params }) => {
  await deleteApiKey(control, params.id);
  return { status: 200, body: {} };
});

export const handler = router(listing, creating, deleting);
