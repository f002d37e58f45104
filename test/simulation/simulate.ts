/**
 * One run: a while in which callers do as they like and things go wrong, then none of that until all must have
 * settled, then everything is ended, then what was linked must come back without a QR code, then a burst.
 */
import { distribute } from '../../core/admission/capacity.ts';
import { limitsKey, shardKey } from '../../core/items.ts';
import { launchDueAt } from '../../core/lifecycle/deadlines.ts';
import { isLinked, type Session } from '../../core/lifecycle/session.ts';
import { parseSettings, type Settings } from '../../core/settings.ts';
import { burst } from './burst.ts';
import { calm, SWEEP_MS, scheduleSweep } from './fleet.ts';
import { Invariants } from './invariants.ts';
import type { Random } from './kernel/random.ts';
import { callers, type People, USERS } from './model/clients.ts';
import { STOP_TIMEOUT_MS } from './model/engine.ts';
import * as functions from './model/functions.ts';
import { invoke } from './model/http.ts';
import { SimulatedCloud } from './model/simulated-cloud.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { deployments, standbyServes } from './standby.ts';

/** The same rules with standby tasks. */
export const simulateStandby = (seed: number, trace?: (line: string) => void): Promise<Outcome> =>
  simulate(seed, trace, { standby: true });

/** Shorter than in production in the same proportions, so that a run has many lives in few steps. */
const settingsOf = (random: Random, standby: boolean): Settings => {
  const globalLimit = random.int(1, 4);
  return parseSettings(
    JSON.stringify({
      environment: 'simulation',
      globalLimit,
      userLimit: random.int(1, 2),
      // Clocks are minutes apart here; the rate of starts is simulated without that (fair.ts).
      startsPerMinute: 0,
      qrTimeoutSeconds: 120,
      idleTimeoutSeconds: 180,
      maxDurationSeconds: 600,
      startTimeoutSeconds: 120,
      heartbeatSeconds: 30,
      heartbeatTimeoutSeconds: 90,
      stopGraceSeconds: 70,
      snapshotIntervalSeconds: 45,
      orphanGraceSeconds: 60,
      ...(standby ? { standby: { target: random.int(1, 2), maxAgeSeconds: 400 } } : {}),
    }),
  );
};

/** A single invocation that began before the end of the faults has ended by then. */
const LINGER_MS = 60_000;

/** @param options `standby`: with standby tasks, and deployments between */
export const simulate = async (
  seed: number,
  trace?: (line: string) => void,
  { standby = false }: { readonly standby?: boolean } = {},
): Promise<Outcome> => {
  const cloud = new SimulatedCloud(seed, (random) => settingsOf(random, standby), trace, { standby });
  const invariants = new Invariants(cloud);
  cloud.watcher = invariants;
  const run = new Run(cloud, invariants);
  return outcomeOf(seed, cloud, run, () => ({
    admissions: invariants.admissions,
    releases: invariants.releases,
    snapshots: cloud.snapshots,
    resumed: run.resumed,
    restarts: invariants.restarts.count,
  }));
};

class Run {
  readonly #cloud: SimulatedCloud;
  readonly #invariants: Invariants;
  #until = 0;
  resumed = 0;

  constructor(cloud: SimulatedCloud, invariants: Invariants) {
    this.#cloud = cloud;
    this.#invariants = invariants;
  }

