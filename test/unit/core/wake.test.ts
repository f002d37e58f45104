import { expect, test } from 'vitest';
import { RUN_LIMIT_MS, type WaitingCommand } from '../../../core/commands/waiting-command.ts';
import {
  answerCommand,
  claimCommand,
  claimNext,
  findCommand,
  placeCommand,
  readCommandAndSession,
  showToWorker,
} from '../../../core/commands/waiting-commands.ts';
import { wakeAndRun } from '../../../core/commands/wake.ts';
import { startSession } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { finalReport, report } from '../../../core/lifecycle/worker.ts';
import { StoreUnavailable } from '../../../core/store.ts';
import { bootstrapped, load, USER, uploaded, workingSession } from './session.ts';
import { type TestSystem, testSystem } from './test-system.ts';

const ARGS = { chatId: '1@c.us', text: 'hello' };
const MESSAGE = {
  id: 'm1',
  timestamp: 1,
  from: '2@c.us',
  fromMe: true,
  to: '1@c.us',
  body: 'hello',
  hasMedia: false,
  ack: 1,
  ackName: 'SERVER',
};

/** Stopped, with a saved account. */
const stoppedSession = async (system: TestSystem) => {
  const session = await workingSession(system);
  await (await uploaded(system, session, 'a')).commit(session);
  await finalReport(system.deps, await load(system), { reason: 'user' });
  return load(system);
};

const placedCommand = async (system: TestSystem, key?: string): Promise<WaitingCommand> => {
  const session = await load(system);
  const made = await placeCommand(system.deps, `cmd_${key ?? system.deps.ids.secret()}`, {
    session,
    command: 'sendText',
    args: ARGS,
    idempotencyKey: key,
  });
  await showToWorker(system.deps, made);
  return made;
};

/** The admitted session's worker comes up and works. */
const comesUp = async (system: TestSystem, letter = 'v') => {
  const session = await bootstrapped(system, await load(system), letter);
  await report(system.deps, session, { seq: 1, status: 'WORKING', me: { id: '1@c.us' } });
  return load(system);
};

/** Dependencies whose sleeps let `step` happen, and whose worker counts its commands. */
const waking = (system: TestSystem, step: (slept: number) => Promise<void> = async () => {}) => {
  const runs: unknown[] = [];
  let slept = 0;
  const deps = {
    ...system.deps,
    sleep: async (ms: number) => {
      system.now += ms;
      await step(++slept);
    },
    workers: {
      run: async (_worker: unknown, _command: unknown, args: unknown) => {
        runs.push(args);
        return { ok: true as const, result: MESSAGE };
      },
    },
  };
  return { deps, runs };
};

test('concurrent wakes with one key make one admission and hand the command over once', async () => {
  const system = testSystem();
  const before = await stoppedSession(system);
  const { deps, runs } = waking(system, async (slept) => {
    if (slept === 4) await comesUp(system);
  });
  const answers = await Promise.all([1, 2, 3].map(() => wakeAndRun(deps, before, 'sendText', ARGS, 'key')));
  expect(answers).toEqual([1, 2, 3].map(() => ({ kind: 'done', result: MESSAGE })));
  expect(runs).toEqual([ARGS]);
  expect((await load(system)).epoch).toBe(before.epoch + 1);
  expect(system.launchCalls).toHaveLength(2);
});

test('a repeat after the worker is gone gets the kept answer and starts nothing', async () => {
  const system = testSystem();
  const before = await stoppedSession(system);
  const { deps, runs } = waking(system, async (slept) => {
    if (slept === 1) await comesUp(system);
  });
  await wakeAndRun(deps, before, 'sendText', ARGS, 'key');
  await finalReport(deps, await load(system), { reason: 'user' });
  const again = await wakeAndRun(deps, await load(system), 'sendText', ARGS, 'key');
  expect(again).toEqual({ kind: 'done', result: MESSAGE });
  expect(runs).toHaveLength(1);
  expect((await load(system)).state).toBe('STOPPED');
  await expect(
    wakeAndRun(deps, await load(system), 'sendText', { ...ARGS, text: 'other' }, 'key'),
  ).rejects.toMatchObject({ code: 'unprocessable' });
});

