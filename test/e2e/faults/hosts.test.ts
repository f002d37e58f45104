/** Sessions on hosts that they share: they work there, leave a host that drains, and run on Fargate if hosts have no room. */
import { expect, test, vi } from 'vitest';
import type { TaskRecord } from '../../../local/engines/ecs/task.ts';
import { shared } from '../../helpers/shared.ts';
import { startWebhookReceiver } from '../../helpers/webhook-receiver.ts';
import { leftOf, PATIENCE, startFaulty } from './harness.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000030';
/** Room for one session of 350 MiB each. */
const HOSTS = [500, 500];

const open = shared(
  // The wait for a host is waited for in full.
  () => startFaulty({ hosts: HOSTS, settings: { startTimeoutSeconds: 40 } }),
  async ({ tasks, stop }) => {
    const all = tasks();
    await stop();
    expect(leftOf(all)).toEqual([]);
  },
);

const working = (epoch: number) => ({ status: 'WORKING', linked: true, epoch });
const sends = async (text: string) => {
  const { berth, phone } = open();
  const { id } = await berth.messages.sendText({ session: 'shop', chatId: '491705550001@c.us', text });
  expect(id).toBeTruthy();
  const { messages } = await phone.inbox({ account: ACCOUNT, sent: true });
  expect(messages.map(({ body }) => body)).toContain(text);
};
const hostOf = ({ taskArn }: TaskRecord) => open().stack.hosts.of(taskArn);

test.sequential('a session on a host shows its code, is linked and sends', async () => {
  const { berth, stack, link, newestTask } = open();
  await link('shop', ACCOUNT);
  await berth.sessions.update('shop', { config: { restart: { policy: 'always' } } });
  expect(newestTask()).toMatchObject({ launchType: 'EC2', reservedMiB: 350 });
  expect(stack.hosts.active()).toContain(hostOf(newestTask()));
  await sends('from a host');
});

test.sequential('its host drains: the account is saved, and it works again on another host', async () => {
  const { berth, stack, newestTask, holds, lastCodeAt } = open();
  const hooks = await startWebhookReceiver();
  const restart = { policy: 'always' } as const;
  const webhooks = [{ url: hooks.url, events: ['session.restarting' as const] }];
  await berth.sessions.update('shop', { config: { restart, webhooks } });
  const { epoch, me } = await berth.sessions.get('shop');
  const codes = await lastCodeAt('shop');
  const before = hostOf(newestTask());

  stack.hosts.set(before ?? '', 'DRAINING');
  await vi.waitFor(
    async () => expect(await berth.sessions.get('shop')).toMatchObject({ ...working(epoch + 1), me }),
    PATIENCE,
  );
  expect(stack.hosts.active()).toContain(hostOf(newestTask()));
  expect(hostOf(newestTask())).not.toBe(before);
  expect(await lastCodeAt('shop')).toBe(codes);
  const restarting = await hooks.event(({ event }) => event === 'session.restarting');
  expect(restarting.payload).toMatchObject({ reason: 'task_stopped', epoch: epoch + 1 });
  await holds(1);
  await sends('from another host');
  await berth.sessions.update('shop', { config: { restart } });
  await hooks.close();
  stack.hosts.set(before ?? '', 'ACTIVE');
});

test.sequential('if ECS refuses hosts, a launch takes Fargate', async () => {
  const { berth, stack, launching, newestTask, holds } = open();
  stack.faults.ecs.capacity(1, {
    provider: newestTask().capacityProviderName ?? '',
    reason: 'RESOURCE:MEMORY',
  });
  const task = await launching(() => berth.sessions.create({ name: 'other' }));
  expect(task).toMatchObject({ launchType: 'FARGATE', capacityProviderName: 'FARGATE' });
  await berth.sessions.waitForStatus('other', 'SCAN_QR_CODE');
  await berth.sessions.delete('other');
  await holds(1);
});

test.sequential('a start that timed out while its task waited for a host: the next start takes Fargate, a later one hosts again', async () => {
  const { berth, stack, newestTask, sweepUntil, worksAgain } = open();
  const { epoch, me } = await berth.sessions.get('shop');
  const all = stack.hosts.active();
  for (const host of all) stack.hosts.set(host, 'DRAINING');
  await sweepUntil('reaper', async () =>
    expect(await berth.sessions.get('shop')).toMatchObject({ ...working(epoch + 2), me }),
  );
  expect(newestTask()).toMatchObject({ launchType: 'FARGATE' });
  await sends('from Fargate');
  const { restart } = await berth.sessions.get('shop');
  expect(restart).toMatchObject({ reason: 'start_timeout' });

  for (const host of all) stack.hosts.set(host, 'ACTIVE');
  await berth.sessions.stop('shop');
  await berth.sessions.waitForStatus('shop', 'STOPPED');
  expect(await worksAgain('shop')).toMatchObject({ launchType: 'EC2' });
});
