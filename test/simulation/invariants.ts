/** Watches every commit and holds it against the promises of model/violation.ts. */

import { canTransition, isTerminal } from '../../contract/lifecycle.ts';
import type { Assignment, ForwardedMark } from '../../contract/worker/protocol.ts';
import { type Capacity, isSettled, type Limits, parseCapacity } from '../../core/admission/capacity.ts';
import { GLOBAL_PARTITION, SHARD_PREFIX, sessionKey, shardKey, userQuotaKey } from '../../core/items.ts';
import { deadlinesOf, isLaunchDeadline } from '../../core/lifecycle/deadlines.ts';
import { isRestart } from '../../core/lifecycle/restart.ts';
import { parseSession, type Session } from '../../core/lifecycle/session.ts';
import type { Delivery, LaunchRequest } from '../../core/ports.ts';
import type { Item } from '../../core/store.ts';
import type { Process } from './kernel/scheduler.ts';
import { Messages } from './messages.ts';
import { USERS } from './model/clients.ts';
import type { Cloud, SimulatedTask, SimulatedWorker, Watcher } from './model/cloud.ts';
import { Commands } from './model/commands.ts';
import type { ItemChange } from './model/table.ts';
import type { Invariant } from './model/violation.ts';
import { PublishedEvents } from './published-events.ts';
import { Restarts } from './restarts.ts';
import { StandbyRules } from './standby.ts';

/** The functions that may take a session's account away: the phone or the owner asked for it. */
const MAY_FORGET = ['worker-discard', 'logout', 'delete'];

/** The functions in which a caller's wish ends a session. */
const CALLERS = /^(stop|restart|delete|logout|cleanup|update)/;

