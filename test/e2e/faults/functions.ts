/** Functions that are killed in the middle of their work: what they began is finished or given back. */
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WORKER_API } from '../../../contract/worker/protocol.ts';
import { type FaultySystem, PATIENCE, workerOf } from './harness.ts';

const ACCOUNT = '491700000002';

/** @param open the running system, without a session `shop`: it makes one, which works at the end */
export const killedFunctions = (open: () => FaultySystem): void => {
  let system: FaultySystem;
  beforeAll(() => {
    system = open();
  });
  afterEach(() => system.stack.faults.ecs.clear());

  /** Kills the function once it has admitted the session and waits for its task. */
  const killOnceAdmitted = async (name: string, functionName: string, call: Promise<Response>) => {
    await vi.waitFor(
      async () => expect(await system.berth.sessions.get(name)).toMatchObject({ state: 'PENDING' }),
      PATIENCE,
    );
    await system.killInFlight(functionName);
    expect((await call).status).toBeGreaterThanOrEqual(500);
    await system.holds(1);
  };

  test('creating is killed before it wrote down its task: the session works, and the reaper finds the task', async () => {
    const { berth, stack, phone } = system;
    const release = stack.faults.ecs.holdCalls('RunTask', 100);
    const creating = system.call('POST', '/api/sessions', { body: { name: 'shop' } });
    // Between its commit and its call of ECS there is a moment in which its end would leave no task to find.
    await vi.waitFor(() => expect(stack.faults.ecs.heldCalls('RunTask')).toBeGreaterThan(0), PATIENCE);
    await killOnceAdmitted('shop', 'sessions-admit', creating);
    release();
    await berth.sessions.waitForStatus('shop', ['SCAN_QR_CODE', 'FAILED']);
    await phone.scan({ code: await berth.auth.qr('shop', { waitSeconds: 25 }), account: ACCOUNT });
    // The killed commit may have written any part. The worker's repeat completes it.
    await system.killInFlight('worker-api', WORKER_API.commit);
    await vi.waitFor(
      async () => expect(await berth.sessions.get('shop')).toMatchObject({ status: 'WORKING', linked: true }),
      PATIENCE,
    );

    // Only a caller that finds its task can end this one.
    process.kill(workerOf(system.newestTask()).pid, 'SIGSTOP');
    await system.sweepUntil('reaper', async () =>
      expect(await berth.sessions.get('shop')).toMatchObject({ state: 'FAILED' }),
    );
    expect(await system.ended('shop')).toMatchObject({ stopReason: 'heartbeat_lost', linked: true });
    await system.worksAgain('shop');
  });

  test('a report is killed: the worker repeats it, the session works on', async () => {
    const { berth, phone } = system;
    const { epoch, timestamps } = await berth.sessions.get('shop');
    await system.killInFlight('worker-api', WORKER_API.report);
    await phone.send({ account: ACCOUNT, from: '491712223333@c.us', text: 'are you there?' });
    await system.killInFlight('worker-api', WORKER_API.report);
    // Activity comes with a report, so reports arrive.
    await vi.waitFor(async () => {
      const session = await berth.sessions.get('shop');
      expect(session).toMatchObject({ status: 'WORKING', epoch });
      expect(session.timestamps.activity).toBeGreaterThan(timestamps.activity ?? 0);
    }, PATIENCE);
    await system.holds(1);
  });

  test('the final report is killed: the session ends as asked, its slot comes back once', async () => {
    await system.berth.sessions.stop('shop');
    await system.killInFlight('worker-api', WORKER_API.finalReport);
    expect(await system.ended('shop')).toMatchObject({ state: 'STOPPED', stopReason: 'user', linked: true });
  });

  test('starting is killed before it launched anything: the reaper launches the task, no QR code is shown', async () => {
    const { berth, stack } = system;
    const before = await system.lastCodeAt('shop');
    stack.faults.ecs.throttle(10_000, 'RunTask');
    await killOnceAdmitted('shop', 'sessions-admit', system.call('POST', '/api/sessions/shop/start'));
    stack.faults.ecs.clear();
    await system.sweepUntil('reaper', async () =>
      expect(await berth.sessions.get('shop')).toMatchObject({ status: 'WORKING', linked: true }),
    );
    expect(await system.lastCodeAt('shop')).toBe(before);
    await system.holds(1);
  });

  test('the function that handles a stopped task is killed: it gets the event again, and the slot comes back once', async () => {
    process.kill(workerOf(system.newestTask()).pid, 'SIGKILL');
    await system.killInFlight('task-events');
    expect(await system.ended('shop')).toMatchObject({ stopReason: 'crashed', linked: true });
    await system.worksAgain('shop');
  });
};
