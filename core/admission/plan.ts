/**
 * Decides the result of one attempt of an admission from a snapshot. Nothing here reads or writes:
 *
 *   snapshot ─┬─ answer      the session runs already, or this admission made it
 *             ├─ rejection   the session does not exist, exists already, or belongs to another request
 *             ├─ unsettled   the limits are being changed: read again
 *             ├─ too fast    the user started as many as the rate of starts allows
 *             ├─ full        this snapshot shows no free slot: to be confirmed by a second one
 *             └─ writes      one transaction: a slot of the global limit, a slot of the user's, and the session PENDING
 *                            under a new epoch. All of it is written, or none of it
 */
import { Problem } from '../../contract/errors.ts';
import { isTerminal } from '../../contract/lifecycle.ts';
import { applyChange, toItem } from '../apply.ts';
import type { Deps } from '../deps.ts';
import { outboxWrite } from '../events/outbox.ts';
import { DUE_BUCKETS, quotaListing, sessionIdKey, sessionKey, shardKey, userQuotaKey } from '../items.ts';
import { dueAttributes } from '../lifecycle/deadlines.ts';
import { nextEpoch, slotWrite } from '../lifecycle/epoch.ts';
import { parseSession, type Session } from '../lifecycle/session.ts';
import { absent, and, type Change, eq, ltAttr, oneOf, type Write } from '../store.ts';
import { type Capacity, isSettled } from './capacity.ts';
import { type Idempotency, type IdempotencyRecord, idempotencyWrites } from './idempotency.ts';
import { isOfGeneration } from './read-capacity.ts';
import { type CapacitySnapshot, roomFor, userHasRoom } from './room.ts';
import { ruleStart, startRateOf } from './start-rate.ts';

type Needs = Pick<Deps, 'clock' | 'ids' | 'settings'>;

export type Admitted = {
  readonly session: Session;
  /** false: the session held its slot already, or the stored answer of the same request was found. */
  readonly admitted: boolean;
  /** The session waited for a restart, whose launch is due at once now: the caller launches it. */
  readonly restartsNow?: boolean;
};

/** A call that creates a session, admits a stopped one, or both. Its attempts share the id. */
export type Admission = {
  /** Written to the session. After a write without an answer, the item shows by it whether this admission made it. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
} & (
  | {
      readonly kind: 'create';
      /** STOPPED, as it is stored without `start`. */
      readonly session: Session;
      readonly start: boolean;
      readonly idempotency: Idempotency | undefined;
    }
  | { readonly kind: 'start' }
);

/** The item that is stored under the admission's name and under its idempotency key. */
export type Stored = {
  readonly session: Session | undefined;
  readonly record: IdempotencyRecord | undefined;
};

export type Outcome =
  | { readonly kind: 'answer'; readonly admitted: Admitted }
  | { readonly kind: 'rejection'; readonly problem: Problem };

export type Plan =
  | { readonly kind: 'writes'; readonly session: Session; readonly writes: readonly Write[] }
  | { readonly kind: 'unsettled'; readonly capacity: Capacity }
  | { readonly kind: 'full'; readonly seen: CapacitySnapshot }
  | { readonly kind: 'too fast'; readonly problem: Problem };

const answer = (session: Session, admitted: boolean): Outcome => ({
  kind: 'answer',
  admitted: { session, admitted },
});

const rejection = (...problem: ConstructorParameters<typeof Problem>): Outcome => ({
  kind: 'rejection',
  problem: new Problem(...problem),
});

/** The outcome that follows from what is stored; undefined: the admission may be tried. */
export const outcomeOf = (admission: Admission, { session, record }: Stored): Outcome | undefined => {
  if (session !== undefined && session.admissionId === admission.id) return answer(session, true);
  if (admission.kind === 'start') {
    if (!session) return rejection('not_found', `There is no session "${admission.name}".`);
    // Another call may have started it between the read and the write: the answer is the same.
    return isTerminal(session.state) ? undefined : answer(session, false);
  }
  if (record && record.requestHash !== admission.idempotency?.requestHash)
    return rejection('unprocessable', 'This Idempotency-Key was used for another request.');
  // By an earlier request with the same key, or by this one if another call admitted it again since.
  if (session && [record?.sessionId, admission.session.sessionId].includes(session.sessionId))
    return answer(session, false);
  if (session)
    return rejection('unprocessable', `A session "${admission.name}" exists already.`, {
      state: session.state,
    });
  return record && rejection('conflict', 'The session of this idempotency key has been deleted.');
};

