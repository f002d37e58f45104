/** Sessions with a restart policy whose task is lost: they work again by themselves, with account, slot and messages. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { SessionConfigRequest } from '../../../contract/bodies/session-config.ts';
import type { TaskRecord } from '../../../local/engines/ecs/task.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../helpers/webhook-receiver.ts';
import { type FaultySystem, PATIENCE, processesOf, workerOf } from './harness.ts';

const CONTACT = '491712223333@c.us';

/** @param open the running system; its one session, `shop`, works at the begin and at the end of each test */
export const restartedSessions = (open: () => FaultySystem): void => {
  let system: FaultySystem;
  let hooks: WebhookReceiver;
  let account: string;

  const configure = (restart: SessionConfigRequest['restart']) =>
    system.berth.sessions.update('shop', {
      config: {
        ...(restart === undefined ? {} : { restart }),
        webhooks: [{ url: hooks.url, events: ['message', 'session.restarting', 'session.stopped'] }],
      },
    });

  /** Does what loses the task, and waits until the session works again in the next epoch; no caller starts it. */
  const restartsAfter = async (lose: (task: TaskRecord) => unknown, attempts = 1) => {
    const { berth } = system;
    const { epoch, me } = await berth.sessions.get('shop');
    const codes = await system.lastCodeAt('shop');
    const lost = system.newestTask();
    await lose(lost);
    await vi.waitFor(
      async () =>
        expect(await berth.sessions.get('shop')).toMatchObject({ status: 'WORKING', epoch: epoch + 1 }),
      PATIENCE,
    );
    expect(await berth.sessions.get('shop')).toMatchObject({
      linked: true,
      me,
      restart: { attempts, nextAttemptAt: null },
    });
    expect(await system.lastCodeAt('shop')).toBe(codes);
    expect(processesOf(lost)).toEqual([]);
    await system.holds(1);
    return await hooks.event((e) => e.event === 'session.restarting' && e.payload.epoch === epoch + 1);
  };

  beforeAll(async () => {
    system = open();
    hooks = await startWebhookReceiver();
    const sessions = await Array.fromAsync(system.berth.sessions.list({ all: true }));
    if (!sessions.some(({ name }) => name === 'shop')) await system.link('shop', '491700000005');
    await configure({ policy: 'always' });
    account = String((await system.berth.sessions.get('shop')).me?.id).split('@')[0] ?? '';
  });
  afterAll(async () => {
    await system.berth.sessions.update('shop', { config: {} });
    await hooks.close();
  });
  // After a start by a person its attempts count from zero, and the wait before the next one is short.
  afterEach(async () => {
    system.stack.faults.ecs.clear();
    await system.berth.sessions.stop('shop');
    await system.ended('shop');
    await system.worksAgain('shop');
  });

  test('kill -9 of the worker: delivered messages are not delivered again, and those that came meanwhile are delivered once, after it works', async () => {
    const { phone } = system;
    await phone.send({ account, from: CONTACT, text: 'before' });
    await hooks.event(({ payload }) => payload.body === 'before');
    const event = await restartsAfter(async (task) => {
      process.kill(workerOf(task).pid, 'SIGKILL');
      await vi.waitFor(() => expect(processesOf(task)).toEqual([]), PATIENCE);
      await phone.send({ account, from: CONTACT, text: 'meanwhile' });
    });
    expect(event.payload).toMatchObject({ reason: 'crashed', attempt: 1, maxAttempts: 5 });
    await phone.send({ account, from: CONTACT, text: 'afterwards' });
    await hooks.event(({ payload }) => payload.body === 'afterwards');
    const messages = hooks.received.filter(({ event }) => event === 'message').map(({ payload }) => payload);
    expect(messages.map(({ body }) => body)).toEqual(['before', 'meanwhile', 'afterwards']);
    expect(messages[1]).toMatchObject({ late: true });
  });

  test('kill -9 of the whole task', async () => {
    const event = await restartsAfter(({ taskArn }) => system.stack.faults.ecs.kill(taskArn));
    expect(event.payload).toMatchObject({ reason: 'crashed' });
  });

  test('StopTask from outside, as a host, Spot or a hand does it: the account is saved first', async () => {
    const event = await restartsAfter(({ taskArn }) => system.stack.faults.ecs.stop(taskArn));
    expect(event.payload).toMatchObject({ reason: 'task_stopped' });
  });

  test('a worker that falls silent: the sweep ends its task and launches the next one', async () => {
    const event = await restartsAfter(async (task) => {
      const { epoch } = await system.berth.sessions.get('shop');
      process.kill(workerOf(task).pid, 'SIGSTOP');
      await system.sweepUntil('reaper', async () =>
        expect((await system.berth.sessions.get('shop')).epoch).toBe(epoch + 1),
      );
    });
    expect(event.payload).toMatchObject({ reason: 'heartbeat_lost' });
  });

  test('a rollout moves it to the newest version of the worker, and uses up no attempt', async () => {
    const { berth, stack } = system;
    const before = system.newestTask().taskDefinitionArn;
    const [newest] = await stack.deployWorker();
    expect((await berth.rollout.start({ dryRun: true })).plan).toMatchObject({ move: 1, newest: 0 });
    const event = await restartsAfter(async () => {
      await berth.rollout.start({ wave: 1, pauseSeconds: 0 });
      await system.sweepUntil('reaper', async () =>
        expect((await berth.rollout.get()).rollout).toMatchObject({ state: 'completed', moved: 1 }),
      );
    }, 0);
    expect(event.payload).toMatchObject({ reason: 'rollout', attempt: 0 });
    expect(newest).not.toBe(before);
    expect(system.newestTask().taskDefinitionArn).toBe(newest);
    expect((await berth.rollout.start({ dryRun: true })).plan).toMatchObject({ move: 0, newest: 1 });
    expect((await berth.audit({ action: 'startRollout' })).length).toBeGreaterThan(0);
  });

  test('the function that restarts it is killed while it launches: its repeat or the next sweep does it', async () => {
    const { stack, berth } = system;
    const { epoch } = await berth.sessions.get('shop');
    const release = stack.faults.ecs.holdCalls('RunTask', 1);
    process.kill(workerOf(system.newestTask()).pid, 'SIGKILL');
    await vi.waitFor(() => expect(stack.faults.ecs.heldCalls('RunTask')).toBe(1), PATIENCE);
    await stack.faults.killFunction('task-events', () => true);
    release();
    await system.sweepUntil('reaper', async () =>
      expect(await berth.sessions.get('shop')).toMatchObject({ status: 'WORKING', epoch: epoch + 1 }),
    );
    await system.holds(1);
  });

  /** Loses the task while ECS has no capacity: the session waits for its restart. */
  const waiting = async (): Promise<number> => {
    const { berth, stack } = system;
    const { epoch } = await berth.sessions.get('shop');
    stack.faults.ecs.capacity(100);
    process.kill(workerOf(system.newestTask()).pid, 'SIGKILL');
    await vi.waitFor(
      async () =>
        expect(await berth.sessions.get('shop')).toMatchObject({
          state: 'PENDING',
          epoch: epoch + 1,
          restart: { reason: 'crashed', nextAttemptAt: expect.any(String) },
        }),
      PATIENCE,
    );
    return epoch + 1;
  };

  test('a stop while it waits wins, and a start then starts it again', async () => {
    const { berth, stack } = system;
    const epoch = await waiting();
    await berth.sessions.stop('shop');
    expect(await system.ended('shop')).toMatchObject({ state: 'STOPPED', stopReason: 'user', linked: true });
    stack.faults.ecs.clear();
    await stack.trigger('reaper');
    expect(await berth.sessions.get('shop')).toMatchObject({ state: 'STOPPED', epoch });
    await system.worksAgain('shop');
  });

  test('a logout while it waits forgets the account, and what is launched then asks to be linked', async () => {
    const { berth, stack, phone } = system;
    const epoch = await waiting();
    const answered = await berth.sessions.logout('shop');
    expect(answered).toMatchObject({ state: 'PENDING', epoch: epoch + 1, linked: false, me: null });
    expect(answered.restart).toMatchObject({ attempts: 0, nextAttemptAt: null, reason: null });
    stack.faults.ecs.clear();
    await system.sweepUntil('reaper', async () =>
      expect(await berth.sessions.get('shop')).toMatchObject({ state: 'STARTING' }),
    );
    await berth.sessions.waitForStatus('shop', ['SCAN_QR_CODE', 'FAILED']);
    await phone.scan({ code: await berth.auth.qr('shop', { waitSeconds: 25 }), account });
    await vi.waitFor(
      async () => expect(await berth.sessions.get('shop')).toMatchObject({ status: 'WORKING', linked: true }),
      PATIENCE,
    );
  });

  test('after the attempts of its window it ends as FAILED: the event, the metric and the view say so', async () => {
    const { stack } = system;
    await configure({ policy: 'on-failure', maxAttempts: 1 });
    const before = stack.metrics.sum({ name: 'RestartsGivenUp' });
    await restartsAfter((task) => process.kill(workerOf(task).pid, 'SIGKILL'));
    process.kill(workerOf(system.newestTask()).pid, 'SIGKILL');
    expect(await system.ended('shop')).toMatchObject({
      state: 'FAILED',
      stopReason: 'crashed',
      detail: expect.stringContaining('given up after 1 restarts'),
      linked: true,
    });
    const event = await hooks.event((e) => e.event === 'session.stopped' && e.payload.restarts === 1);
    expect(event.payload).toMatchObject({ state: 'FAILED', stopReason: 'crashed' });
    await vi.waitFor(() => expect(stack.metrics.sum({ name: 'RestartsGivenUp' })).toBe(before + 1), PATIENCE);
    await system.worksAgain('shop');
  });
};