  async all(): Promise<void> {
    const { random } = this.#cloud;
    if (random.chance(0.4)) this.#seedShards(random.int(2, 4));
    scheduleSweep(this.#cloud, 'reaper', () => functions.sweep(this.#cloud));
    scheduleSweep(this.#cloud, 'reconciler', () => functions.reconciliation(this.#cloud));
    const stormMs = random.int(240_000, 900_000);
    callers(this.#cloud, peopleOf(random), stormMs);
    this.#outages(stormMs);
    this.#losses(stormMs);
    if (this.#cloud.withStandby) deployments(this.#cloud, stormMs);
    await this.#pass(stormMs);
    this.#calm();
    await this.#pass(this.#settlingMs());
    this.#checkSettled();
    await this.#lowerTheLimit();
    await this.#endEverything();
    await this.#resume();
    await this.#lose();
    if (this.#cloud.withStandby) await this.#standby();
    await burst(this.#cloud, this.#invariants, (ms) => this.#pass(ms), SWEEP_MS);
    this.#throwIfBroken();
  }

  async #standby(): Promise<void> {
    const { held } = this.#invariants;
    const find = this.#invariants.find.bind(this.#invariants);
    await standbyServes(this.#cloud, held, find, (ms) => this.#pass(ms), SWEEP_MS);
    this.#throwIfBroken();
  }

  async #pass(ms: number): Promise<void> {
    this.#until += ms;
    await this.#cloud.scheduler.run(this.#until, () => {
      if (this.#cloud.violation) throw this.#cloud.violation;
    });
    this.#invariants.checkAll();
    this.#throwIfBroken();
  }

  #throwIfBroken(): void {
    if (this.#cloud.violation) {
      this.#cloud.scheduler.note(`VIOLATION ${this.#cloud.violation.message}`);
      throw this.#cloud.violation;
    }
  }

  /** Small limits over several counters: what a large deployment has, at a size that fills up. */
  #seedShards(shards: number): void {
    const { settings, table } = this.#cloud;
    const { globalLimit, userLimit } = settings;
    table.write({ kind: 'put', key: limitsKey, item: { ...limitsKey, globalLimit, userLimit, shards } });
    for (const [shard, limit] of distribute(globalLimit, shards, []).entries()) {
      const key = shardKey(shard);
      table.write({ kind: 'put', key, item: { ...key, active: 0, limit, version: 0 } });
    }
    this.#invariants.checkAll();
  }

  #outages(stormMs: number): void {
    const { chaos, random, scheduler } = this.#cloud;
    for (let n = random.int(0, 2); n > 0; n--) {
      const port = random.pick(['store', 'engine', 'storage']);
      const ms = random.int(2_000, 60_000);
      scheduler.in(random.int(0, stormMs), undefined, `outage of the ${port}`, () =>
        chaos.beginOutage(port, scheduler.now + ms),
      );
    }
  }

  /** Tasks of linked sessions are lost: what the restart policy is for. A session that was lost often is lost again. */
  #losses(stormMs: number): void {
    const { engine, random, scheduler } = this.#cloud;
    for (let n = random.int(3, 12); n > 0; n--) {
      scheduler.in(random.int(stormMs / 4, stormMs), undefined, 'a task is lost', () => {
        const linked = engine.workers().filter(({ task }) => {
          const session = this.#invariants.sessions.get(task.launch.sessionId);
          return session?.authState !== undefined && session.epoch === task.launch.epoch;
        });
        const worker = linked.find(({ task }) => task.launch.epoch > 1) ?? linked[0];
        if (!worker) return;
        const way = random.pick(['lost', 'taken', 'silent'] as const);
        if (way === 'lost') engine.exited(worker.task, 'lost');
        else if (way === 'taken') engine.take(worker.task);
        else worker.process.frozenUntil = scheduler.now + 600_000;
        // The event of a task comes within 3 s; silence is noticed by a sweep, and then takes a grace time.
        const afterMs = way === 'silent' ? random.int(60_000, 240_000) : random.int(0, 3_500);
        if (random.chance(0.5)) this.#stopSoon(worker.task.launch.sessionId, afterMs);
      });
    }
  }

  /** A person stops a session while its loss is handled. */
  #stopSoon(sessionId: string, afterMs: number): void {
    const { scheduler } = this.#cloud;
    const session = this.#invariants.sessions.get(sessionId);
    if (!session) return;
    const named = { userId: session.listUser, name: session.listName };
    scheduler.in(afterMs, undefined, 'an operator stops a lost session', () => {
      const answered = (now: Session) => this.#invariants.stopAnswered(now);
      void invoke(this.#cloud, 'stop', (deps) => functions.stop(deps, named, answered), LINGER_MS);
    });
  }

  #calm(): void {
    calm(this.#cloud);
    this.#cloud.scheduler.note('---- faults end');
  }

