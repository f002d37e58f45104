/**
 * The restart policy: whether a session whose task was lost starts again, and when.
 *
 *   task lost ── policy and reason allow it, account saved ── next epoch, same slot, launch due at `restartAt`
 *            ├── too many restarts in the window ── FAILED, published and counted
 *            └── else ── the session ends as it does without a policy
 *
 * A stop that a caller asked for, a limit of the environment and an account that is gone are never restarted.
 */
import { isLinkingStatus, type StopReason } from '../../contract/lifecycle.ts';
import { type RestartRule, restartRuleOf } from '../../contract/restart.ts';

const FAILURES: readonly StopReason[] = ['crashed', 'heartbeat_lost', 'start_timeout', 'launch_failed'];

/** No caller asked the session to end: its task was lost, or a rollout replaces it. */
export const isLoss = (reason: StopReason | undefined): boolean =>
  reason !== undefined && (FAILURES.includes(reason) || reason === 'task_stopped' || reason === 'rollout');

const covers = ({ policy }: RestartRule, reason: StopReason): boolean =>
  policy === 'always' ? isLoss(reason) : policy === 'on-failure' && FAILURES.includes(reason);

const BASE_MS = 2_000;
const FACTOR = 4;
const LONGEST_MS = 300_000;

/**
 * Wait before restart number `attempt` (from 1) of the window, in ms: up to 2 s, 8 s, 32 s, 128 s, then up to 5 minutes,
 * with jitter over the upper half, so that sessions that were lost together do not start together.
 */
export const restartDelayMs = (attempt: number, random: number): number =>
  Math.round(Math.min(LONGEST_MS, BASE_MS * FACTOR ** (attempt - 1)) * (0.5 + random / 2));

/** A session as far as the policy looks at it. */
type Lost = {
  readonly config: Parameters<typeof restartRuleOf>[0];
  readonly status: Parameters<typeof isLinkingStatus>[0];
  readonly restarts?: readonly number[] | undefined;
};

export type AfterLoss =
  /** The session ends. */
  | { readonly kind: 'end' }
  /** It ends as FAILED: it was restarted `attempts` times in the window. */
  | { readonly kind: 'gave_up'; readonly attempts: number }
  /** `restarts`: times of all restarts of the window, this one included. `at`: when its launch is due. ms */
  | { readonly kind: 'restart'; readonly at: number; readonly restarts: readonly number[] };

/**
 * The step after the end of an epoch for `reason`.
 *
 * @param isLinked an account is saved that a start can use
 * @param maxAt the latest end of the session (ms); undefined: never
 */
export const afterLoss = (
  session: Lost,
  reason: StopReason,
  {
    now,
    random,
    isLinked,
    maxAt,
  }: { now: number; random: number; isLinked: boolean; maxAt: number | undefined },
): AfterLoss => {
  const rule = restartRuleOf(session.config);
  // A session that asks to be linked would ask again: never restart into a code.
  if (!covers(rule, reason) || !isLinked || isLinkingStatus(session.status)) return { kind: 'end' };
  const recent = (session.restarts ?? []).filter((at) => at > now - rule.windowSeconds * 1000);
  // A rollout is no failure: it uses up no attempt, and no attempts that were used up keep it from starting again.
  const planned = reason === 'rollout';
  if (!planned && recent.length >= rule.maxAttempts) return { kind: 'gave_up', attempts: recent.length };
  const at = now + restartDelayMs(planned ? 1 : recent.length + 1, random);
  if (maxAt !== undefined && at >= maxAt) return { kind: 'end' };
  return { kind: 'restart', at, restarts: planned ? recent : [...recent, now] };
};

/** This epoch was begun by a restart: it must never ask to be linked. */
export const isRestart = ({ restartAt }: { readonly restartAt?: number | undefined }): boolean =>
  restartAt !== undefined;

/** The session waits for the launch of its restart: none is under way, no task of this epoch is known, no worker has called. */
export const waitsForRestart = (session: {
  readonly state: string;
  readonly restartAt?: number | undefined;
  readonly launching?: string | undefined;
  readonly taskArn?: string | undefined;
  readonly workerSecretHash?: string | undefined;
}): boolean =>
  isRestart(session) &&
  session.state === 'PENDING' &&
  session.launching === undefined &&
  session.taskArn === undefined &&
  session.workerSecretHash === undefined;