/** Stores a session that is not started. */
export const planStored = (
  deps: Needs,
  admission: Extract<Admission, { kind: 'create' }>,
): Plan & { kind: 'writes' } => {
  const session = { ...admission.session, admissionId: admission.id };
  return { kind: 'writes', session, writes: createWrites(deps, admission, session) };
};

/** Admits the session `before`, which is new or stopped. */
export const planAdmitted = (
  deps: Needs,
  admission: Admission,
  before: Session,
  seen: CapacitySnapshot,
): Plan => {
  const { capacity } = seen;
  const { userId } = admission;
  if (!isSettled(capacity)) return { kind: 'unsettled', capacity };
  const shard = roomFor(seen, deps.ids.random());
  if (!shard) return { kind: 'full', seen };
  const ruling = ruleStartOf(seen.user, deps.clock());
  if (!ruling.pass) return { kind: 'too fast', problem: startsTooFast(userId, seen.user, ruling) };
  const change = admissionChange(deps, admission.id, before, shard.shard);
  const session = parseSession(applyChange(toItem(before), change));
  return {
    kind: 'writes',
    session,
    writes: [
      ...(admission.kind === 'create'
        ? createWrites(deps, admission, session)
        : [startWrite(admission, before, change)]),
      slotWrite(session, shard.shard),
      outboxWrite(deps, session, { event: 'session.admitted', payload: { epoch: session.epoch } }),
      {
        kind: 'update',
        key: userQuotaKey(userId),
        condition: and(userHasRoom(capacity), ...(ruling.condition ? [ruling.condition] : [])),
        set: { ...quotaListing(userId), ...ruling.change.set },
        add: { ...ONE_MORE.add, ...ruling.change.add },
      },
      {
        kind: 'update',
        key: shardKey(shard.shard),
        // The user's condition uses the default limit as it was read; the generation proves that it is still current.
        condition: and(ltAttr('active', 'limit'), isOfGeneration(capacity.generation)),
        ...ONE_MORE,
      },
    ],
  };
};

/** Whether the user's rate allows a start now, and what counts it. */
export const ruleStartOf = ({ starts, limit, startsUntil }: CapacitySnapshot['user'], now: number) =>
  ruleStart(startRateOf(starts, limit), startsUntil, now);

export const startsTooFast = (
  userId: string,
  { starts }: CapacitySnapshot['user'],
  { retryAfterSeconds }: { readonly retryAfterSeconds: number },
): Problem =>
  new Problem(
    'too_many',
    `User "${userId}" may start ${starts} sessions a minute; try again in ${retryAfterSeconds} s.`,
    { scope: 'starts', limit: starts, retryAfterSeconds },
  );

const createWrites = (
  deps: Needs,
  { userId, name, idempotency }: Extract<Admission, { kind: 'create' }>,
  session: Session,
): Write[] => [
  { kind: 'put', key: sessionKey(userId, name), item: toItem(session), condition: absent('pk') },
  {
    kind: 'put',
    key: sessionIdKey(session.sessionId),
    item: { ...sessionIdKey(session.sessionId), userId, name },
    condition: absent('pk'),
  },
  ...idempotencyWrites(deps, userId, session.sessionId, idempotency),
];

const startWrite = ({ userId, name }: Admission, before: Session, change: Change): Write => ({
  kind: 'update',
  key: sessionKey(userId, name),
  condition: and(
    eq('sessionId', before.sessionId),
    eq('epoch', before.epoch),
    oneOf('state', ['STOPPED', 'FAILED']),
    absent('slotShard'),
    // Deadlines and events are made from the config as it was read.
    eq('version', before.version),
  ),
  ...change,
});

/** The session item as it becomes under a new epoch. */
const admissionChange = (deps: Needs, admissionId: string, session: Session, shard: number): Change => {
  const now = deps.clock();
  const { set, remove } = nextEpoch(deps, session, session.stopReason);
  const fresh = {
    ...set,
    slotShard: shard,
    startedAt: now,
    dueBucket: DUE_BUCKETS[Math.floor(deps.ids.random() * DUE_BUCKETS.length)] ?? DUE_BUCKETS[0],
  };
  return {
    set: {
      ...fresh,
      ...dueAttributes({ ...fresh, config: session.config }, deps.settings),
      admissionId,
      launching: admissionId,
    },
    add: { version: 1 },
    remove: [
      ...remove.filter((attribute) => attribute !== 'admissionId' && attribute !== 'launching'),
      'restartAt',
      'restarts',
      'restartReason',
    ],
  };
};

const ONE_MORE: Change = { add: { active: 1, version: 1 } };
