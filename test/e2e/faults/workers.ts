/** Workers that are killed, frozen, started late or not notified: the slot comes back, the account stays. */
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { TaskRecord } from '../../../local/engines/ecs/task.ts';
import { browserOf, type FaultySystem, PATIENCE, processesOf, workerOf } from './harness.ts';

const CONTACT = '491712223333@c.us';

/** @param open the running system; its one session, `shop`, works, and what each test ends with is what the next one starts from */
export const deadWorkers = (open: () => FaultySystem): void => {
  let system: FaultySystem;
  beforeAll(() => {
    system = open();
  });
  afterEach(() => system.stack.faults.ecs.clear());

  test('kill -9 of the browser alone: the client comes back in the same epoch, without a QR code', async () => {
    const { berth } = system;
    const { epoch } = await berth.sessions.get('shop');
    const browser = browserOf(system.newestTask());
    expect(browser).not.toEqual([]);
    for (const { pid } of browser) process.kill(pid, 'SIGKILL');
    await berth.sessions.waitForStatus('shop', 'STARTING');
    const session = await berth.sessions.waitForStatus('shop', [
      'WORKING',
      'SCAN_QR_CODE',
      'FAILED',
      'STOPPED',
    ]);
    expect(session).toMatchObject({ status: 'WORKING', epoch, linked: true });
    await system.holds(1);
    const sent = await berth.messages.sendText({ session: 'shop', chatId: CONTACT, text: 'still here' });
    expect(sent.body).toBe('still here');
  });

  test.each<[what: string, kill: (task: TaskRecord) => void]>([
    ['the worker', (task) => process.kill(workerOf(task).pid, 'SIGKILL')],
    ['the whole task', (task) => system.stack.faults.ecs.kill(task.taskArn)],
  ])(
    'kill -9 of %s: its browser ends with it, the slot is back without a sweep, the account is kept',
    async (_, kill) => {
      const killed = system.newestTask();
      kill(killed);
      expect(await system.ended('shop')).toMatchObject({
        state: 'FAILED',
        stopReason: 'crashed',
        linked: true,
      });
      expect(processesOf(killed)).toEqual([]);
      await system.worksAgain('shop');
    },
  );

  test('a StopTask that is lost: the worker learns of the stop with its next report, and saves', async () => {
    system.stack.faults.ecs.loseStops(1);
    await system.berth.sessions.stop('shop');
    expect(await system.ended('shop')).toMatchObject({ state: 'STOPPED', stopReason: 'user', linked: true });
    await vi.waitFor(() => expect(processesOf(system.newestTask())).toEqual([]), PATIENCE);
    await system.worksAgain('shop');
  });

  test('a frozen worker: its silence is noticed by the reaper, its task ended, the account kept', async () => {
    const frozen = system.newestTask();
    process.kill(workerOf(frozen).pid, 'SIGSTOP');
    await system.sweepUntil('reaper', async () =>
      expect(await system.berth.sessions.get('shop')).toMatchObject({ state: 'FAILED' }),
    );
    expect(await system.ended('shop')).toMatchObject({ stopReason: 'heartbeat_lost', linked: true });
    expect(processesOf(frozen)).toEqual([]);
    await system.worksAgain('shop');
  });

  test('a frozen worker that resumes after its epoch has ended is rejected and does not affect the new epoch', async () => {
    const { berth, stack } = system;
    const frozen = system.newestTask();
    const worker = workerOf(frozen);
    process.kill(worker.pid, 'SIGSTOP');
    // As ECS says it of a task on a machine that it lost sight of, although the process lives on.
    await stack.invoke('task-events', {
      detail: {
        taskArn: frozen.taskArn,
        lastStatus: 'STOPPED',
        startedAt: new Date(frozen.createdAt).toISOString(),
        overrides: frozen.overrides,
      },
    });
    expect(await system.ended('shop')).toMatchObject({ stopReason: 'crashed', linked: true });
    await system.worksAgain('shop');
    const { epoch } = await berth.sessions.get('shop');

    process.kill(worker.pid, 'SIGCONT');
    await vi.waitFor(
      () => expect(system.tasks().find(({ id }) => id === frozen.id)?.container.exitCode).toBe(10),
      PATIENCE,
    );
    expect(processesOf(frozen)).toEqual([]);
    expect(await berth.sessions.waitForStatus('shop', 'WORKING')).toMatchObject({ epoch, linked: true });
    await system.holds(1);
    await berth.sessions.stop('shop');
    expect(await system.ended('shop')).toMatchObject({ stopReason: 'user', epoch, linked: true });
    await system.worksAgain('shop');
  });

  test('a RunTask that times out is repeated, and the epoch has one task all the same', async () => {
    const { berth, stack, tasks } = system;
    await berth.sessions.stop('shop');
    await system.ended('shop');
    const release = stack.faults.ecs.holdCalls('RunTask', 1);
    await system.worksAgain('shop');
    const { epoch } = await berth.sessions.get('shop');
    release();
    await stack.trigger('reconciler');
    const ofThisEpoch = tasks().filter(({ overrides }) =>
      overrides.containerOverrides?.some(({ environment }) =>
        environment?.some(({ name, value }) => name === 'BERTH_EPOCH' && value === String(epoch)),
      ),
    );
    expect(ofThisEpoch).toHaveLength(1);
    await system.holds(1);
  });

  test('the slot of a stop waits for RunTask; a task born even later finds its epoch over, exits, and takes no slot', async () => {
    const { berth, stack, tasks } = system;
    await berth.sessions.stop('shop');
    await system.ended('shop');
    const known = tasks().length;
    const release = stack.faults.ecs.holdCalls('RunTask', 100);
    const starting = berth.sessions.start('shop');
    await vi.waitFor(
      async () => expect(await berth.sessions.get('shop')).toMatchObject({ state: 'PENDING' }),
      PATIENCE,
    );
    await vi.waitFor(() => expect(stack.faults.ecs.heldCalls('RunTask')).toBeGreaterThan(0), PATIENCE);
    expect(await berth.sessions.stop('shop')).toMatchObject({ state: 'STOPPING' });
    await system.holds(1);
    // Nothing is known of a task: the sweep asks ECS for one, finds none, and the slot is free.
    await system.sweepUntil('reaper', async () =>
      expect(await berth.sessions.get('shop')).toMatchObject({ state: 'STOPPED' }),
    );
    expect(await system.ended('shop')).toMatchObject({ stopReason: 'user', linked: true });
    release();
    await starting;
    await vi.waitFor(() => {
      const late = tasks().slice(known);
      expect(late).toHaveLength(1);
      expect(late[0]).toMatchObject({ lastStatus: 'STOPPED' });
    }, PATIENCE);
    await system.holds(0);
    expect(await berth.sessions.get('shop')).toMatchObject({ state: 'STOPPED', linked: true });
    await system.worksAgain('shop');
  });
};
