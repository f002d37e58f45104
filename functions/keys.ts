import { listAudit as listAuditOperation } from '../contract/operations/audit.ts';
import * as operations from '../contract/operations/keys.ts';
import { createApiKey, deleteApiKey, listApiKeys, updateApiKey } from '../core/access/keys.ts';
import { listAudit } from '../core/observability/audit.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { defineHandler, router } from './edge/http.ts';

const deps = { ...base, store: dynamoDbStore() };

/** GET /api/keys */
const listing = defineHandler(operations.listKeys)(async () => ({
  status: 200,
  body: await listApiKeys(deps),
}));

/** POST /api/keys: the answer is the only time that the key is shown. */
const creating = defineHandler(operations.createKey)(async ({ body, owner }) => ({
  status: 201,
  body: await createApiKey(deps, { ...body, userId: body.userId ?? owner() }),
}));

/** PUT /api/keys/{id} */
const changing = defineHandler(operations.updateKey)(async ({ params, body }) => ({
  status: 200,
  body: await updateApiKey(deps, params.id, body),
}));

/** POST /api/keys/control and /api/keys/media: a key for one session. */
const creatingForSession = defineHandler(
  operations.createControlKey,
  operations.createMediaKey,
)(async ({ operation, body, owner }) => ({
  status: 201,
  body: await createApiKey(deps, {
    userId: owner(),
    role: 'user',
    sessions: [body.session],
    scopes: operation.id === 'createControlKey' ? ['sessions:read', 'sessions:write'] : ['messages:read'],
  }),
}));

/** DELETE /api/keys/{id} */
const deleting = defineHandler(operations.deleteKey)(async ({ params }) => {
  await deleteApiKey(deps, params.id);
  return { status: 200, body: {} };
});

/** GET /api/audit: an array; the cursor of the next page in `X-Next-Cursor`. */
const auditing = defineHandler(listAuditOperation)(async ({ query: { limit, cursor, ...filter } }) => {
  const page = await listAudit(deps, filter, { limit, ...(cursor === undefined ? {} : { cursor }) });
  return {
    status: 200,
    body: page.entries,
    ...(page.cursor === undefined ? {} : { headers: { 'x-next-cursor': page.cursor } }),
  };
});

export const handler = router(listing, creating, changing, creatingForSession, deleting, auditing);
