import { expect, test } from 'vitest';
import { RUN_LIMIT_MS, type WaitingCommand } from '../../../core/commands/waiting-command.ts';
import {
  answerCommand,
  claimCommand,
  claimNext,
  findCommand,
  lookAt,
  placeCommand,
  showToWorker,
} from '../../../core/commands/waiting-commands.ts';
import { wakeAndRun } from '../../../core/commands/wake.ts';
import { startSession } from '../../../core/lifecycle/start.ts';
import { stopSession } from '../../../core/lifecycle/stop.ts';
import { lastWord, report } from '../../../core/lifecycle/worker.ts';
import { StoreUnavailable } from '../../../core/store.ts';
import { bootstrapped, load, USER, uploaded, workingSession } from './session.ts';
import { type Lab, lab } from './test-system.ts';

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
const stoppedSession = async (place: Lab) => {
  const session = await workingSession(place);
  await (await uploaded(place, session, 'a')).commit(session);
  await lastWord(place.deps, await load(place), { reason: 'user' });
  return load(place);
};

const placed = async (place: Lab, key?: string): Promise<WaitingCommand> => {
  const session = await load(place);
  const made = await placeCommand(place.deps, `cmd_${key ?? place.deps.ids.secret()}`, {
    session,
    command: 'sendText',
    args: ARGS,
    idempotencyKey: key,
  });
  await showToWorker(place.deps, made);
  return made;
};

/** The admitted session's worker comes up and works. */
const comesUp = async (place: Lab, letter = 'v') => {
  const session = await bootstrapped(place, await load(place), letter);
  await report(place.deps, session, { seq: 1, status: 'WORKING', me: { id: '1@c.us' } });
  return load(place);
};

