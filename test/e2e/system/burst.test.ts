/** More sessions are created at once than there are slots, than the machine starts at once, and than ECS answers in time. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type System, startSystem } from '../../helpers/system.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const LIMIT = 4;
let system: System;
beforeAll(async () => {
  const settings = { globalLimit: LIMIT, userLimit: LIMIT, launchRetrySeconds: 3 };
  system = await startSystem({ settings });
});
afterAll(() => system?.stop());

const create = async (name: string): Promise<{ name: string; status: number; body: unknown }> => {
  const response = await system.call('POST', '/api/sessions', { body: { name } });
  return { name, status: response.status, body: await response.json() };
};
const code = (name: string) => system.berth.auth.qr(name, { waitSeconds: 25 });
const tasks = async () => (await system.stack.invoke('reconciler', {})).ok;

test('a create whose RunTask does not answer in time is answered as PENDING, and has one task in the end', async () => {
  const { ecs } = system.stack.faults;
  // The call and its repeat by the SDK.
  const release = ecs.holdCalls('RunTask', 2);
  expect(await create('late')).toMatchObject({ status: 201, body: { state: 'PENDING' } });
  // Once its launch is due, a sweep launches it; the calls that were held are carried out only then, under the same token.
  await vi.waitFor(
    async () => {
      await system.stack.trigger('reaper');
      expect(await system.berth.sessions.get('late')).not.toMatchObject({ state: 'PENDING' });
    },
    { timeout: 60_000, interval: 1_000 },
  );
  release();
  expect(await code('late')).toEqual(expect.any(String));
  expect(await tasks()).toBe(true);
  const { active } = await system.berth.stats();
  expect(active).toBe(1);
});

test('a burst: as many as there are slots are admitted, the others refused, and each shows its code', async () => {
  // Long polls that hold each instance of their function.
  const following = Array.from({ length: 5 }, () => system.call('GET', '/api/events?wait=25'));
  const answers = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(create));
  const admitted = answers.filter(({ status }) => status === 201);
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 429, 429, 429]);
  // The answers are true: what was refused does not exist.
  for (const { name, status } of answers) {
    const { status: found } = await system.call('GET', `/api/sessions/${name}`);
    expect([name, found]).toEqual([name, status === 201 ? 200 : 404]);
  }
  const codes = await Promise.all(admitted.map(({ name }) => code(name)));
  expect(new Set(codes).size).toBe(LIMIT - 1);
  for (const response of await Promise.all(following)) expect(response.status).toBe(200);
  const { active } = await system.berth.stats();
  expect(active).toBe(LIMIT);
});