test('a command that takes too long continues without the caller: the worker finds it when it works', async () => {
  const system = testSystem();
  const { deps, runs } = waking(system);
  const woken = await wakeAndRun(deps, await stoppedSession(system), 'sendText', ARGS, undefined);
  expect(woken.kind).toBe('waiting');
  const working = await comesUp(system);
  const claimed = await claimNext(system.deps, working);
  expect(claimed).toMatchObject({ args: JSON.stringify(ARGS), status: 'running' });
  await answerCommand(system.deps, working, claimed?.id ?? '', { ok: true, result: MESSAGE });
  expect(await findCommand(system.deps, claimed?.id ?? '')).toMatchObject({ status: 'done' });
  expect(await claimNext(system.deps, working)).toBeUndefined();
  expect(runs).toEqual([]);
});

test('a session without a saved account is refused before anything is written', async () => {
  const system = testSystem();
  const session = await workingSession(system);
  await finalReport(system.deps, session, { reason: 'user' });
  const { deps } = waking(system);
  const refused = wakeAndRun(deps, await load(system), 'sendText', ARGS, 'key');
  await expect(refused).rejects.toMatchObject({ code: 'unprocessable' });
  expect((await load(system)).epoch).toBe(session.epoch);
});

test('a refusal at the limit sends nothing, and the same key may try again', async () => {
  const system = testSystem({ userLimit: 1 });
  const before = await stoppedSession(system);
  const other = await workingSession(system, 'b');
  const { deps, runs } = waking(system, async () => {
    if ((await load(system)).state === 'STARTING') await comesUp(system);
  });
  const refused = wakeAndRun(deps, before, 'sendText', ARGS, 'key');
  await expect(refused).rejects.toMatchObject({ code: 'too_many', extras: { scope: 'user', limit: 1 } });
  await finalReport(system.deps, other, { reason: 'user' });
  expect(await wakeAndRun(deps, await load(system), 'sendText', ARGS, 'key')).toMatchObject({
    kind: 'done',
  });
  expect(runs).toHaveLength(1);
});

test('a session that continues to stop is not left with a command that no start will serve', async () => {
  const system = testSystem();
  await stoppedSession(system);
  await startSession(system.deps, USER, 'a');
  await comesUp(system);
  await stopSession(system.deps, await load(system), 'user');
  const { deps } = waking(system);
  const refused = wakeAndRun(deps, await load(system), 'sendText', ARGS, 'key');
  await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
});

test('a command is claimed once', async () => {
  const system = testSystem();
  await stoppedSession(system);
  const command = await placedCommand(system);
  expect(await claimCommand(system.deps, command)).toMatchObject({ status: 'running' });
  expect(await claimCommand(system.deps, command)).toBeUndefined();
});

test('a worker gets its command again until it has answered, then the next in the order of placing', async () => {
  const system = testSystem();
  await stoppedSession(system);
  const first = await placedCommand(system);
  system.now += 10;
  const second = await placedCommand(system);
  await startSession(system.deps, USER, 'a');
  const working = await comesUp(system);
  expect((await claimNext(system.deps, working))?.id).toBe(first.id);
  expect((await claimNext(system.deps, working))?.id).toBe(first.id);
  await answerCommand(system.deps, working, first.id, { ok: true, result: MESSAGE });
  expect((await claimNext(system.deps, working))?.id).toBe(second.id);
});

test('a command whose worker died is unknown: it is neither given to the next worker nor answered by the old', async () => {
  const system = testSystem();
  await stoppedSession(system);
  const command = await placedCommand(system);
  await startSession(system.deps, USER, 'a');
  const working = await comesUp(system);
  await claimNext(system.deps, working);
  await finalReport(system.deps, working, { reason: 'crashed' });
  expect((await readCommandAndSession(system.deps, command.id))?.command).toMatchObject({
    status: 'unknown',
  });
  await startSession(system.deps, USER, 'a');
  const next = await comesUp(system, 'u');
  expect(await claimNext(system.deps, next)).toBeUndefined();
  await answerCommand(system.deps, next, command.id, { ok: true, result: MESSAGE });
  expect(await findCommand(system.deps, command.id)).toMatchObject({ status: 'running' });
});

