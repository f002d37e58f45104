/** The keys of waiting commands: placed, claimed and settled by one conditional write each. */

import { Problem } from '../../contract/errors.ts';
import { COMMANDS, type CommandName } from '../../contract/worker/commands.ts';
import { toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import {
  commandKey,
  commandPointerKey,
  commandRecordKey,
  commandsPartition,
  TTL_ATTRIBUTE,
} from '../items.ts';
import { findSession } from '../lifecycle/load.ts';
import { nameOf, type Session, userOf } from '../lifecycle/session.ts';
import type { CommandOutcome } from '../ports.ts';
import { absent, and, type Change, type Condition, eq, isTransient, or } from '../store.ts';
import { resultOf } from './ask-worker.ts';
import {
  type KeptProblem,
  keptProblem,
  resolveCommand,
  UNKNOWN,
  type WaitingCommand,
  waitingCommandSchema,
  waitLimitMs,
} from './waiting-command.ts';

const KEEP_SECONDS = 24 * 3600;

type Placing = {
  readonly session: Session;
  readonly command: CommandName;
  readonly args: unknown;
  readonly idempotencyKey: string | undefined;
};

/** The same for every repeat of a caller's key. */
export const commandIdOf = (
  deps: Pick<Deps, 'sha256' | 'ids'>,
  userId: string,
  idempotencyKey: string | undefined,
): string =>
  `cmd_${
    idempotencyKey === undefined
      ? deps.ids.secret()
      : deps.sha256(JSON.stringify([userId, idempotencyKey])).slice(0, 43)
  }`;

/**
 * Places a command under its id, or finds what an earlier request with the same key placed there. One that failed
 * before anything was done is placed again. Throws 422 if the key was used for another request.
 */
export const placeCommand = async (
  deps: Pick<Deps, 'store' | 'clock' | 'sha256' | 'ids' | 'settings'>,
  id: string,
  { session, command, args, idempotencyKey }: Placing,
): Promise<WaitingCommand> => {
  const now = deps.clock();
  const text = JSON.stringify(args);
  const created: WaitingCommand = {
    id,
    userId: userOf(session),
    name: nameOf(session),
    sessionId: session.sessionId,
    epoch: session.epoch,
    command,
    args: text,
    requestHash: deps.sha256(JSON.stringify([nameOf(session), command, text])),
    workerKey: idempotencyKey ?? id,
    status: 'pending',
    placedAt: now,
    runBy: now + waitLimitMs(deps.settings),
  };
  const expires = { [TTL_ATTRIBUTE]: Math.floor(now / 1000) + KEEP_SECONDS };
  const record = commandRecordKey(session.sessionId, id);
  // Before the command itself: what was kept must be found when the session is erased.
  await deps.store.write({ kind: 'put', key: record, item: { ...record, ...expires } });
  const written = await deps.store.write({
    kind: 'put',
    key: commandKey(id),
    item: { ...commandKey(id), ...toItem(created), ...expires },
    condition: or(absent('pk'), and(eq('status', 'failed'), eq('again', true))),
  });
  if (written.ok) return created;
  const earlier = waitingCommandSchema.parse(written.item);
  if (earlier.requestHash !== created.requestHash) {
    throw new Problem('unprocessable', 'This Idempotency-Key was used for another request.');
  }
  return earlier;
};

/** Lets the session's worker find the command once its client works. Repeats change nothing. */
export const showToWorker = async (
  deps: Pick<Deps, 'store'>,
  { id, sessionId, runBy }: WaitingCommand,
): Promise<void> => {
  const key = commandPointerKey(sessionId, id);
  const expireAt = Math.floor(runBy / 1000) + KEEP_SECONDS;
  await deps.store.write({ kind: 'put', key, item: { ...key, [TTL_ATTRIBUTE]: expireAt } });
};

export const findCommand = async (
  deps: Pick<Deps, 'store'>,
  id: string,
): Promise<WaitingCommand | undefined> => {
  const item = await deps.store.get(commandKey(id));
  return item && waitingCommandSchema.parse(item);
};

/** Takes a pending command to carry it out; undefined if another caller claimed it, or its time to begin has passed. */
export const claimCommand = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  command: WaitingCommand,
  claimedEpoch?: number,
): Promise<WaitingCommand | undefined> => {
  const now = deps.clock();
  if (now >= command.runBy) return undefined;
  const written = await change(deps, command.id, eq('status', 'pending'), {
    set: { status: 'running', claimedAt: now, ...(claimedEpoch === undefined ? {} : { claimedEpoch }) },
  });
  return written.ok ? waitingCommandSchema.parse(written.item) : undefined;
};

/**
 * The next command for a session's worker: the one that it claimed before and has not answered, else the oldest that
 * waits. Records that point to a settled one are removed.
 */
