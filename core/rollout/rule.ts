/**
 * The rules of a rollout: which sessions it moves, how far a session of a wave is, and what follows for the wave.
 *
 *   running, older version ── asked to stop (`rollout`), account saved ── next epoch, same slot, newest version ── works
 *
 * Only sessions that restart after any loss (`always`) are moved. All others end by themselves, and their next start uses
 * the newest version anyway.
 */
import type { Standing } from '../../contract/bodies/rollout.ts';
import { isLinkingStatus, isTerminal } from '../../contract/lifecycle.ts';
import { restartRuleOf } from '../../contract/restart.ts';
import { isLoss } from '../lifecycle/restart.ts';
import { isLinked, type Session } from '../lifecycle/session.ts';

/** `move`: now. `later`: once it works, or once its task is known. `left`: not by a rollout. */
export type Place = 'newest' | 'move' | 'later' | 'left';

/** Whether a session that runs now may be asked to stop for a rollout. */
export const canMove = (session: Session): boolean =>
  session.state === 'RUNNING' && session.status === 'WORKING' && isMovable(session);

const isMovable = (session: Session): boolean =>
  restartRuleOf(session.config).policy === 'always' && isLinked(session);

/**
 * The position in a rollout of a session with a slot.
 *
 * @param revision what its task runs; undefined if no task of it is listed
 * @param newest the revisions that launches use now
 */
export const placeOf = (session: Session, revision: string | undefined, newest: readonly string[]): Place => {
  // Its next task is launched with the newest version, and a session that ends has none.
  if (session.state === 'PENDING' || session.state === 'STOPPING') return 'newest';
  if (revision === undefined) return 'later';
  if (newest.includes(revision)) return 'newest';
  if (!isMovable(session) || isLinkingStatus(session.status)) return 'left';
  return canMove(session) ? 'move' : 'later';
};

/** One session of a wave, in the epoch in which it is to stop. */
export type Member = {
  readonly sessionId: string;
  readonly userId: string;
  readonly name: string;
  readonly epoch: number;
};

/**
 * @param session as it is now; undefined if it was deleted
 */
export const standingOf = (member: Member, session: Session | undefined): Standing => {
  if (session === undefined) return 'left';
  if (isTerminal(session.state))
    return session.state === 'FAILED' || isLoss(session.stopReason) ? 'failed' : 'left';
  if (session.state === 'STOPPING') return isLoss(session.stopReason) ? 'moving' : 'left';
  if (session.epoch === member.epoch) return canMove(session) ? 'waiting' : 'left';
  return session.state === 'RUNNING' && session.status === 'WORKING' ? 'works' : 'moving';
};

type WaveState =
  | { readonly kind: 'under_way' }
  /** Every session works, or left the rollout; so many work. */
  | { readonly kind: 'over'; readonly moved: number }
  | { readonly kind: 'broken'; readonly detail: string };

/** A session of the wave, how far it is, and since when it works (ms). */
export type Progress = {
  readonly member: Member;
  readonly standing: Standing;
  readonly readyAt: number | undefined;
};

/**
 * The next step, from the progress of the sessions of a wave. A wave ends once all of them have worked for the pause:
 * a version that crashes a little later stops the rollout, too.
 *
 * @param dueAt when all must work at the latest (ms)
 */
export const waveState = (
  progress: readonly Progress[],
  { now, dueAt, pauseMs }: { readonly now: number; readonly dueAt: number; readonly pauseMs: number },
): WaveState => {
  const nameOf = ({ member }: Progress) => `${member.userId}/${member.name}`;
  const failed = progress.filter(({ standing }) => standing === 'failed');
  if (failed.length > 0)
    return { kind: 'broken', detail: `did not work again: ${failed.map(nameOf).join(', ')}` };
  const open = progress.filter(({ standing }) => standing === 'waiting' || standing === 'moving');
  if (open.length > 0)
    return now > dueAt
      ? { kind: 'broken', detail: `did not work again in time: ${open.map(nameOf).join(', ')}` }
      : { kind: 'under_way' };
  const working = progress.filter(({ standing }) => standing === 'works');
  const since = Math.max(...working.map(({ readyAt }) => readyAt ?? now));
  if (working.length > 0 && now < since + pauseMs) return { kind: 'under_way' };
  return { kind: 'over', moved: working.length };
};
