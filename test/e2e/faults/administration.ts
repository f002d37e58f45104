/**
 * Operators' actions on sessions: limits, restarts, emergency cleanup, deletion of accounts; and webhooks that fail.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';
import { type FaultySystem, PATIENCE } from './harness.ts';

const ACCOUNT = '491700000041';

/** @param open a running system that is new; no session holds a slot there at the end */
export const administration = (open: () => FaultySystem): void => {
  let system: FaultySystem;
  let hooks: WebhookReceiver;
  beforeAll(async () => {
    system = open();
    hooks = await startWebhookReceiver();
  });
  afterAll(() => hooks?.close());

  const followed = z.object({ events: z.array(z.looseObject({ id: z.string() })), next: z.string() });

  const subscribed = () => ({ webhooks: [{ url: hooks.url, events: ['session.stopped' as const] }] });
  const stoppedEvent = (session: string) =>
    hooks.event((e) => e.session === session && e.event === 'session.stopped');

  describe.sequential('sessions that no task could be launched for', () => {
    beforeAll(() => system.stack.faults.ecs.capacity(1_000_000));
    afterAll(() => system.stack.faults.ecs.clear());

    test('limits are there before the first session, and change at run time over any number of counters', async () => {
      expect(await system.berth.limits.get()).toMatchObject({ global: { limit: 50, active: 0 } });
      expect(await system.berth.limits.set({ global: 300 })).toMatchObject({ global: { limit: 300 } });
    });

    test('events that an endpoint refused are listed after the attempts of its policy, and arrive once they are sent again', async () => {
      const webhook = {
        url: hooks.url,
        events: ['session.admitted' as const],
        hmac: { key: 'a-key-that-is-never-shown' },
        retries: { policy: 'constant' as const, delaySeconds: 1, attempts: 2 },
      };
      hooks.answer(500);
      await system.berth.sessions.create({ name: 'deaf', config: { webhooks: [webhook] } });
      await vi.waitFor(() => expect(system.stack.metrics.sum({ name: 'WebhooksDead' })).toBe(1), PATIENCE);
      const listed = await (await system.call('GET', '/api/webhooks/dead?session=deaf')).text();
      expect(listed).not.toContain('never-shown');
      expect(JSON.parse(listed)).toMatchObject([
        {
          event: 'session.admitted',
          attempts: 2,
          error: 'the endpoint answered 500',
          webhook: { url: hooks.url },
        },
      ]);

      hooks.answer(200);
      const redrive = async () => (await system.call('POST', '/api/webhooks/redrive', { body: {} })).json();
      expect(await redrive()).toEqual({ redriven: 1, underway: 0, more: false });
      const { id } = await hooks.event(({ session }) => session === 'deaf');
      expect(listed).toContain(id);
      const dead = async () => (await system.call('GET', '/api/webhooks/dead')).json();
      await vi.waitFor(async () => expect(await dead()).toEqual([]), PATIENCE);
      const deliveries = await (await system.call('GET', '/api/sessions/deaf/deliveries')).json();
      expect(deliveries).toMatchObject([{ eventId: id, outcome: 'delivered', status: 200 }]);
    });

    test('a follower of the events gets them as they come, and resumes at its position', async () => {
      const follow = async (
        query: string,
        headers: Record<string, string> = { accept: 'application/json' },
      ) => system.call('GET', `/api/events?${query}`, { headers });
      const { next } = followed.parse(await (await follow('wait=0')).json());
      const waiting = follow(`after=${next}`);
      await system.berth.sessions.create({ name: 'heard' });
      const page = followed.parse(await (await waiting).json());
      expect(page.events).toMatchObject([{ event: 'session.admitted', session: 'heard', userId: 'admin' }]);

      const stream = await follow('', { 'last-event-id': next, accept: 'text/event-stream' });
      expect(stream.headers.get('content-type')).toBe('text/event-stream');
      expect(await stream.text()).toContain(`id: ${page.next}\ndata: {"id":"${page.events[0]?.id}"`);
      const other = await system.berth.keys.create({ userId: 'stranger' });
      const theirs = await system.call('GET', '/api/events?after=0&wait=0', { key: other.key });
      expect(await theirs.text()).not.toContain('heard');
      expect((await follow('after=nonsense')).status).toBe(400);
      await system.berth.sessions.stop('heard');
    });

    test('a configuration changes while its session holds a slot; the timeline shows the admission', async () => {
      await system.berth.sessions.update('deaf', { config: { metadata: { team: 'sales' } } });
      expect((await system.berth.sessions.get('deaf')).config).toMatchObject({ metadata: { team: 'sales' } });
      const events = await system.berth.sessions.events('deaf');
      expect(events.map(({ event }) => event)).toContain('session.admitted');
    });

    test('the reaper launches again what no task came of', async () => {
      const failures = system.stack.metrics.sum({ name: 'LaunchFailures' });
      await system.sweepUntil('reaper', async () => {
        expect(system.stack.metrics.sum({ name: 'LaunchFailures' })).toBeGreaterThan(failures);
      });
    });

    test('a restart and a start at a full limit are rejected with a time to retry; a stop is reported', async () => {
      const { sessions, limits } = system.berth;
      await sessions.create({ name: 'one', config: subscribed() });
      await limits.set({ global: 1 });
      await expect(sessions.restart('one')).rejects.toMatchObject({
        status: 429,
        problem: { scope: 'global' },
        retryAfterSeconds: expect.any(Number),
      });
      await expect(sessions.start('one')).rejects.toMatchObject({
        status: 429,
        problem: { scope: 'global' },
      });
      await stoppedEvent('one');

      await limits.set({ global: 50, user: { userId: 'admin', limit: 1 } });
      await expect(sessions.restart('one')).rejects.toMatchObject({
        status: 429,
        problem: { scope: 'user' },
      });
      await expect(sessions.start('one')).rejects.toMatchObject({ status: 429, problem: { scope: 'user' } });
      await limits.set({ user: { userId: 'admin', limit: null } });
      expect(await sessions.restart('one')).toMatchObject({ state: 'PENDING' });
      await sessions.stop('one');
      await sessions.start('one');
      await sessions.delete('one');
    });

    test('a launch that can never succeed gives the slot back at once', async () => {
      const { sessions } = system.berth;
      const never = () => system.stack.faults.ecs.capacity(1, { as: 'exception', reason: 'no such image' });
      never();
      expect(await sessions.create({ name: 'never' })).toMatchObject({ stopReason: 'launch_failed' });
      never();
      expect(await sessions.start('never')).toMatchObject({ stopReason: 'launch_failed' });
      never();
      expect(await sessions.restart('never')).toMatchObject({ stopReason: 'launch_failed' });
      await system.holds(1);
      system.stack.faults.ecs.capacity(1_000_000);
    });

    test('emergency cleanup shows what it would end, then ends it and no other', async () => {
      const { sessions } = system.berth;
      await sessions.create({ name: 'two', config: subscribed() });
      const filter = { state: 'PENDING' as const };
      const plan = await system.berth.cleanup({ mode: 'emergency', dryRun: true, filter });
      expect(plan.sessions.map(({ name }) => name).sort()).toEqual(['deaf', 'two']);
      await system.holds(2);
      await system.berth.cleanup({ mode: 'emergency', filter });
      await stoppedEvent('two');
      await system.holds(0);
      expect(await sessions.get('two')).toMatchObject({ stopReason: 'emergency' });
    });
  });

  describe.sequential('a linked session', () => {
    test('is ended by emergency cleanup with its account kept', async () => {
      await system.link('shop', ACCOUNT);
      expect(await system.berth.health()).toMatchObject({ status: 'ok', activeSessions: 1 });
      await system.berth.cleanup({ mode: 'emergency' });
      expect(await system.ended('shop')).toMatchObject({ stopReason: 'emergency', linked: true });
    });

    test('is forgotten when it is logged out while it is stopped: the next start asks for a code', async () => {
      await system.berth.sessions.logout('shop');
      expect(await system.berth.sessions.get('shop')).toMatchObject({ linked: false });
      await system.berth.sessions.update('shop', { config: subscribed() });
      await system.berth.sessions.start('shop');
      await system.phone.scan({
        code: await system.berth.auth.qr('shop', { waitSeconds: 25 }),
        account: ACCOUNT,
      });
      await vi.waitFor(
        async () =>
          expect(await system.berth.sessions.get('shop')).toMatchObject({ status: 'WORKING', linked: true }),
        PATIENCE,
      );
    });

    test('whose task is killed notifies its webhook, keeps its account, and loses it when it is deleted', async () => {
      const task = system.newestTask();
      await system.stack.trigger('reconciler');
      system.stack.faults.ecs.kill(task.taskArn);
      expect((await stoppedEvent('shop')).payload).toMatchObject({ stopReason: 'crashed' });
      expect(await system.ended('shop')).toMatchObject({ linked: true });
      await system.berth.sessions.delete('shop');
      expect((await system.call('GET', '/api/sessions/shop')).status).toBe(404);
    });
  });
};
