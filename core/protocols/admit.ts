/**
 * Admission: one transaction takes a slot from the global limit and from the user's, and makes the session PENDING
 * under a new epoch. Either all of it happened or none of it.
 */
import type * as z from 'zod';
import type { SessionConfig } from '../api/sessions.ts';
import { applyChange, toItem } from '../apply.ts';
import { type Capacity, counterSchema, isSameState, isSettled, pickShard, type Shard } from '../capacity.ts';
import type { Control } from '../control.ts';
import { dueAttributes } from '../deadlines.ts';
import { Problem } from '../errors.ts';
import {
  DUE_BUCKETS,
  GLOBAL_PARTITION,
  quotaListing,
  sessionIdKey,
  sessionKey,
  shardKey,
  slotKey,
  userQuotaKey,
} from '../items.ts';
import { isTerminal } from '../lifecycle.ts';
import { transactionToken } from '../ports.ts';
import { RETRY, retrying } from '../retry.ts';
import { nameOf, parseSession, type Session, userOf } from '../session.ts';
import {
  absent,
  and,
  type Change,
  type Condition,
  eq,
  lt,
  ltAttr,
  oneOf,
  or,
  StoreAmbiguous,
  type Write,
} from '../store.ts';
import { beginChange, ensureCapacity, isOfGeneration, settle } from './capacity.ts';
import { type Idempotency, idempotencyWrites, replay } from './idempotency.ts';
import { findSession } from './load.ts';
import { outboxWrite } from './outbox.ts';
import { secondsUntilRoom, secondsUntilUserRoom } from './retry-after.ts';

type Needs = Pick<Control, 'store' | 'clock' | 'sleep' | 'ids' | 'settings' | 'metrics'>;

/** API Gateway gives a function 30 s; the launch wants some of it. */
const ADMISSION_BUDGET_MS = 12_000;

export type Admitted = {
  readonly session: Session;
  /** false: the session held its slot already, or the stored answer of the same request was found. */
  readonly admitted: boolean;
};

/** Creates a session; with `start`, admits it in the same transaction. Throws 422 (exists), 429 (limit) or 503. */
export const createSession = async (
  control: Needs,
  request: {
    readonly userId: string;
    readonly name: string;
    readonly config: SessionConfig;
    readonly start: boolean;
    readonly idempotency?: Idempotency;
  },
): Promise<Admitted> => {
  const { userId, name, idempotency } = request;
  const sessionId = control.ids.sessionId();
  const key = sessionKey(userId, name);
  const blank = parseSession({
    ...key,
    listUser: userId,
    listName: name,
    sessionId,
    config: request.config,
    createdAt: control.clock(),
    version: 1,
    state: 'STOPPED',
    status: 'STOPPED',
    epoch: 0,
  });

  const extra: Write[] = [
    {
      kind: 'put',
      key: sessionIdKey(sessionId),
      item: { ...sessionIdKey(sessionId), userId, name },
      condition: absent('pk'),
    },
    ...idempotencyWrites(control, userId, sessionId, idempotency),
  ];
  const mine = (found: Session | undefined) => found?.sessionId === sessionId;
  /** What an earlier request with the same key was answered; throws where the name or the key is another's. */
  const earlier = async (): Promise<Admitted | undefined> => {
    const stored = idempotency && (await replay(control, userId, idempotency));
    const found = await findSession(control, userId, name);
    if (stored && found?.sessionId === stored.sessionId) return { session: found, admitted: false };
    if (found)
      throw new Problem('unprocessable', `A session "${name}" exists already.`, { state: found.state });
    if (stored) throw new Problem('conflict', 'The session made by this idempotency key was deleted since.');
    return undefined;
  };
  const refusedBy = async (): Promise<Admitted> => {
    const answer = await earlier();
    if (answer) return answer;
    throw new Problem('conflict', 'The session changed at the same time; try again.');
  };

  if (!request.start) {
    const put: Write = { kind: 'put', key, item: toItem(blank), condition: absent('pk') };
    return commit(control, () => ({ writes: [put, ...extra], session: blank }), mine, refusedBy);
  }
  try {
    return await admit(
      control,
      blank,
      (session) => [{ kind: 'put', key, item: toItem(session), condition: absent('pk') }, ...extra],
      mine,
      refusedBy,
    );
  } catch (error) {
    // The limit may have been reached by the very session that this request made the first time.
    const answer = error instanceof Problem && error.code === 'too_many' && (await earlier());
    if (answer) return answer;
    throw error;
  }
};

/**
 * Admits a stopped or failed session again. A session that holds its slot is returned as it is: starting is
 * idempotent. Throws 404, 429 or 503.
 */