test('a command that a call took and never answered for is unknown after its time', async () => {
  const system = testSystem();
  await stoppedSession(system);
  const command = await placedCommand(system);
  await claimCommand(system.deps, command);
  expect((await readCommandAndSession(system.deps, command.id))?.command.status).toBe('running');
  system.now += RUN_LIMIT_MS;
  expect((await readCommandAndSession(system.deps, command.id))?.command.status).toBe('unknown');
});

test('a worker that gave no clear answer leaves a command unknown; one that refused, failed', async () => {
  const system = testSystem();
  await stoppedSession(system);
  const slow = await placedCommand(system);
  system.now += 1;
  const refused = await placedCommand(system);
  await startSession(system.deps, USER, 'a');
  const working = await comesUp(system);
  await claimNext(system.deps, working);
  const timeout = { ok: false, failure: { code: 'timeout', detail: 'no answer' } } as const;
  await answerCommand(system.deps, working, slow.id, timeout);
  await claimNext(system.deps, working);
  const no = { ok: false, failure: { code: 'refused', detail: 'no such chat' } } as const;
  await answerCommand(system.deps, working, refused.id, no);
  expect(await findCommand(system.deps, slow.id)).toMatchObject({ status: 'unknown' });
  expect(await findCommand(system.deps, refused.id)).toMatchObject({
    status: 'failed',
    again: false,
    problem: { code: 'unprocessable', detail: 'no such chat' },
  });
});

test('a command that was reported as failed is not carried out afterwards', async () => {
  const system = testSystem();
  await stoppedSession(system);
  const command = await placedCommand(system);
  await startSession(system.deps, USER, 'a');
  const session = await bootstrapped(system, await load(system), 'v');
  await report(system.deps, session, { seq: 1, status: 'SCAN_QR_CODE', qrReason: 'revoked' });
  expect((await readCommandAndSession(system.deps, command.id))?.command).toMatchObject({
    status: 'failed',
    problem: { code: 'unprocessable', state: 'SCAN_QR_CODE' },
  });
  await report(system.deps, session, { seq: 2, status: 'WORKING', me: { id: '1@c.us' } });
  expect(await claimNext(system.deps, await load(system))).toBeUndefined();
});

test('a command is not begun after its time', async () => {
  const system = testSystem();
  await stoppedSession(system);
  const command = await placedCommand(system);
  await startSession(system.deps, USER, 'a');
  const working = await comesUp(system);
  system.now = command.runBy;
  expect(await claimNext(system.deps, working)).toBeUndefined();
  expect((await readCommandAndSession(system.deps, command.id))?.command).toMatchObject({
    status: 'failed',
    again: true,
  });
});

test('what is kept of a settled command holds its arguments no more', async () => {
  const system = testSystem();
  await stoppedSession(system);
  const command = await placedCommand(system);
  await startSession(system.deps, USER, 'a');
  const working = await comesUp(system);
  await claimNext(system.deps, working);
  await answerCommand(system.deps, working, command.id, { ok: true, result: MESSAGE });
  expect((await findCommand(system.deps, command.id))?.args).toBeUndefined();
});

test('an answer that could not be written down is given to the caller who waits: the message was sent', async () => {
  const system = testSystem();
  const before = await stoppedSession(system);
  const { deps, runs } = waking(system, async (slept) => {
    if (slept === 1) await comesUp(system);
  });
  system.meanwhile = (call) => {
    if (runs.length > 0 && call.startsWith('write COMMAND#')) throw new StoreUnavailable('refused');
  };
  const answer = await wakeAndRun(deps, before, 'sendText', ARGS, 'key');
  expect(answer).toEqual({ kind: 'done', result: MESSAGE });
});