export class Invariants implements Watcher {
  readonly #cloud: Cloud;
  /** sessionId → the place of its slot. */
  readonly #slots = new Map<string, { readonly shard: number; readonly userId: string }>();
  /** sessionId → the session as last written; holders and others. */
  readonly sessions = new Map<string, Session>();
  readonly #sessionOf = new WeakMap<Item, Session>();
  /** sessionId → the youngest snapshot that was its auth state. */
  readonly #newest = new Map<string, number>();
  /** sessionId → how many snapshots had been taken when its account was given up: those are dead. */
  readonly #dead = new Map<string, number>();
  readonly published: PublishedEvents;
  readonly #commands: Commands;
  readonly #messages: Messages;
  readonly restarts: Restarts;
  readonly standby: StandbyRules;
  /** RunTasks that are not answered, and who waits for them. */
  readonly #launches = new Map<LaunchRequest, Process>();
  /** Of each generation. */
  readonly #limits = new Map<number, Limits>();
  /** Scopes without room, as things stand. */
  readonly #full = new Set<string>();
  /** By scope: the last step at which it had no room. */
  readonly #lastFull = new Map<string, number>();
  admissions = 0;
  releases = 0;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
    this.published = new PublishedEvents(cloud);
    this.#commands = new Commands(cloud);
    this.#messages = new Messages(cloud);
    this.restarts = new Restarts(cloud);
    this.standby = new StandbyRules(cloud);
    this.#watchRoom();
  }

  queued(deliveries: readonly Delivery[]): void {
    this.published.queued(deliveries);
    this.#messages.queued(deliveries);
  }

  committed(changes: readonly ItemChange[], by: Process): void {
    this.published.committed(changes);
    this.#messages.committed(changes);
    this.standby.committed(changes, by);
    const touched = new Set<string>();
    for (const change of changes) {
      const { pk } = change.key;
      if (pk.startsWith('SLOT#')) this.#slotChanged(change, touched);
      else if (pk.startsWith('SESSION#')) this.#sessionChanged(change, by, touched);
      else if (pk === GLOBAL_PARTITION) touched.add('global');
      else if (pk.startsWith('USER#')) touched.add(`user ${pk.slice('USER#'.length)}`);
      else if (pk.startsWith('COMMAND#')) this.#commands.changed(change);
    }
    if (touched.size === 0) return;
    this.#checkCounts(touched);
    this.#watchRoom();
    const admitted = changes.some((c) => c.key.pk.startsWith('SLOT#') && !c.before && c.after);
    if (admitted) this.#checkLimits(changes);
  }

  resumes(sessionId: string, mark: ForwardedMark | undefined, askedAt: number): void {
    this.#messages.resumes(sessionId, mark, askedAt);
  }

  acknowledged(sessionId: string, mark: ForwardedMark): void {
    this.#messages.acknowledged(sessionId, mark);
  }

  launched(request: LaunchRequest, by: Process): void {
    this.#launches.set(request, by);
    this.restarts.launched(this.sessions.get(request.sessionId), request, by);
  }

  launchAnswered(request: LaunchRequest): void {
    this.#launches.delete(request);
  }

  assigned(task: SimulatedTask, assignment: Assignment): void {
    this.standby.assigned(task, assignment);
  }

  stops(task: SimulatedTask, _reason: string, by: Process): void {
    this.standby.stops(task, this.sessions.get(task.launch.sessionId), by);
  }

  stopAnswered(session: Session): void {
    this.restarts.stopAnswered(session, this.sessions.has(session.sessionId));
  }

  sent(text: string): void {
    this.#commands.sent(text);
  }

  refused(userId: string | undefined, since: number): void {
    const scope = userId === undefined ? 'global' : `user ${userId}`;
    if (this.#full.has(scope) || (this.#lastFull.get(scope) ?? -1) >= since) return;
    this.#broken('room', `${scope}: refused, and at every moment of the call there was room`);
  }

  removed(keys: readonly string[]): void {
    for (const session of this.sessions.values()) {
      for (const state of [session.authState, session.authStatePrevious]) {
        if (state && keys.includes(state.key)) {
          this.#broken('account', `${state.key} was removed while ${session.sessionId} names it`);
        }
      }
    }
  }

  live(worker: SimulatedWorker): void {
    const { sessionId, epoch } = worker.task.launch;
    const others = this.#liveWorkers(sessionId, epoch).filter((other) => other !== worker);
    if (others.length > 0) {
      this.#broken(
        'oneWorker',
        `${sessionId}:${epoch} has ${worker.task.taskArn} and ${others[0]?.task.taskArn}`,
      );
    }
  }

  /** Of everything at once; what the checks at each commit see of what they touch. */
  checkAll(): void {
    const touched = new Set(['global']);
    for (const item of this.#cloud.table.items()) {
      const pk = String(item.pk);
      if (pk.startsWith('USER#')) touched.add(`user ${pk.slice('USER#'.length)}`);
    }
    this.#checkCounts(touched);
    this.#watchRoom();
  }

  #slotChanged({ before, after }: ItemChange, touched: Set<string>): void {
    const item = after ?? before;
    if (!item) return;
    const sessionId = String(item.sk);
    const slot = { shard: Number(String(item.pk).slice('SLOT#'.length)), userId: String(item.userId) };
    touched.add('global').add(`user ${slot.userId}`);
    // A restart writes the epoch into the slot that the session holds.
    if (before && after) return;
    if (after) {
      if (this.#slots.has(sessionId)) this.#broken('count', `${sessionId} holds a slot twice`);
      this.#slots.set(sessionId, slot);
      this.admissions += 1;
    } else {
      this.#slots.delete(sessionId);
      this.releases += 1;
    }
  }

  #sessionChanged({ key, before: old, after: item }: ItemChange, by: Process, touched: Set<string>): void {
    const before = old && this.#parsed(old);
    const after = item && this.#parsed(item);
    const session = after ?? before;
    if (!session) return;
    const { sessionId } = session;
    touched.add('global').add(`user ${session.listUser}`);
    if (after) this.sessions.set(sessionId, after);
    else this.sessions.delete(sessionId);

    if (after && before && before.sessionId !== sessionId)
      this.#broken('account', `${key.pk} was overwritten`);
    const from = before?.state ?? 'STOPPED';
    const restarts = after !== undefined && before?.slotShard !== undefined && after.epoch !== before.epoch;
    if (
      after &&
      after.state !== from &&
      (!canTransition(from, after.state) || (after.state === 'PENDING' && !isTerminal(from) && !restarts))
    ) {
      this.#broken('lifecycle', `${sessionId}: ${from} → ${after.state} by ${by.name}`);
    }
    if (after && isTerminal(after.state) === (after.slotShard !== undefined)) {
      this.#broken(
        'count',
        `${sessionId} is ${after.state} and ${after.slotShard === undefined ? 'holds no slot' : 'holds a slot'}`,
      );
    }
    this.restarts.changed(
      before,
      after,
      by,
      before ? this.#liveWorkers(sessionId, before.epoch).length > 0 : false,
    );
    this.standby.sessionChanged(before, after, by);
    this.#checkClaim(before, after, by);
    this.#checkLinking(before, after, by);
    this.#checkDue(before, after, by);
    this.#checkEntry(after, by);
    this.#checkAccount(before, after, by);
    if (before && before.slotShard !== undefined && after?.slotShard === undefined) {
      this.#checkLaunches(before, by);
      const [running] = this.#liveWorkers(sessionId, before.epoch);
      if (running) {
        this.#broken(
          'oneWorker',
          `${by.name} freed the slot of ${sessionId}:${before.epoch} while ${running.task.taskArn} runs`,
        );
      }
    }
  }

  /** Sweeps free the slot of a launch that was given up, by clocks that may be far apart here. */
  #checkLaunches({ sessionId, epoch }: Session, by: Process): void {
    if (!CALLERS.test(by.name)) return;
    for (const [request, process] of this.#launches) {
      if (process.dead || process === by) continue;
      if (request.sessionId === sessionId && request.epoch === epoch)
        this.#broken(
          'launch',
          `${by.name} freed the slot of ${sessionId}:${epoch}, which ${process.name} launches`,
        );
    }
  }

  /** A caller that acts for an epoch changes that epoch only, and only while it holds its slot. */
  #checkClaim(before: Session | undefined, after: Session | undefined, by: Process): void {
    if (!by.claim || !before) return;
    const holds = before.slotShard !== undefined && before.epoch === by.claim.epoch;
    const restarts = after?.epoch === by.claim.epoch + 1 && after.slotShard === before.slotShard;
    const other = after && after.epoch !== by.claim.epoch && !restarts;
    if (before.sessionId === by.claim.sessionId && this.#launchesRestart(before, after, by)) return;
    if (before.sessionId !== by.claim.sessionId || !holds || other) {
      this.#broken(
        'oneWorker',
        `${by.name} speaks for ${by.claim.sessionId}:${by.claim.epoch} and changed ${before.sessionId}:${before.epoch} (${before.state})`,
      );
    }
  }

  /** The event of a stopped task launches the epoch that follows, and changes nothing else of it. */
  #launchesRestart(before: Session, after: Session | undefined, by: Process): boolean {
    if (!by.name.startsWith('task-events') || !after || before.epoch !== (by.claim?.epoch ?? 0) + 1)
      return false;
    const launches =
      after.state === before.state || (before.state === 'PENDING' && after.state === 'STARTING');
    return (
      launches && isRestart(after) && after.epoch === before.epoch && after.slotShard === before.slotShard
    );
  }

  /** The time for linking is started once more by the first challenge, and by no other. */
  #checkLinking(before: Session | undefined, after: Session | undefined, by: Process): void {
    if (before?.passkeySince === undefined || after?.passkeySince === undefined) return;
    if (before.epoch === after.epoch && before.passkeySince !== after.passkeySince)
      this.#broken('due', `${by.name} gave ${after.sessionId} more time to be linked`);
  }

  /** The index that proposed it may be behind; the write must not be. */
  #checkDue(before: Session | undefined, after: Session | undefined, by: Process): void {
    if (!by.name.startsWith('reaper') || !before || !after || before.slotShard === undefined) return;
    if (after.state === before.state || after.state === 'STARTING') return;
    const now = this.#cloud.clockOf(by)();
    const due = deadlinesOf(before, this.#cloud.settings).some(
      (d) => d.at <= now && !isLaunchDeadline(d.reason),
    );
    // The sweep may complete what a stop began.
    if (!due && before.state !== 'STOPPING') {
      this.#broken('due', `${by.name} ended ${before.sessionId}:${before.epoch} for ${after.stopReason}`);
    }
  }

  /** The entry of the index may be early, and is never late. A sweep that looked at it for nothing has moved it. */
  #checkEntry(after: Session | undefined, by: Process): void {
    if (after?.slotShard === undefined || after.nextDeadlineAt === undefined) return;
    const { sessionId, epoch, nextDeadlineAt } = after;
    const [first] = deadlinesOf(after, this.#cloud.settings);
    if (!first) return;
    if (nextDeadlineAt > first.at)
      this.#broken('due', `${by.name} left the entry of ${sessionId}:${epoch} behind its ${first.reason}`);
    const now = this.#cloud.clockOf(by)();
    if (by.name.startsWith('reaper') && nextDeadlineAt <= now && now < first.at)
      this.#broken('due', `${by.name} left the entry of ${sessionId}:${epoch} due, and nothing is`);
  }

  #checkAccount(before: Session | undefined, after: Session | undefined, by: Process): void {
    const { objects } = this.#cloud.bucket;
    if (before?.authState && !after?.authState && !MAY_FORGET.some((name) => by.name.startsWith(name))) {
      this.#broken('account', `${by.name} took the auth state of ${before.sessionId}`);
    }
    if (!after) return;
    for (const state of [after.authState, after.authStatePrevious]) {
      if (state && !objects.has(state.key)) {
        this.#broken(
          'account',
          `${after.sessionId} names ${state.key}, which is not in storage (${by.name})`,
        );
      }
    }
    if (!after.authState) this.#newest.delete(after.sessionId);
    if (before?.authState && !after.authState) this.#dead.set(after.sessionId, this.#cloud.snapshots);
    const object = after.authState && objects.get(after.authState.key);
    if (!object || after.authState?.key === before?.authState?.key) return;
    const newest = this.#newest.get(after.sessionId) ?? 0;
    if (object.taken < newest) {
      this.#broken('account', `${by.name} replaced the auth state of ${after.sessionId} by an older one`);
    }
    if (object.taken <= (this.#dead.get(after.sessionId) ?? 0)) {
      this.#broken(
        'account',
        `${by.name} made an unlinked account's state the auth state of ${after.sessionId}`,
      );
    }
    this.#newest.set(after.sessionId, Math.max(newest, object.taken));
  }

  #checkCounts(touched: ReadonlySet<string>): void {
    const holders = [...this.sessions.values()].filter((s) => s.slotShard !== undefined);
    if (holders.length !== this.#slots.size) {
      this.#broken('count', `${holders.length} sessions hold a slot, ${this.#slots.size} slots are taken`);
    }
    const bySession = new Map(holders.map((s) => [s.sessionId, s.slotShard]));
    for (const [sessionId, { shard }] of this.#slots) {
      if (bySession.get(sessionId) !== shard)
        this.#broken('count', `${sessionId} and its slot name different shards`);
    }
    for (const name of touched) {
      if (name === 'global') this.#checkShards();
      else this.#checkUser(name.slice('user '.length));
    }
  }

  #checkShards(): void {
    const held = new Map<number, number>();
    for (const { shard } of this.#slots.values()) held.set(shard, (held.get(shard) ?? 0) + 1);
    for (const { shard, active } of this.#capacity()?.shards ?? []) {
      if (active !== (held.get(shard) ?? 0)) {
        this.#broken('count', `shard ${shard} counts ${active}, ${held.get(shard) ?? 0} hold a slot of it`);
      }
      held.delete(shard);
    }
    for (const [shard] of held) this.#broken('count', `${JSON.stringify(shardKey(shard))} does not exist`);
  }

  #checkUser(userId: string): void {
    const held = this.#heldBy(userId);
    const active = this.#cloud.table.get(userQuotaKey(userId))?.active ?? 0;
    if (active !== held)
      this.#broken('count', `user ${userId} counts ${String(active)}, ${held} hold a slot`);
  }

  /** By the limits that the shard it was admitted on is open under: no later ones are in force before it is closed. */
  #checkLimits(changes: readonly ItemChange[]): void {
    const shard = changes.find(({ key }) => key.pk === GLOBAL_PARTITION && key.sk.startsWith(SHARD_PREFIX));
    const limits = this.#limits.get(Number(shard?.after?.generation ?? 0));
    if (!limits) {
      this.#broken('limit', 'admitted without a limit');
      return;
    }
    const { globalLimit, userLimit } = limits;
    if (this.#slots.size > globalLimit) {
      this.#broken('limit', `${this.#slots.size} sessions are active, the limit is ${globalLimit}`);
    }
    const users = changes.flatMap(({ after }) =>
      after && String(after.pk).startsWith('SLOT#') ? [String(after.userId)] : [],
    );
    for (const userId of users) {
      const own = this.#cloud.table.get(userQuotaKey(userId))?.limit;
      const limit = typeof own === 'number' ? own : userLimit;
      const held = this.#heldBy(userId);
      if (held > limit)
        this.#broken('limit', `${held} sessions of ${userId} are active, the limit is ${limit}`);
    }
  }

  /** While limits change there is none: who asks then waits. */
  #watchRoom(): void {
    const capacity = this.#capacity();
    if (capacity) this.#limits.set(capacity.generation, capacity.limits);
    const settled = capacity && isSettled(capacity) ? capacity : undefined;
    this.#setRoom('global', settled !== undefined && this.#slots.size < settled.limits.globalLimit);
    for (const userId of USERS) {
      const own = this.#cloud.table.get(userQuotaKey(userId))?.limit;
      const limit = typeof own === 'number' ? own : (settled?.limits.userLimit ?? 0);
      this.#setRoom(`user ${userId}`, settled !== undefined && this.#heldBy(userId) < limit);
    }
  }

  #setRoom(scope: string, room: boolean): void {
    if (!room) this.#full.add(scope);
    else if (this.#full.delete(scope)) this.#lastFull.set(scope, this.#cloud.scheduler.steps);
  }

  /** Undefined: none was made yet, or none is unfinished. */
  get unfinishedChange(): Capacity | undefined {
    const capacity = this.#capacity();
    return capacity && !isSettled(capacity) ? capacity : undefined;
  }

  #heldBy(userId: string): number {
    let held = 0;
    for (const slot of this.#slots.values()) if (slot.userId === userId) held += 1;
    return held;
  }

  #capacity() {
    const items: Item[] = [...this.#cloud.table.query({ partition: GLOBAL_PARTITION, limit: 1000 }).items];
    return parseCapacity(items);
  }

  #liveWorkers(sessionId: string, epoch: number): SimulatedWorker[] {
    return this.#cloud.engine
      .workers()
      .filter((w) => w.live && w.task.launch.sessionId === sessionId && w.task.launch.epoch === epoch);
  }

  /** Items are never changed in place, and what is now before was after. */
  #parsed(item: Item): Session {
    const known = this.#sessionOf.get(item) ?? parseSession(item);
    this.#sessionOf.set(item, known);
    return known;
  }

  /** The session as it stands, by name. */
  find(userId: string, name: string): Session | undefined {
    const item = this.#cloud.table.get(sessionKey(userId, name));
    return item && this.#parsed(item);
  }

  get held(): number {
    return this.#slots.size;
  }

  #broken(invariant: Invariant, detail: string): void {
    this.#cloud.violate(invariant, detail);
  }
}
