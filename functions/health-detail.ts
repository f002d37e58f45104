import { health } from '../core/protocols/health.ts';
import { base } from './adapters/base.ts';
import { dynamoDbStore } from './adapters/dynamodb-store.ts';
import { ecsTasks } from './adapters/ecs-tasks.ts';
import { http } from './edge/http.ts';

const control = { ...base, store: dynamoDbStore(), tasks: ecsTasks() };

/** GET /api/health: 200, or 503 where a part fails, with every check. */
export const handler = http({ auth: 'key' }, async () => {
  const view = await health(control);
  return { status: view.status === 'ok' ? 200 : 503, body: view };
});
