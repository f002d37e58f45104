/**
 * A session whose launch begins takes a standby task if one is ready.
 *
 *   claim, one transaction: the task is open → claimed by this epoch; the epoch has no task and no claim → this claim
 *     ├─ assign ── the worker exchanges the session's bootstrap token, then answers: it serves
 *     └─ refused, not reached, or no answer ── the task is spent: it is never offered again, and RunTask follows
 *
 * After an assignment without an answer two workers may ask: the single-use bootstrap token decides which of them
 * serves. So nothing is stopped here. The sweep stops a claimed task once another one serves, or the epoch has ended.
 */
import type { Deps } from '../deps.ts';
import { sessionKey } from '../items.ts';
import { dueAttributes } from '../lifecycle/deadlines.ts';
import { findSession } from '../lifecycle/load.ts';
import { isLinked, nameOf, type Session, userOf } from '../lifecycle/session.ts';
import { transactionToken, WorkerTimeout, WorkerUnreachable } from '../ports.ts';
import { absent, and, eq, type Item, isTransient, StoreAmbiguous } from '../store.ts';
import { planIn, planOf, targetAt } from './plan.ts';
import {
  findStandby,
  idOf,
  isFresh,
  isOpen,
  keyOf,
  readStandby,
  STILL_OPEN,
  type StandbyTask,
  tasksIn,
} from './task.ts';

type Needs = Pick<Deps, 'store' | 'tasks' | 'clock' | 'ids' | 'settings' | 'metrics' | 'log' | 'standby'>;

/** The assignment waits for the worker's bootstrap. Past it a cold start costs a person this much more. */
const ASSIGN_MS = 2_500;
/** Of those that are ready: each loses one claim to another session. */
const MOST_CLAIMS = 3;

type Claimed = {
  /** The session after the claim, and after the bootstrap if `taskArn` serves it. */
  readonly session: Session;
  /** Absent: no standby task serves it. */
  readonly taskArn?: string | undefined;
};

/**
 * Gives a PENDING session a standby task. Never throws: what goes wrong here leads to a cold start.
 *
 * @param until nothing is begun that could not end by then (ms)
 * @param onTaken a standby task was taken, and its worker is about to be asked; called once at most, with the
 * other standby items as they were read
 */
export const claimStandby = async (
  deps: Needs,
  session: Session,
  until: number,
  onTaken: (items: readonly Item[]) => void,
): Promise<Claimed> => {
  const none: Claimed = { session };
  const size = session.config.size ?? deps.settings.size;
  // Standby tasks have the size of the environment.
  if (size !== deps.settings.size) return none;
  if (!deps.standby || session.standby !== undefined || deps.clock() + ASSIGN_MS > until) return none;
  try {
    const items = await readStandby(deps);
    const ready = shuffled(deps, readyTasks(deps, items));
    if (ready.none) return none;
    for (const task of ready.tasks.slice(0, MOST_CLAIMS)) {
      const claimed = await claim(deps, session, task);
      if (claimed === 'task gone') continue;
      if (claimed === 'session changed') return none;
      onTaken(items.filter(({ sk }) => sk !== task.sk));
      return await assign(deps, claimed, task);
    }
    missed(deps, 'none_ready');
    return none;
  } catch (error) {
    if (!isTransient(error)) throw error;
    deps.log.warn('no standby task was claimed', { sessionId: session.sessionId, error: String(error) });
    missed(deps, 'database');
    return none;
  }
};

/** `none`: none is ready, and none is to be kept ready: nothing was missed. */
const readyTasks = (deps: Needs, items: readonly Item[]): { none: boolean; tasks: StandbyTask[] } => {
  const tasks = tasksIn(items).filter(
    (task) =>
      isOpen(task) &&
      isFresh(task, deps) &&
      task.taskArn !== undefined &&
      task.revision === deps.tasks.revision,
  );
  const plan = planOf(deps, planIn(items));
  return { none: tasks.length === 0 && targetAt(plan, deps.clock()) === 0, tasks };
};

/** So that two sessions that start at once do not try the same one first. */
const shuffled = <T extends { tasks: StandbyTask[] }>({ ids }: Pick<Deps, 'ids'>, ready: T): T => {
  const from = Math.floor(ids.random() * ready.tasks.length);
  return { ...ready, tasks: [...ready.tasks.slice(from), ...ready.tasks.slice(0, from)] };
};

const claim = async (
  deps: Needs,
  session: Session,
  task: StandbyTask,
): Promise<Session | 'task gone' | 'session changed'> => {
  const { sessionId, epoch } = session;
  const standby = { id: idOf(task), taskArn: task.taskArn ?? '' };
  const claimed: Session = { ...session, standby, version: session.version + 1 };
  const writes = [
    {
      kind: 'update' as const,
      key: keyOf(task),
      condition: STILL_OPEN,
      set: { claimedBy: { sessionId, epoch }, claimedAt: deps.clock() },
    },
    {
      kind: 'update' as const,
      key: sessionKey(userOf(session), nameOf(session)),
      condition: and(
        eq('sessionId', sessionId),
        eq('epoch', epoch),
        eq('version', session.version),
        eq('state', 'PENDING'),
        absent('taskArn'),
        absent('standby'),
        absent('workerSecretHash'),
      ),
      set: { standby, ...dueAttributes(claimed, deps.settings) },
      add: { version: 1 },
    },
  ];
  try {
    const result = await deps.store.transact(writes, transactionToken(deps.ids));
    if (result.ok) return claimed;
    return result.failed[1] ? 'session changed' : 'task gone';
  } catch (error) {
    if (!(error instanceof StoreAmbiguous)) throw error;
  }
  // No answer: the items show the result. One that is written later is a claim without an assignment; the sweep stops that task.
  const by = (await findStandby(deps, standby.id))?.claimedBy;
  if (by?.sessionId !== sessionId || by.epoch !== epoch)
    throw new StoreAmbiguous('the claim was not answered');
  const now = await findSession(deps, userOf(session), nameOf(session));
  return now?.standby?.id === standby.id && now.epoch === epoch ? now : 'session changed';
};

const assign = async (deps: Needs, session: Session, task: StandbyTask): Promise<Claimed> => {
  const { sessionId, epoch, bootstrapToken = '' } = session;
  const { address = '', commandSecret = '', taskArn } = task;
  const began = deps.clock();
  let reason: string;
  try {
    const serves = await deps.standby?.assign(
      { address, commandSecret },
      { sessionId, epoch, bootstrapToken, isLinked: isLinked(session) },
      { timeoutMs: ASSIGN_MS },
    );
    if (serves) {
      deps.metrics.count('StandbyClaims', 1);
      deps.metrics.count('StandbyAge', began - (task.readyAt ?? began));
      const now = await findSession(deps, userOf(session), nameOf(session));
      return { session: now?.epoch === epoch ? now : session, taskArn };
    }
    reason = 'refused';
  } catch (error) {
    if (error instanceof WorkerUnreachable) reason = 'unreachable';
    else if (error instanceof WorkerTimeout) reason = 'no_answer';
    else throw error;
  }
  deps.log.warn('a standby task was claimed and does not serve', { sessionId, epoch, taskArn, reason });
  missed(deps, reason);
  return { session };
};

/** A launch that found no standby task although there are to be some, or one that does not serve. */
const missed = (deps: Needs, Reason: string): void => deps.metrics.count('StandbyMisses', 1, { Reason });
