import { Problem } from '../../contract/errors.ts';
import { applyChange, toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { type DomainEvent, outboxWrite } from '../events/outbox.ts';
import { sessionKey } from '../items.ts';
import { transactionToken } from '../ports.ts';
import { RETRY, retryTransient } from '../retry.ts';
import { and, type Change, eq, StoreUnavailable, type Write } from '../store.ts';
import { dueAfterChange } from './deadlines.ts';
import { findSession } from './load.ts';
import { nameOf, parseSession, type Session, userOf } from './session.ts';

type Needs = Pick<Deps, 'store' | 'clock' | 'sleep' | 'ids' | 'settings'>;

type Changed = { readonly session: Session; readonly changed: boolean };

const CHANGE_BUDGET_MS = 8_000;

/**
 * Changes a session that holds its slot, by what `decide` says of it as it stands: a change, or `undefined` for none.
 * The write holds only while the item is the one that was decided on (its version), so no decision is ever made on
 * one state and carried out on another. Deadlines are computed again with each change. What `eventOf` makes of the
 * session before and after is written into the outbox in the same transaction; sending it is the caller's.
 *
 * Returns undefined if the session, this epoch or its slot is gone. Throws StoreUnavailable once the budget is spent.
 */
export const updateActiveSession = (
  deps: Needs,
  session: Session,
  decide: (current: Session) => Change | undefined,
  eventOf: (before: Session, after: Session) => DomainEvent | undefined = () => undefined,
  budgetMs = CHANGE_BUDGET_MS,
): Promise<Changed | undefined> =>
  retryTransient<Changed | undefined>(
    deps,
    budgetMs,
    async (n) => {
      // The cause of the earlier failure may have changed the session.
      const known = n === 0 ? session : await findSession(deps, userOf(session), nameOf(session));
      if (known?.sessionId !== session.sessionId) return undefined;
      if (known.epoch !== session.epoch || known.slotShard === undefined) return undefined;
      const change = decide(known);
      if (!change) return { session: known, changed: false };
      const after = parseSession(applyChange(toItem(known), change));
      const due = dueAfterChange(after, deps.settings, deps.clock());
      const changed: Session = { ...after, ...due, version: known.version + 1 };
      const update: Exclude<Write, { kind: 'check' }> = {
        kind: 'update',
        key: sessionKey(userOf(session), nameOf(session)),
        condition: and(eq('sessionId', known.sessionId), eq('version', known.version)),
        ...change,
        set: { ...change.set, ...due },
        add: { ...change.add, version: 1 },
      };
      const event = eventOf(known, changed);
      const written = event
        ? await deps.store.transact([update, outboxWrite(deps, changed, event)], transactionToken(deps.ids))
        : await deps.store.write(update);
      return written.ok ? { session: changed, changed: true } : RETRY;
    },
    () => {
      throw new StoreUnavailable('the session could not be changed in time');
    },
  );

/** 410: the worker belongs to an epoch that has ended. */
export const fenced = (): Problem => new Problem('fenced', 'This epoch of the session has ended.');
