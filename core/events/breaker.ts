/**
 * Circuit breaker of a webhook endpoint. After repeated failures the endpoint is paused, then one
 * delivery probes it. A failed probe doubles the pause; any success closes the breaker.
 *
 *   closed ── THRESHOLD failures in a row ── open ── pause over ── one probe ── success ── closed
 *                                             └──────── longer pause ── failure ──┘
 *
 * A delivery that meets an open breaker makes no attempt and is not counted against its webhook's policy: it waits in
 * the queue, with its group behind it, so order is kept and nothing is lost.
 */

/** Times in ms since 1970. `step` 0: closed; else how many pauses in a row the endpoint has earned. */
export type Breaker = {
  /** Failed attempts since the last success. */
  readonly failures: number;
  readonly step: number;
  readonly openUntil: number;
  /** A probe is under way until then at the latest. */
  readonly probeUntil: number;
};

type BreakerState = 'failing' | 'open' | 'probing';

export const FAILURES_TO_OPEN = 5;
const FIRST_PAUSE_MS = 2_000;
export const LONGEST_PAUSE_MS = 10 * 60_000;
/** The longest wait that an endpoint may ask for (Retry-After). */
const LONGEST_ASKED_MS = 3_600_000;
/** Longer than an attempt takes; a deliverer that died in its probe holds up the next one for so long. */
const PROBE_MS = 15_000;

const NONE: Breaker = { failures: 0, step: 0, openUntil: 0, probeUntil: 0 };

/** The pause before the next probe, without jitter. @param step from 1 */
export const pauseMs = (step: number): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (step - 1));

/** Until the result of another delivery's probe is likely to be known. */
export const probedByAnotherMs = (random: number): number => 1_000 + random * 2_000;

type Decision =
  | { readonly kind: 'attempt' }
  /** To be written before the attempt, on the condition that the breaker has not changed: only one delivery probes. */
  | { readonly kind: 'probe'; readonly next: Breaker }
  | { readonly kind: 'wait'; readonly ms: number };

/** The action that a delivery may take at `now`. @param breaker undefined: no failure is known */
export const decide = (breaker: Breaker | undefined, now: number, random: number): Decision => {
  if (!breaker || breaker.step === 0) return { kind: 'attempt' };
  // Those that wait come back spread out, and most of them after the probe.
  if (now < breaker.openUntil)
    return { kind: 'wait', ms: (breaker.openUntil - now) * (1 + random / 10) + random * 1_000 };
  if (now < breaker.probeUntil) return { kind: 'wait', ms: probedByAnotherMs(random) };
  return { kind: 'probe', next: { ...breaker, probeUntil: now + PROBE_MS } };
};

/**
 * The breaker after a failed attempt. Only a probe makes the pause grow: attempts that were under way when the breaker
 * opened say nothing new.
 */
export const afterFailure = (
  breaker: Breaker | undefined,
  now: number,
  attempt: { readonly probe: boolean; readonly retryAfterMs: number },
): Breaker => {
  const { step, openUntil, probeUntil, ...before } = breaker ?? NONE;
  const failures = before.failures + 1;
  const opens = attempt.probe ? step > 0 : step === 0 && failures >= FAILURES_TO_OPEN;
  if (!opens) return { failures, step, openUntil, probeUntil };
  const pause = Math.max(pauseMs(step + 1), Math.min(LONGEST_ASKED_MS, attempt.retryAfterMs));
  return { failures, step: step + 1, openUntil: now + pause, probeUntil: 0 };
};

/** As people see it. */
export const stateOf = ({ step, openUntil, probeUntil }: Breaker, now: number): BreakerState =>
  step === 0 ? 'failing' : now < openUntil || now >= probeUntil ? 'open' : 'probing';