export const claimNext = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  session: Session,
): Promise<WaitingCommand | undefined> => {
  if (session.state !== 'STARTING' && session.state !== 'RUNNING') return undefined;
  const { items } = await deps.store.query({
    partition: commandsPartition(session.sessionId),
    limit: 100,
  });
  if (items.length === 0) return undefined;
  const ids = items.map((item) => String(item.sk));
  const kept = (await deps.store.getMany(ids.map(commandKey)))
    .map((item) => waitingCommandSchema.parse(item))
    .sort((a, b) => a.placedAt - b.placedAt);
  const open = kept.filter(({ status }) => status === 'pending' || status === 'running');
  for (const id of ids) {
    if (!open.some((command) => command.id === id)) await hide(deps, session.sessionId, id);
  }
  const unanswered = open.find((c) => c.status === 'running' && c.claimedEpoch === session.epoch);
  if (unanswered) return unanswered;
  for (const command of open.filter(({ status }) => status === 'pending')) {
    const claimed = await claimCommand(deps, command, session.epoch);
    if (claimed) return claimed;
  }
  return undefined;
};

/** Writes down what a worker made of a command that it claimed. Repeats, and answers to others' claims, change nothing. */
export const answerCommand = async (
  deps: Pick<Deps, 'store'>,
  session: Session,
  id: string,
  outcome: CommandOutcome,
): Promise<void> => {
  const command = await findCommand(deps, id);
  if (command?.sessionId !== session.sessionId || command.claimedEpoch !== session.epoch) return;
  await settle(
    deps,
    command,
    await settledBy(() => resultOf(command.command, COMMANDS[command.command], outcome)),
  );
};

/**
 * Executes a claimed command and stores its result. A waiting caller gets the result even if it could not
 * be written: the message was sent.
 */
export const carryOut = async (
  deps: Pick<Deps, 'store' | 'log'>,
  command: WaitingCommand,
  run: () => Promise<unknown>,
): Promise<WaitingCommand> => {
  const settled = await settledBy(run);
  try {
    return await settle(deps, command, settled);
  } catch (error) {
    if (!isTransient(error)) throw error;
    deps.log.warn('the answer of a command was not kept', { id: command.id, error: String(error) });
    return { ...command, ...settled };
  }
};

const settledBy = async (run: () => unknown): Promise<Settled> => {
  try {
    return { status: 'done', result: JSON.stringify(await run()) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const problem = keptProblem(error);
    // Every outcome that may have been an effect is this problem; all others say that nothing was done.
    if (problem.code === 'worker_timeout') return { status: 'unknown', problem };
    return { status: 'failed', problem, again: problem.code === 'unavailable' };
  }
};

type Settled =
  | { readonly status: 'done'; readonly result: string }
  | { readonly status: 'failed'; readonly problem: KeptProblem; readonly again: boolean }
  | { readonly status: 'unknown'; readonly problem: KeptProblem };

/** Of a command in the status that it was read in; returns its present status, which another caller may have set. */
const settle = async (
  deps: Pick<Deps, 'store'>,
  command: WaitingCommand,
  settled: Settled,
): Promise<WaitingCommand> => {
  const written = await change(deps, command.id, eq('status', command.status), {
    set: toItem(settled),
    remove: ['args'],
  });
  if (written.ok) await hide(deps, command.sessionId, command.id);
  return written.item ? waitingCommandSchema.parse(written.item) : { ...command, ...settled };
};

/** Nothing was done, and the caller gets the reason. The same request may place it again. */
export const giveUp = (
  deps: Pick<Deps, 'store'>,
  command: WaitingCommand,
  problem: KeptProblem,
): Promise<WaitingCommand> => settle(deps, command, { status: 'failed', problem, again: true });

export type CommandAndSession = { readonly command: WaitingCommand; readonly session: Session | undefined };

/** The command and its session. A command that cannot be executed any more is stored as failed. */
export const readCommandAndSession = async (
  deps: Pick<Deps, 'store' | 'clock'>,
  id: string,
): Promise<CommandAndSession | undefined> => {
  const command = await findCommand(deps, id);
  if (!command) return undefined;
  if (isSettled(command)) return { command, session: undefined };
  const session = await findSession(deps, command.userId, command.name);
  const fate = resolveCommand(command, session, deps.clock());
  switch (fate.kind) {
    case 'open':
      return { command, session };
    case 'lost':
      return { command: { ...command, status: 'unknown', problem: UNKNOWN }, session };
    case 'hopeless':
      return { command: await giveUp(deps, command, fate.problem), session };
  }
};

export const isSettled = ({ status }: WaitingCommand): boolean =>
  status !== 'pending' && status !== 'running';

const change = (deps: Pick<Deps, 'store'>, id: string, condition: Condition, made: Change) =>
  deps.store.write({ kind: 'update', key: commandKey(id), condition, ...made });

const hide = async (deps: Pick<Deps, 'store'>, sessionId: string, id: string): Promise<void> => {
  await deps.store.write({ kind: 'delete', key: commandPointerKey(sessionId, id) });
};