export const startSession = async (control: Needs, userId: string, name: string): Promise<Admitted> => {
  const found = await findSession(control, userId, name);
  if (!found) throw new Problem('not_found', `There is no session "${name}".`);
  if (!isTerminal(found.state)) return { session: found, admitted: false };

  const tokens = new Set<string | undefined>();
  return admit(
    control,
    found,
    (session, change) => {
      tokens.add(session.bootstrapToken);
      return [
        {
          kind: 'update',
          key: sessionKey(userId, name),
          condition: and(
            eq('sessionId', found.sessionId),
            eq('epoch', found.epoch),
            oneOf('state', ['STOPPED', 'FAILED']),
            absent('slotShard'),
            // Deadlines and events are made from the config as it was read.
            eq('version', found.version),
          ),
          ...change,
        },
      ];
    },
    (now) => now !== undefined && tokens.has(now.bootstrapToken) && now.epoch === found.epoch + 1,
    async () => {
      const now = await findSession(control, userId, name);
      if (!now) throw new Problem('not_found', `There is no session "${name}".`);
      // Somebody else started it between our read and our write: theirs is as good as ours.
      if (!isTerminal(now.state)) return { session: now, admitted: false };
      // Its config was changed, or it went through a whole epoch meanwhile.
      return startSession(control, userId, name);
    },
  );
};

/** What the session item becomes under a new epoch. */
const admission = (control: Needs, session: Session, shard: number): Change => {
  const now = control.clock();
  const fresh = {
    state: 'PENDING' as const,
    status: 'STARTING' as const,
    epoch: session.epoch + 1,
    slotShard: shard,
    startedAt: now,
    bootstrapToken: control.ids.secret(),
    dueBucket: DUE_BUCKETS[Math.floor(control.ids.random() * DUE_BUCKETS.length)] ?? DUE_BUCKETS[0],
  };
  return {
    set: { ...fresh, ...dueAttributes({ ...fresh, config: session.config }, control.settings) },
    add: { version: 1 },
    remove: [
      'taskArn',
      'workerTaskArn',
      'workerSecretHash',
      'commandSecret',
      'address',
      'lastReportSeq',
      'lastHeartbeatAt',
      'lastActivityAt',
      'qrSince',
      'readyAt',
      'stoppingAt',
      'stoppedAt',
      'stopReason',
      'detail',
      'snapshots',
      'settledSnapshot',
    ],
  };
};

const admit = (
  control: Needs,
  session: Session,
  sessionWrites: (admitted: Session, change: Change) => Write[],
  mine: (found: Session | undefined) => boolean,
  refused: () => Promise<Admitted>,
): Promise<Admitted> => {
  const userId = userOf(session);
  return commit(
    control,
    async (attempt) => {
      const seen = await look(control, userId);
      const { capacity } = seen;
      if (!isSettled(capacity)) {
        // Whoever changes the limits is about to finish; where it died, those who wait do.
        if (attempt % HELP_EVERY === HELP_EVERY - 1) await settle(control, capacity);
        return RETRY;
      }
      const shard = roomFor(seen, control.ids.random());
      if (!shard) return refuse(control, userId, seen);
      const change = admission(control, session, shard.shard);
      const admitted = parseSession(applyChange(toItem(session), change));
      return {
        session: admitted,
        writes: [
          ...sessionWrites(admitted, change),
          slotWrite(admitted, shard.shard),
          outboxWrite(control, admitted, { event: 'session.admitted', payload: { epoch: admitted.epoch } }),
          {
            kind: 'update',
            key: userQuotaKey(userId),
            condition: userHasRoom(capacity),
            set: quotaListing(userId),
            ...ONE_MORE,
          },
          {
            kind: 'update',
            key: shardKey(shard.shard),
            // The user's condition speaks of the default as it was read; the shard knows whether it still is.
            condition: and(ltAttr('active', 'limit'), isOfGeneration(capacity.generation)),
            ...ONE_MORE,
          },
        ],
      };
    },
    mine,
    refused,
  );
};

/** Attempts that wait for a change of limits before one of them helps. */
const HELP_EVERY = 4;

/** All that an admission is decided on. */
type Seen = { readonly capacity: Capacity; readonly user: UserCounter };
type UserCounter = { readonly active: number; readonly limit: number; readonly version: number };

const look = async (control: Needs, userId: string): Promise<Seen> => {
  const [capacity, quota] = await Promise.all([
    ensureCapacity(control),
    control.store.get(userQuotaKey(userId)),
  ]);
  const { active, limit, version } = quota ? counterSchema.parse(quota) : NEVER_SEEN;
  return { capacity, user: { active, limit: limit ?? capacity.limits.userLimit, version } };
};

const NEVER_SEEN: z.infer<typeof counterSchema> = { active: 0, version: 0 };

