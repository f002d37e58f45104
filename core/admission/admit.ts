/** The loop around the plans of an admission: read, plan, write; after a write without an answer, read what it did. */
import { Problem } from '../../contract/errors.ts';
import type { Deps } from '../deps.ts';
import { GLOBAL_PARTITION } from '../items.ts';
import { findSession } from '../lifecycle/load.ts';
import { transactionToken } from '../ports.ts';
import { RETRY, retryTransient } from '../retry.ts';
import { StoreAmbiguous, type Write } from '../store.ts';
import { confirmFull } from './confirm-full.ts';
import { readRecord } from './idempotency.ts';
import {
  type Admission,
  type Admitted,
  type Outcome,
  outcomeOf,
  type Plan,
  planAdmitted,
  planStored,
  type Stored,
} from './plan.ts';
import { settle } from './read-capacity.ts';
import { type CapacitySnapshot, readSnapshot } from './room.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings' | 'metrics'>;

/** API Gateway gives a function 30 s; the launch needs some of it. */
const ADMISSION_BUDGET_MS = 12_000;

/** Attempts that wait for a change of limits before one of them helps. */
const HELP_EVERY = 4;

/** A new name is most likely free. The conditions of the transaction show it, so that no read is spent on it. */
const ASSUMED_FREE: Stored = { session: undefined, record: undefined };

/**
 * Carries an admission out. Throws 404, 409, 422 by what is stored, 429 if a limit is reached, or 503.
 *
 * @param seen the counters, if the caller has just read them: for the first attempt
 */
export const admit = async (
  deps: Needs,
  admission: Admission,
  seen?: CapacitySnapshot,
): Promise<Admitted> => {
  let stored = admission.kind === 'create' ? ASSUMED_FREE : await readStored(deps, admission);
  return retryTransient<Admitted>(
    deps,
    ADMISSION_BUDGET_MS,
    async (attempt) => {
      const known = outcomeOf(admission, stored);
      if (known) return conclude(known);
      const plan = await planNext(deps, admission, stored, attempt === 0 ? seen : undefined);
      if (plan.kind === 'unsettled') {
        // Another caller is applying new limits. If it crashed, a waiting caller finishes its work.
        if (attempt % HELP_EVERY === HELP_EVERY - 1) await settle(deps, plan.capacity);
        return RETRY;
      }
      if (plan.kind === 'full' || plan.kind === 'too fast') {
        const problem = await refusalOf(deps, admission, plan);
        if (!problem) return RETRY;
        // The session that this very request made before may have taken the last slot, or the last start.
        stored = await readStored(deps, admission);
        return conclude(outcomeOf(admission, stored) ?? { kind: 'rejection', problem });
      }
      const { writes, session } = plan;
      try {
        const result = await deps.store.transact(writes, transactionToken(deps.ids));
        if (result.ok) return { session, admitted: true };
        // A counter that was full by the time of the write only asks for a new plan.
        if (result.failed.every((failed, i) => !failed || isCounter(writes[i]))) return RETRY;
      } catch (error) {
        if (!(error instanceof StoreAmbiguous)) throw error;
      }
      // Without an answer it may be written, or be written later and fail the next attempt. The item shows it.
      stored = await readStored(deps, admission);
      const outcome = outcomeOf(admission, stored);
      return outcome ? conclude(outcome) : RETRY;
    },
    () => {
      throw new Problem('unavailable', 'The database is too busy; nothing was admitted. Try again.', {
        retryAfterSeconds: 2,
      });
    },
  );
};

/** One read shows that starts come too fast: their time only grows. */
const refusalOf = async (
  deps: Needs,
  { userId }: Admission,
  plan: Extract<Plan, { kind: 'full' | 'too fast' }>,
): Promise<Problem | undefined> => {
  if (plan.kind === 'full') return confirmFull(deps, userId, plan.seen);
  deps.metrics.count('AdmissionsRefused', 1, { Scope: 'starts' });
  return plan.problem;
};

const readStored = async (deps: Needs, admission: Admission): Promise<Stored> => {
  const { userId, name } = admission;
  const idempotency = admission.kind === 'create' ? admission.idempotency : undefined;
  const record = idempotency && (await readRecord(deps, userId, idempotency));
  return { session: await findSession(deps, userId, name), record };
};

const planNext = async (
  deps: Needs,
  admission: Admission,
  { session }: Stored,
  seen: CapacitySnapshot | undefined,
): Promise<Plan> => {
  if (admission.kind === 'create' && !admission.start) return planStored(deps, admission);
  const before = admission.kind === 'create' ? admission.session : session;
  if (!before) throw new Error('a session that does not exist has an outcome and no plan');
  return planAdmitted(deps, admission, before, seen ?? (await readSnapshot(deps, admission.userId)));
};

const conclude = (outcome: Outcome): Admitted => {
  if (outcome.kind === 'rejection') throw outcome.problem;
  return outcome.admitted;
};

/** The user's counter and the shard's. */
const isCounter = (write: Write | undefined): boolean =>
  write?.kind === 'update' && (write.key.sk === 'QUOTA' || write.key.pk === GLOBAL_PARTITION);
