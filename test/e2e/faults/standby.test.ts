/** A session on a standby task: created, resumed, and started cold after the assignment was lost. */
import { describe, expect, test, vi } from 'vitest';
import { shared } from '../../helpers/shared.ts';
import { type FaultySystem, PATIENCE, startFaulty } from './harness.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000021';
const OTHER_ACCOUNT = '491700000022';
const CONTACT = '491712223333@c.us';

const open = shared(
  () =>
    startFaulty({
      // A task that is stopped by a test is still taken for one that waits.
      settings: { heartbeatTimeoutSeconds: 120, standby: { target: 1, max: 2 } },
    }),
  (system) => system.stop(),
);

/** Sweeps until one standby task waits and none starts or ends; its id. */
const ready = async ({ berth, sweepUntil }: FaultySystem): Promise<string> => {
  await sweepUntil('reaper', async () =>
    expect(await berth.standby.get()).toMatchObject({ ready: 1, starting: 0 }),
  );
  const { tasks } = await berth.standby.get();
  return tasks.find(({ state }) => state === 'ready')?.id ?? 'none';
};

const standbyTask = async ({ berth }: FaultySystem, id: string) =>
  (await berth.standby.get()).tasks.find((task) => task.id === id);

/** Tasks that were launched for a session. */
const ownTasks = ({ tasks }: FaultySystem) =>
  tasks().filter(({ startedBy }) => !startedBy?.startsWith('sby_'));

const link = async ({ berth, phone }: FaultySystem, name: string, account: string): Promise<void> => {
  await phone.scan({ code: await berth.auth.qr(name, { waitSeconds: 25 }), account });
  await vi.waitFor(
    async () => expect(await berth.sessions.get(name)).toMatchObject({ status: 'WORKING', linked: true }),
    PATIENCE,
  );
};

const sends = async ({ berth, phone }: FaultySystem, session: string, account: string): Promise<void> => {
  const text = `hello from ${session} ${crypto.randomUUID()}`;
  await berth.messages.sendText({ session, chatId: CONTACT, text });
  const { messages } = await phone.inbox({ account, sent: true });
  expect(messages.filter(({ body }) => body === text)).toHaveLength(1);
};

describe.sequential('a standby task', () => {
  test('that waits is the task of a session that is created: code, link, send', async () => {
    const system = open();
    const id = await ready(system);
    await system.berth.sessions.create({ name: 'shop' });
    await system.berth.sessions.waitForStatus('shop', ['SCAN_QR_CODE', 'FAILED']);
    await link(system, 'shop', ACCOUNT);
    await sends(system, 'shop', ACCOUNT);
    expect(await standbyTask(system, id)).toMatchObject({ state: 'claimed', sessionId: expect.any(String) });
    expect(ownTasks(system)).toEqual([]);
    const { start } = await system.berth.sessions.get('shop');
    expect(start).toMatchObject({
      standby: true,
      steps: { bootstrapped: expect.any(Number), codeShown: expect.any(Number) },
    });
    expect(Object.keys(start?.steps ?? {})).not.toContain('processUp');
  });

  test('restores the account of a stopped, linked session, which shows no code', async () => {
    const system = open();
    await system.berth.sessions.stop('shop');
    await system.ended('shop');
    const id = await ready(system);
    const before = await system.lastCodeAt('shop');
    await system.berth.sessions.start('shop');
    const session = await system.berth.sessions.waitForStatus('shop', ['WORKING', 'SCAN_QR_CODE', 'FAILED']);
    expect(session).toMatchObject({ status: 'WORKING', epoch: 2 });
    expect(await system.lastCodeAt('shop')).toBe(before);
    await sends(system, 'shop', ACCOUNT);
    expect(await standbyTask(system, id)).toMatchObject({ state: 'claimed' });
    expect(ownTasks(system)).toEqual([]);
    expect((await system.berth.sessions.get('shop')).start).toMatchObject({
      standby: true,
      steps: { accountRestored: expect.any(Number), working: expect.any(Number) },
    });
  });

  test('that does not take its assignment leaves the session to its own task, and ends', async () => {
    const system = open();
    const id = await ready(system);
    const frozen = system.tasks().find(({ startedBy }) => startedBy === id)?.process?.pid;
    if (frozen === undefined) throw new Error('the standby task has no process');
    // Connections are accepted by the kernel, and nothing reads the assignment.
    process.kill(-frozen, 'SIGSTOP');
    try {
      await system.berth.sessions.create({ name: 'late' });
      await system.berth.sessions.waitForStatus('late', ['SCAN_QR_CODE', 'FAILED']);
      await link(system, 'late', OTHER_ACCOUNT);
    } finally {
      process.kill(-frozen, 'SIGCONT');
    }
    const [own, ...others] = ownTasks(system);
    expect(others).toEqual([]);
    const { start } = await system.berth.sessions.get('late');
    expect(start).toMatchObject({
      standby: false,
      steps: {
        taskCreated: expect.any(Number),
        processUp: expect.any(Number),
        codeShown: expect.any(Number),
      },
    });
    // It reads the assignment now: the token is used, so it ends, and the session stays with its own task.
    await system.sweepUntil('reaper', async () => expect(await standbyTask(system, id)).toBeUndefined());
    await vi.waitFor(
      () => expect(system.tasks().find(({ startedBy }) => startedBy === id)?.lastStatus).toBe('STOPPED'),
      PATIENCE,
    );
    await sends(system, 'late', OTHER_ACCOUNT);
    expect(await system.berth.sessions.get('late')).toMatchObject({ status: 'WORKING', epoch: 1 });
    expect(own?.id).toBe(ownTasks(system)[0]?.id);
    await system.holds(2);
  });
});
