/** The attributes in the index of a user's sessions: enough for lists, and nothing of their workers' secrets. */
import { expect, test } from 'vitest';
import { LIST_PROJECTION } from '../../../core/items.ts';
import { parseListed } from '../../../core/lifecycle/session.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { report } from '../../../core/lifecycle/worker.ts';
import { load, restartable } from './session.ts';
import { testSystem } from './test-system.ts';

const indexed = async (system: ReturnType<typeof testSystem>) => {
  const { items } = await system.deps.store.query({ index: 'ofUser', partition: 'ann', limit: 10 });
  const [item] = items;
  if (!item) throw new Error('the index has no session');
  return item;
};

test('a list shows of a session what the session itself shows', async () => {
  const system = testSystem();
  const session = await restartable(system);
  expect(sessionView(parseListed(await indexed(system)), system.settings)).toEqual(
    sessionView(session, system.settings),
  );
});

test('the index has no secret, and a heartbeat changes nothing in it', async () => {
  const system = testSystem();
  const session = await restartable(system);
  const before = await indexed(system);
  for (const secret of ['bootstrapToken', 'workerSecretHash', 'commandSecret', 'address'])
    expect(before).not.toHaveProperty(secret);
  system.now += 20_000;
  await report(system.deps, session, { seq: 2, status: 'WORKING' });
  expect((await load(system)).lastHeartbeatAt).toBe(system.now);
  expect(await indexed(system)).toEqual(before);
});

test('DynamoDB takes the projection: 20 attributes of an index at most', () => {
  expect(new Set(LIST_PROJECTION).size).toBeLessThanOrEqual(20);
});
