import * as operations from '../core/api/operations/dashboard.ts';
import { loadApiKey } from '../core/protocols/keys.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore() };

/** GET /api/me */
export const handler = http(operations.getCaller)(async (request) => {
  const { keyId, via } = request.caller();
  const { userId, role, scopes, sessions, id, label, expiresAt } = await loadApiKey(control, keyId);
  const { environment, whatsapp } = control.settings;
  return {
    status: 200,
    body: {
      userId,
      role,
      scopes,
      sessions,
      key: { id, label, expiresAt },
      via,
      environment,
      ...(whatsapp === undefined ? {} : { whatsapp }),
    },
  };
});