const userIsFull = ({ user }: Seen): boolean => user.active >= user.limit;

/** The shard to take a slot from; undefined where the user's limit or every shard is full. */
const roomFor = (seen: Seen, random: number): Shard | undefined =>
  userIsFull(seen) ? undefined : pickShard(seen.capacity.shards, random);

const slotWrite = (session: Session, shard: number): Write => {
  const key = slotKey(shard, session.sessionId);
  return {
    kind: 'put',
    key,
    item: { ...key, userId: userOf(session), name: nameOf(session), epoch: session.epoch },
  };
};

const ONE_MORE: Change = { add: { active: 1, version: 1 } };

type Plan = { readonly writes: readonly Write[]; readonly session: Session };

/**
 * Transacts a plan, made anew for each attempt. The counters come last among the writes, and a counter that was full
 * by the time of the write only asks for a new plan (another shard, or the refusal that a fresh read justifies).
 */
const commit = (
  control: Needs,
  plan: (attempt: number) => Plan | typeof RETRY | Promise<Plan | typeof RETRY>,
  mine: (found: Session | undefined) => boolean,
  refused: () => Promise<Admitted>,
): Promise<Admitted> =>
  retrying<Admitted>(
    control,
    ADMISSION_BUDGET_MS,
    async (attempt) => {
      const planned = await plan(attempt);
      if (planned === RETRY) return RETRY;
      const { writes, session } = planned;
      let ambiguous = false;
      try {
        const result = await control.store.transact(writes, transactionToken(control.ids));
        if (result.ok) return { session, admitted: true };
        if (result.failed.every((failed, i) => !failed || isCounter(writes[i]))) return RETRY;
      } catch (error) {
        if (!(error instanceof StoreAmbiguous)) throw error;
        ambiguous = true;
      }
      // No answer: it may have been written, or be written later and stand against the next attempt. The item tells.
      const found = await findSession(control, userOf(session), nameOf(session));
      if (found && mine(found)) return { session: found, admitted: true };
      return ambiguous ? RETRY : await refused();
    },
    () => {
      throw new Problem(
        'unavailable',
        'The database is too busy; nothing was admitted that you were not told of. Try again.',
        {
          retryAfterSeconds: 2,
        },
      );
    },
  );

const isCounter = (write: Write | undefined): boolean =>
  write?.kind === 'update' && (write.key.sk === 'QUOTA' || write.key.pk === GLOBAL_PARTITION);

/** `active < limit`, where a user without a limit of their own has the default, and one never seen has none active. */
const userHasRoom = ({ limits }: Capacity): Condition =>
  or(
    ltAttr('active', 'limit'),
    and(absent('limit'), lt('active', limits.userLimit)),
    ...(limits.userLimit > 0 ? [absent('active')] : []),
  );

/**
 * Throws the refusal, where there was a moment without room. A look reads each counter at a moment of its own:
 *
 *   shard 1 read: full ── released there, admitted on shard 2 ── shard 2 read: full
 *
 * There was room at every moment of it. Two looks that show the same, one after the other, leave a moment between them
 * at which all was full; otherwise somebody moved, and the next attempt sees where.
 */
const refuse = async (control: Needs, userId: string, seen: Seen): Promise<typeof RETRY> => {
  const again = await look(control, userId);
  if (!isSameState(seen.capacity, again.capacity) || seen.user.version !== again.user.version) return RETRY;
  if (userIsFull(seen)) throw await userLimitReached(control, userId, seen.user);
  const { capacity } = seen;
  if (capacity.active >= capacity.limits.globalLimit) throw await globalLimitReached(control, capacity);
  // Sub-limits were made when more was active than the limit allows: spread the room that there is since.
  await beginChange(control, capacity, capacity.limits);
  return RETRY;
};

const userLimitReached = async (
  control: Needs,
  userId: string,
  { active, limit }: UserCounter,
): Promise<Problem> => {
  control.metrics.count('AdmissionsRefused', 1, { Scope: 'user' });
  return new Problem(
    'too_many',
    `The limit of ${limit} concurrent sessions for user "${userId}" is reached (${active} active).`,
    { scope: 'user', limit, active, retryAfterSeconds: await secondsUntilUserRoom(control, userId) },
  );
};

const globalLimitReached = async (control: Needs, capacity: Capacity): Promise<Problem> => {
  const limit = capacity.limits.globalLimit;
  control.metrics.count('AdmissionsRefused', 1, { Scope: 'global' });
  return new Problem(
    'too_many',
    `The limit of ${limit} concurrent sessions is reached (${capacity.active} active).`,
    { scope: 'global', limit, active: capacity.active, retryAfterSeconds: await secondsUntilRoom(control) },
  );
};
