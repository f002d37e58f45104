import { Problem } from '../../contract/errors.ts';
import type { Deps } from '../deps.ts';
import { GLOBAL_PARTITION } from '../items.ts';
import { transactionToken } from '../ports.ts';
import { RETRY, retryTransient } from '../retry.ts';
import { StoreAmbiguous, type Write } from '../store.ts';
import { findSession } from './load.ts';
import { nameOf, type Session, userOf } from './session.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids'>;

export type Admitted = {
  readonly session: Session;
  /** false: the session held its slot already, or the stored answer of the same request was found. */
  readonly admitted: boolean;
  /** The session waited for a restart, whose launch is due at once now: the caller launches it. */
  readonly restartsNow?: boolean;
};

/** A session as it is to become, and the writes that make it so: all of them or none. */
export type Plan = { readonly writes: readonly Write[]; readonly session: Session };

/**
 * Transacts a plan, made anew for each attempt. The counters come last among the writes, and a counter that was full
 * by the time of the write only asks for a new plan (another shard, or the refusal that a fresh read justifies).
 * `mine` tells by the item whether one of these attempts made it; `refused` answers where it is another's. Throws what
 * these throw, or 503.
 */
export const commit = (
  deps: Needs,
  plan: (attempt: number) => Plan | typeof RETRY | Promise<Plan | typeof RETRY>,
  isThisAdmission: (found: Session | undefined) => boolean,
  refused: () => Promise<Admitted>,
): Promise<Admitted> =>
  retryTransient<Admitted>(
    deps,
    ADMISSION_BUDGET_MS,
    async (attempt) => {
      const planned = await plan(attempt);
      if (planned === RETRY) return RETRY;
      const { writes, session } = planned;
      let ambiguous = false;
      try {
        const result = await deps.store.transact(writes, transactionToken(deps.ids));
        if (result.ok) return { session, admitted: true };
        if (result.failed.every((failed, i) => !failed || isCounter(writes[i]))) return RETRY;
      } catch (error) {
        if (!(error instanceof StoreAmbiguous)) throw error;
        ambiguous = true;
      }
      // No answer: it may have been written, or be written later and stand against the next attempt. The item tells.
      const found = await findSession(deps, userOf(session), nameOf(session));
      if (found && isThisAdmission(found)) return { session: found, admitted: true };
      return ambiguous ? RETRY : await refused();
    },
    () => {
      throw new Problem('unavailable', 'The database is too busy; nothing was admitted. Try again.', {
        retryAfterSeconds: 2,
      });
    },
  );

/** API Gateway gives a function 30 s; the launch wants some of it. */
const ADMISSION_BUDGET_MS = 12_000;

/** The counters of admit.ts: the user's and the shard's. */
const isCounter = (write: Write | undefined): boolean =>
  write?.kind === 'update' && (write.key.sk === 'QUOTA' || write.key.pk === GLOBAL_PARTITION);