  /** The longest chain of deadlines that a fault can leave, then two sweeps. */
  #settlingMs(): number {
    const { settings, chaos } = this.#cloud;
    const { startTimeoutSeconds, stopGraceSeconds, heartbeatTimeoutSeconds, orphanGraceSeconds } = settings;
    const chain = startTimeoutSeconds + stopGraceSeconds + heartbeatTimeoutSeconds + orphanGraceSeconds;
    return chaos.maxSkew + chain * 1000 + STOP_TIMEOUT_MS + LINGER_MS + 3 * SWEEP_MS;
  }

  /** Two sweeps, if none has run before. */
  #checkPublished(): void {
    this.#invariants.published.checkSettled(this.#cloud.chaos.maxSkew + 3 * SWEEP_MS);
  }

  #checkSettled(): void {
    const { engine, trueTime, settings } = this.#cloud;
    this.#checkPublished();
    if (this.#invariants.unfinishedChange)
      this.#cloud.violate('settled', 'a change of limits was left unfinished');
    const running = [...engine.tasks.values()].filter((task) => task.state !== 'stopped');
    this.#invariants.standby.checkSettled(SWEEP_MS);
    for (const task of running) {
      if (task.launch.sessionId === '') continue;
      const session = this.#invariants.sessions.get(task.launch.sessionId);
      const owned = session?.slotShard !== undefined && session.epoch === task.launch.epoch;
      // A session that ended a moment ago may have its task until the reconciler has seen it twice.
      if (
        !owned &&
        trueTime - (session?.stoppedAt ?? 0) > settings.orphanGraceSeconds * 1000 + 3 * SWEEP_MS
      ) {
        this.#cloud.violate(
          'settled',
          `${task.taskArn} runs for ${task.launch.sessionId}:${task.launch.epoch}, which has ended`,
        );
      }
    }
    for (const session of this.#invariants.sessions.values()) {
      if (session.slotShard === undefined) continue;
      const age = trueTime - (session.stoppingAt ?? launchDueAt(session));
      const patience =
        session.state === 'STOPPING' ? settings.stopGraceSeconds : settings.startTimeoutSeconds;
      const over = age > patience * 1000 + STOP_TIMEOUT_MS + 2 * SWEEP_MS;
      if (session.state !== 'RUNNING' && over) {
        this.#cloud.violate(
          'settled',
          `${session.sessionId}:${session.epoch} is ${session.state} since ${age / 1000} s`,
        );
      }
      const task = running.find(
        ({ launch }) => launch.sessionId === session.sessionId && launch.epoch === session.epoch,
      );
      if (
        session.state === 'RUNNING' &&
        !task &&
        age > settings.heartbeatTimeoutSeconds * 1000 + 2 * SWEEP_MS
      ) {
        const silent = trueTime - (session.lastHeartbeatAt ?? 0);
        if (silent > settings.heartbeatTimeoutSeconds * 1000 + 2 * SWEEP_MS) {
          this.#cloud.violate('settled', `${session.sessionId}:${session.epoch} holds a slot without a task`);
        }
      }
    }
    this.#throwIfBroken();
  }

  /** Below what is held: it blocks new admissions and ends no session. */
  async #lowerTheLimit(): Promise<void> {
    const global = Math.floor(this.#invariants.held / 2);
    this.#cloud.scheduler.note(`---- the limit is lowered to ${global}`);
    let lowered = false;
    void invoke(this.#cloud, 'limits', (deps) => functions.limits(deps, { global }), LINGER_MS).then(
      ({ kind }) => {
        lowered = kind === 'done';
      },
    );
    await this.#pass(15_000);
    if (!lowered) this.#cloud.violate('settled', `the limit can't be lowered to ${global}`);
    this.#throwIfBroken();
  }

  async #endEverything(): Promise<void> {
    this.#cloud.scheduler.note('---- everything ends');
    const { settings, engine } = this.#cloud;
    void invoke(
      this.#cloud,
      'cleanup',
      (deps) => functions.cleanup(deps, { mode: 'emergency', dryRun: false, filter: {} }),
      60_000,
    );
    const orphans = settings.orphanGraceSeconds * 1000 + SWEEP_MS;
    await this.#pass(settings.stopGraceSeconds * 1000 + STOP_TIMEOUT_MS + orphans + 3 * SWEEP_MS);
    if (this.#invariants.held > 0)
      this.#cloud.violate('settled', `${this.#invariants.held} slots are held after the end`);
    const left = [...engine.tasks.values()].filter(
      (task) => task.state !== 'stopped' && task.launch.sessionId !== '',
    );
    if (left.length > 0) this.#cloud.violate('settled', `${left[0]?.taskArn} runs after the end`);
    this.#checkPublished();
    this.#throwIfBroken();
  }

  /** One session that was linked, and whose phone did not unlink it, works again without being scanned. */
  async #resume(): Promise<void> {
    const { bucket, unlinked, settings } = this.#cloud;
    const linked = [...this.#invariants.sessions.values()].find((session) => {
      const object = session.authState && bucket.objects.get(session.authState.key);
      return object && !unlinked.has(object.account);
    });
    if (!linked) return;
    this.#cloud.scheduler.note(`---- ${linked.sessionId} is started again`);
    const named = { userId: linked.listUser, name: linked.listName };
    void invoke(
      this.#cloud,
      'resume',
      async (deps) => {
        await functions.limits(deps, { global: 5, user: { userId: named.userId, limit: 5 } });
        await functions.start(deps, named);
      },
      60_000,
    );
    await this.#pass(settings.startTimeoutSeconds * 1000);
    const now = this.#invariants.find(named.userId, named.name);
    const ended =
      now?.stopReason === 'logged_out' || now?.stopReason === 'idle' || now?.stopReason === 'max_duration';
    if (now?.status !== 'WORKING' && !ended) {
      this.#cloud.violate(
        'account',
        `${linked.sessionId} was linked, and started again it is ${now?.state}/${now?.status}`,
      );
    }
    this.resumed = 1;
    this.#throwIfBroken();
  }

  /**
   * A session that works and has the policy loses its task: it works again by itself, on its slot, without a code, or
   * it ends if the phone unlinked it meanwhile.
   */
  async #lose(): Promise<void> {
    const { engine, random, settings, scheduler, unlinked } = this.#cloud;
    const working = [...this.#invariants.sessions.values()].find(
      (session) => session.status === 'WORKING' && session.state === 'RUNNING',
    );
    const task = [...engine.tasks.values()].find(
      ({ launch, state }) =>
        state === 'running' && launch.sessionId === working?.sessionId && launch.epoch === working.epoch,
    );
    if (!working || !task?.worker) return;
    const named = { userId: working.listUser, name: working.listName };
    const config = {
      keepAlive: true,
      ...(random.chance(0.5) ? { restart: { policy: 'always' as const } } : {}),
    };
    void invoke(this.#cloud, 'update', (deps) => functions.update(deps, named, config), LINGER_MS);
    // Longer than a heartbeat: its worker receives that the session may stay.
    await this.#pass(settings.heartbeatSeconds * 1000 + 15_000);
    const before = this.#invariants.find(named.userId, named.name);
    // It was idle, or reached its longest duration, just before.
    if (before?.status !== 'WORKING' || before.state !== 'RUNNING' || before.epoch !== working.epoch) return;
    // Its phone unlinked it just before, and its worker has discarded the account: there is nothing to restart.
    if (!isLinked(before)) return;
    const way = random.pick(['killed', 'killed and unlinked', 'taken', 'frozen'] as const);
    scheduler.note(`---- ${task.taskArn} of ${working.sessionId} is ${way}`);
    if (way === 'killed and unlinked') task.worker.unlinkedMeanwhile();
    if (way === 'killed' || way === 'killed and unlinked') engine.exited(task, 'SIGKILL');
    else if (way === 'taken') engine.take(task);
    else task.worker.process.frozenUntil = scheduler.now + 24 * 3_600_000;
    const noticed = way === 'frozen' ? settings.heartbeatTimeoutSeconds + settings.stopGraceSeconds : 0;
    await this.#pass((noticed + settings.startTimeoutSeconds) * 1000 + STOP_TIMEOUT_MS + 4 * SWEEP_MS);
    const now = this.#invariants.find(named.userId, named.name);
    const ended = now?.stopReason === 'logged_out';
    const gone = ended || [...unlinked].some((account) => account === now?.me?.id);
    const works = now?.status === 'WORKING' && now.epoch !== working.epoch;
    if (way === 'killed and unlinked' ? !ended : !gone && !works) {
      this.#cloud.violate(
        'restart',
        `${working.sessionId}:${working.epoch} lost its task (${way}) and is ${now?.epoch} ${now?.state}/${now?.status}`,
      );
    }
    this.#throwIfBroken();
  }
}

const peopleOf = (random: Random): People => ({
  users: random.chance(0.5) ? [USERS[0], USERS[1]] : USERS,
  names: random.chance(0.5) ? ['a', 'b'] : ['a', 'b', 'c'],
  bursts: random.int(8, 30),
});