/** Dependencies whose sleeps let `step` happen, and whose worker counts its commands. */
const waking = (place: Lab, step: (slept: number) => Promise<void> = async () => {}) => {
  const runs: unknown[] = [];
  let slept = 0;
  const deps = {
    ...place.deps,
    sleep: async (ms: number) => {
      place.now += ms;
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
  const place = lab();
  const before = await stoppedSession(place);
  const { deps, runs } = waking(place, async (slept) => {
    if (slept === 4) await comesUp(place);
  });
  const answers = await Promise.all([1, 2, 3].map(() => wakeAndRun(deps, before, 'sendText', ARGS, 'key')));
  expect(answers).toEqual([1, 2, 3].map(() => ({ kind: 'done', result: MESSAGE })));
  expect(runs).toEqual([ARGS]);
  expect((await load(place)).epoch).toBe(before.epoch + 1);
  expect(place.launchCalls).toHaveLength(2);
});

test('a repeat after the worker is gone gets the kept answer and starts nothing', async () => {
  const place = lab();
  const before = await stoppedSession(place);
  const { deps, runs } = waking(place, async (slept) => {
    if (slept === 1) await comesUp(place);
  });
  await wakeAndRun(deps, before, 'sendText', ARGS, 'key');
  await lastWord(deps, await load(place), { reason: 'user' });
  const again = await wakeAndRun(deps, await load(place), 'sendText', ARGS, 'key');
  expect(again).toEqual({ kind: 'done', result: MESSAGE });
  expect(runs).toHaveLength(1);
  expect((await load(place)).state).toBe('STOPPED');
  await expect(
    wakeAndRun(deps, await load(place), 'sendText', { ...ARGS, text: 'other' }, 'key'),
  ).rejects.toMatchObject({ code: 'unprocessable' });
});

test('what takes too long goes on without the caller: the worker finds it when it works', async () => {
  const place = lab();
  const { deps, runs } = waking(place);
  const woken = await wakeAndRun(deps, await stoppedSession(place), 'sendText', ARGS, undefined);
  expect(woken.kind).toBe('waiting');
  const working = await comesUp(place);
  const claimed = await claimNext(place.deps, working);
  expect(claimed).toMatchObject({ args: JSON.stringify(ARGS), status: 'running' });
  await answerCommand(place.deps, working, claimed?.id ?? '', { ok: true, result: MESSAGE });
  expect(await findCommand(place.deps, claimed?.id ?? '')).toMatchObject({ status: 'done' });
  expect(await claimNext(place.deps, working)).toBeUndefined();
  expect(runs).toEqual([]);
});

test('a session without a saved account is refused before anything is written', async () => {
  const place = lab();
  const session = await workingSession(place);
  await lastWord(place.deps, session, { reason: 'user' });
  const { deps } = waking(place);
  const refused = wakeAndRun(deps, await load(place), 'sendText', ARGS, 'key');
  await expect(refused).rejects.toMatchObject({ code: 'unprocessable' });
  expect((await load(place)).epoch).toBe(session.epoch);
});

test('a refusal at the limit sends nothing, and the same key may try again', async () => {
  const place = lab({ userLimit: 1 });
  const before = await stoppedSession(place);
  const other = await workingSession(place, 'b');
  const { deps, runs } = waking(place, async () => {
    if ((await load(place)).state === 'STARTING') await comesUp(place);
  });
  const refused = wakeAndRun(deps, before, 'sendText', ARGS, 'key');
  await expect(refused).rejects.toMatchObject({ code: 'too_many', extras: { scope: 'user', limit: 1 } });
  await lastWord(place.deps, other, { reason: 'user' });
  expect(await wakeAndRun(deps, await load(place), 'sendText', ARGS, 'key')).toMatchObject({
    kind: 'done',
  });
  expect(runs).toHaveLength(1);
});

test('a session that goes on stopping is not left with a command that nobody starts it for', async () => {
  const place = lab();
  await stoppedSession(place);
  await startSession(place.deps, USER, 'a');
  await comesUp(place);
  await stopSession(place.deps, await load(place), 'user');
  const { deps } = waking(place);
  const refused = wakeAndRun(deps, await load(place), 'sendText', ARGS, 'key');
  await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
});

test('a command is claimed once', async () => {
  const place = lab();
  await stoppedSession(place);
  const command = await placed(place);
  expect(await claimCommand(place.deps, command)).toMatchObject({ status: 'running' });
  expect(await claimCommand(place.deps, command)).toBeUndefined();
});

test('a worker gets its command again until it has answered, then the next in the order of placing', async () => {
  const place = lab();
  await stoppedSession(place);
  const first = await placed(place);
  place.now += 10;
  const second = await placed(place);
  await startSession(place.deps, USER, 'a');
  const working = await comesUp(place);
  expect((await claimNext(place.deps, working))?.id).toBe(first.id);
  expect((await claimNext(place.deps, working))?.id).toBe(first.id);
  await answerCommand(place.deps, working, first.id, { ok: true, result: MESSAGE });
  expect((await claimNext(place.deps, working))?.id).toBe(second.id);
});

test('a command whose worker died is unknown: it is neither given to the next worker nor answered by the old', async () => {
  const place = lab();
  await stoppedSession(place);
  const command = await placed(place);
  await startSession(place.deps, USER, 'a');
  const working = await comesUp(place);
  await claimNext(place.deps, working);
  await lastWord(place.deps, working, { reason: 'crashed' });
  expect((await lookAt(place.deps, command.id))?.command).toMatchObject({ status: 'unknown' });
  await startSession(place.deps, USER, 'a');
  const next = await comesUp(place, 'u');
  expect(await claimNext(place.deps, next)).toBeUndefined();
  await answerCommand(place.deps, next, command.id, { ok: true, result: MESSAGE });
  expect(await findCommand(place.deps, command.id)).toMatchObject({ status: 'running' });
});

test('a command that a call took and never answered for is unknown after its time', async () => {
  const place = lab();
  await stoppedSession(place);
  const command = await placed(place);
  await claimCommand(place.deps, command);
  expect((await lookAt(place.deps, command.id))?.command.status).toBe('running');
  place.now += RUN_LIMIT_MS;
  expect((await lookAt(place.deps, command.id))?.command.status).toBe('unknown');
});

test('a worker that gave no clear answer leaves a command unknown; one that refused, failed', async () => {
  const place = lab();
  await stoppedSession(place);
  const slow = await placed(place);
  place.now += 1;
  const refused = await placed(place);
  await startSession(place.deps, USER, 'a');
  const working = await comesUp(place);
  await claimNext(place.deps, working);
  const timeout = { ok: false, failure: { code: 'timeout', detail: 'no answer' } } as const;
  await answerCommand(place.deps, working, slow.id, timeout);
  await claimNext(place.deps, working);
  const no = { ok: false, failure: { code: 'refused', detail: 'no such chat' } } as const;
  await answerCommand(place.deps, working, refused.id, no);
  expect(await findCommand(place.deps, slow.id)).toMatchObject({ status: 'unknown' });
  expect(await findCommand(place.deps, refused.id)).toMatchObject({
    status: 'failed',
    again: false,
    problem: { code: 'unprocessable', detail: 'no such chat' },
  });
});

test('a command that was told to have failed is not carried out afterwards', async () => {
  const place = lab();
  await stoppedSession(place);
  const command = await placed(place);
  await startSession(place.deps, USER, 'a');
  const session = await bootstrapped(place, await load(place), 'v');
  await report(place.deps, session, { seq: 1, status: 'SCAN_QR_CODE', qrReason: 'revoked' });
  expect((await lookAt(place.deps, command.id))?.command).toMatchObject({
    status: 'failed',
    problem: { code: 'unprocessable', state: 'SCAN_QR_CODE' },
  });
  await report(place.deps, session, { seq: 2, status: 'WORKING', me: { id: '1@c.us' } });
  expect(await claimNext(place.deps, await load(place))).toBeUndefined();
});

test('a command is not begun after its time', async () => {
  const place = lab();
  await stoppedSession(place);
  const command = await placed(place);
  await startSession(place.deps, USER, 'a');
  const working = await comesUp(place);
  place.now = command.runBy;
  expect(await claimNext(place.deps, working)).toBeUndefined();
  expect((await lookAt(place.deps, command.id))?.command).toMatchObject({ status: 'failed', again: true });
});

test('what is kept of a settled command holds its arguments no more', async () => {
  const place = lab();
  await stoppedSession(place);
  const command = await placed(place);
  await startSession(place.deps, USER, 'a');
  const working = await comesUp(place);
  await claimNext(place.deps, working);
  await answerCommand(place.deps, working, command.id, { ok: true, result: MESSAGE });
  expect((await findCommand(place.deps, command.id))?.args).toBeUndefined();
});

test('an answer that could not be written down is given to the caller who waits: the message was sent', async () => {
  const place = lab();
  const before = await stoppedSession(place);
  const { deps, runs } = waking(place, async (slept) => {
    if (slept === 1) await comesUp(place);
  });
  place.meanwhile = (call) => {
    if (runs.length > 0 && call.startsWith('write COMMAND#')) throw new StoreUnavailable('refused');
  };
  const answer = await wakeAndRun(deps, before, 'sendText', ARGS, 'key');
  expect(answer).toEqual({ kind: 'done', result: MESSAGE });
});
