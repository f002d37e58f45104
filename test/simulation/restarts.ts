/** Watches restarts: an epoch that follows another one while the slot is held. */

import { isLinkingStatus, isTerminal } from '../../contract/lifecycle.ts';
import { restartRuleOf } from '../../contract/restart.ts';
import { maxEndAt } from '../../core/lifecycle/deadlines.ts';
import { isLoss, isRestart, restartDelayMs } from '../../core/lifecycle/restart.ts';
import { isLinked, type Session } from '../../core/lifecycle/session.ts';
import type { LaunchRequest } from '../../core/ports.ts';
import type { Process } from './kernel/scheduler.ts';
import type { Cloud } from './model/cloud.ts';

/** Between the decision to restart and its commit: a call takes up to 8 s, and a function repeats it. */
const DECIDED_MS = 30_000;

const epochOf = ({ sessionId, epoch }: Pick<Session, 'sessionId' | 'epoch'>): string =>
  `${sessionId}:${epoch}`;

export class Restarts {
  readonly #cloud: Cloud;
  /** Session → true times of its restarts since its admission. */
  readonly #made = new Map<string, number[]>();
  /** Epochs of which an answer to a caller said that they are stopping or have ended. */
  readonly #stopped = new Set<string>();
  count = 0;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  /** @param runs whether a worker of the epoch before is up */
  changed(before: Session | undefined, after: Session | undefined, by: Process, runs: boolean): void {
    if (!before || !after || before.sessionId !== after.sessionId) return;
    if (isRestart(after) && isLinkingStatus(after.status))
      this.#broken(`${epochOf(after)} restarted by itself and asks to be linked`);
    if (after.epoch === before.epoch) return;
    if (before.slotShard === undefined) this.#made.delete(after.sessionId);
    else this.#restarted(before, after, by, runs);
  }

  /** A caller's stop was answered with this. `known`: the session is still there. */
  stopAnswered(session: Session, known: boolean): void {
    const ends = session.state === 'STOPPING' || isTerminal(session.state);
    if (ends) this.#stopped.add(epochOf(session));
    // Another caller may have started it again meanwhile; a restart must not.
    else if (known && isRestart(session))
      this.#broken(`a stop of ${epochOf(session)} was answered with ${session.state}`);
  }

  launched(session: Session | undefined, { epoch }: LaunchRequest, by: Process): void {
    if (session?.epoch !== epoch || session.restartAt === undefined) return;
    const early = session.restartAt - this.#cloud.clockOf(by)();
    if (early > 0) this.#broken(`${epochOf(session)} is launched ${early} ms before it is due`);
  }

  #restarted(before: Session, after: Session, by: Process, runs: boolean): void {
    this.count += 1;
    const name = epochOf(after);
    const { policy, maxAttempts, windowSeconds } = restartRuleOf(before.config);
    const now = this.#cloud.clockOf(by)();
    const made = this.#made.get(after.sessionId) ?? [];
    // Functions' clocks differ: of the restarts near the edge of the window none is held against the rule.
    const from = this.#cloud.trueTime - windowSeconds * 1000 + 2 * this.#cloud.chaos.maxSkew + DECIDED_MS;
    const recent = made.filter((at) => at > from).length;
    this.#made.set(after.sessionId, [...made, this.#cloud.trueTime]);

    if (after.slotShard !== before.slotShard || after.epoch !== before.epoch + 1)
      this.#broken(`${name} did not take over the slot of ${epochOf(before)}`);
    if (after.startedAt !== before.startedAt) this.#broken(`${name} forgot when it was admitted`);
    if (runs) this.#cloud.violate('oneWorker', `${name} begins while the worker of ${epochOf(before)} runs`);
    if (policy === 'never') this.#broken(`${name} restarted without a policy`);
    if (!isLinked(before) || isLinkingStatus(before.status))
      this.#broken(`${name} restarted without an account`);
    if (before.state === 'STOPPING' && !isLoss(before.stopReason))
      this.#broken(`${name} restarted though ${epochOf(before)} was stopped for ${before.stopReason}`);
    if (this.#stopped.has(epochOf(before)))
      this.#broken(`${name} restarted though a caller had stopped ${epochOf(before)}`);
    if (recent >= maxAttempts) this.#broken(`${name} is restart ${recent + 1} of ${maxAttempts}`);

    const decidedAt = after.restarts?.at(-1) ?? 0;
    const attempt = after.restarts?.length ?? 0;
    if (attempt < recent + 1 || Math.abs(now - decidedAt) > DECIDED_MS)
      this.#broken(`${name} is restart ${recent + 1} and is counted as ${attempt}`);
    const wait = (after.restartAt ?? 0) - decidedAt;
    if (wait < restartDelayMs(attempt, 0)) this.#broken(`${name} waits ${wait} ms only`);
    const end = maxEndAt(before, this.#cloud.settings);
    if (end !== undefined && (after.restartAt ?? 0) >= end)
      this.#broken(`${name} restarts after its longest duration`);
  }

  #broken(detail: string): void {
    this.#cloud.violate('restart', detail);
  }
}
