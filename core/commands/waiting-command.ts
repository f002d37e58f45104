/**
 * A command that is kept until its session can carry it out, and its answer for those who ask later.
 *
 *   pending ── claimed by one conditional write ── running ── done | failed | unknown
 *      └────── it cannot be executed any more ── failed
 *
 * It is claimed once and never repeated by us: what was claimed and got no answer is `unknown`.
 */
import * as z from 'zod';
import { PROBLEMS, Problem, type ProblemCode, problemSchema } from '../../contract/errors.ts';
import { isLinkingStatus, isTerminal } from '../../contract/lifecycle.ts';
import { COMMANDS, type CommandName } from '../../contract/worker/commands.ts';
import type { Session } from '../lifecycle/session.ts';

/** A problem as it is kept: what a later caller is answered with. */
const keptProblemSchema = problemSchema
  .pick({ state: true, scope: true, limit: true, active: true, retryAfterSeconds: true })
  .extend({ code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]), detail: z.string() });
export type KeptProblem = z.infer<typeof keptProblemSchema>;

export const keptProblem = ({ code, message, extras }: Problem): KeptProblem =>
  keptProblemSchema.parse({ code, detail: message, ...extras });
export const problemOf = ({ code, detail, ...extras }: KeptProblem): Problem =>
  new Problem(code, detail, JSON.parse(JSON.stringify(extras)));

/** As stored. Times in ms since the epoch. */
export const waitingCommandSchema = z.object({
  id: z.string(),
  userId: z.string(),
  /** The session's name and its opaque id: one of the same name that was made later is another. */
  name: z.string(),
  sessionId: z.string(),
  /** The session's epoch when the command was placed: if a later epoch has already ended, the start for this command failed. */
  epoch: z.int(),
  command: z.enum(Object.keys(COMMANDS) as [CommandName, ...CommandName[]]),
  /** JSON as the worker gets it; gone once the command is settled. */
  args: z.string().optional(),
  requestHash: z.string(),
  /** As the worker knows it, so that a direct repeat is recognized there too. */
  workerKey: z.string(),
  status: z.enum(['pending', 'running', 'done', 'failed', 'unknown']),
  placedAt: z.int(),
  /** Not begun after this: a message that comes an hour late is worse than none. */
  runBy: z.int(),
  claimedAt: z.int().optional(),
  /** The epoch whose worker collected it; absent if the API handed it over itself. */
  claimedEpoch: z.int().optional(),
  /** JSON */
  result: z.string().optional(),
  problem: keptProblemSchema.optional(),
  /** Failed before anything was done, for a reason that may pass: the same request may place it again. */
  again: z.boolean().optional(),
});
export type WaitingCommand = z.infer<typeof waitingCommandSchema>;

/** A start may take `startTimeoutSeconds`, the wait for a stop before it `stopGraceSeconds`. */
export const waitLimitMs = (settings: { startTimeoutSeconds: number; stopGraceSeconds: number }): number =>
  (settings.startTimeoutSeconds + settings.stopGraceSeconds) * 1000;

/** A worker's longest command takes 20 s; then its answer must come through. */
export const RUN_LIMIT_MS = 90_000;

type Fate =
  | { readonly kind: 'open' }
  /** Nothing was done and nothing will be: to be written down as failed. */
  | { readonly kind: 'hopeless'; readonly problem: KeptProblem }
  /** Claimed, and no answer will come. */
  | { readonly kind: 'lost' };

/** The next status of an unsettled command, by the present state of its session (undefined: deleted). */
export const resolveCommand = (command: WaitingCommand, session: Session | undefined, now: number): Fate => {
  const own = session?.sessionId === command.sessionId ? session : undefined;
  if (command.status === 'running') {
    const { claimedAt = 0, claimedEpoch } = command;
    const workerGone =
      claimedEpoch !== undefined && (!own || own.epoch !== claimedEpoch || isTerminal(own.state));
    return workerGone || now >= claimedAt + RUN_LIMIT_MS ? { kind: 'lost' } : { kind: 'open' };
  }
  if (command.status !== 'pending') return { kind: 'open' };
  if (!own) return hopeless({ code: 'not_found', detail: 'The session was deleted; nothing was sent.' });
  if (now >= command.runBy) {
    return hopeless({
      code: 'unavailable',
      detail: 'The session did not start in time; nothing was sent.',
    });
  }
  if (isLinkingStatus(own.status)) {
    return hopeless({
      code: 'unprocessable',
      detail: `${own.detail ?? 'The session shows a QR code.'} Nothing was sent.`,
      state: own.status,
    });
  }
  if (isTerminal(own.state) && own.epoch > command.epoch) {
    return hopeless({
      code: 'unavailable',
      detail: `The session was started and ended before it worked (${own.stopReason ?? own.state}); nothing was sent.`,
      state: own.state,
    });
  }
  return { kind: 'open' };
};

const hopeless = (problem: KeptProblem): Fate => ({ kind: 'hopeless', problem });

/** The error of a command whose answer never came. */
export const UNKNOWN: KeptProblem = {
  code: 'worker_timeout',
  detail:
    'The worker did not respond. Whether the command was executed is unknown. Berth does not repeat it.',
};
