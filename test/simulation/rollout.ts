/**
 * Rollouts over a fleet, with the main simulation's cloud. Three parts:
 *
 *   storm    all faults of the seed, while operators start and cancel rollouts at the same time
 *   good     a version that works: the rollout completes, also if the function dies after it wrote a wave
 *   bad      a version whose worker ends soon after its start: the rollout stops within its first wave
 *
 * Invariants: a rollout stops only sessions that it may move, of a wave that was written before; one runs at a time;
 * the slot is kept, and no attempt of the policy is used up.
 */
import type { SessionConfig } from '../../contract/bodies/session-config.ts';
import { restartRuleOf } from '../../contract/restart.ts';
import { rolloutKey } from '../../core/items.ts';
import { taskArnOf } from '../../core/lifecycle/find-task.ts';
import { isLinked, parseSession, type Session } from '../../core/lifecycle/session.ts';
import { cancelRollout, startRollout } from '../../core/rollout/rollout.ts';
import type { Item } from '../../core/store.ts';
import { calm, createLater, fleetSettings, LINKING_MS, STORM_MS, scheduleSweep } from './fleet.ts';
import type { Process } from './kernel/scheduler.ts';
import { UNWATCHED } from './model/cloud.ts';
import * as functions from './model/functions.ts';
import { invoke } from './model/http.ts';
import { SimulatedCloud } from './model/simulated-cloud.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { VirtualTime } from './virtual-time.ts';

/** For a wave: a stop, a start and a pause, and the sweeps that notice them. */
const WAVE_MS = 600_000;

const settings = () => fleetSettings('rollout', { startsPerMinute: 0 });

/** Two of three restart always; the others stay until they end. */
const CONFIGS: readonly [SessionConfig, ...SessionConfig[]] = [
  { keepAlive: true },
  { keepAlive: true, restart: { policy: 'always', maxAttempts: 2, windowSeconds: 600 } },
  { keepAlive: true, restart: { policy: 'on-failure' } },
];

export const simulateRollout = async (seed: number, trace?: (line: string) => void): Promise<Outcome> => {
  const cloud = new SimulatedCloud(seed, settings, trace);
  const run = new RolloutRun(cloud);
  return outcomeOf(seed, cloud, run, () => ({
    admissions: run.sessions,
    snapshots: cloud.snapshots,
    restarts: run.moves,
  }));
};

class RolloutRun {
  readonly #cloud: SimulatedCloud;
  readonly #time: VirtualTime;
  /** `<rollout> <session>:<epoch>` of every wave that was written. */
  readonly #waves = new Set<string>();
  #part: 'storm' | 'good' | 'bad' = 'storm';
  /** Sessions that the part's rollout asked to stop. */
  #asked = new Set<string>();
  sessions = 0;
  moves = 0;

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud;
    this.#time = new VirtualTime(cloud);
    cloud.watcher = {
      ...UNWATCHED,
      committed: (changes, by) => {
        for (const { before, after } of changes) {
          if (after?.pk === rolloutKey.pk) this.#rolloutChanged(before, after, by);
          if (after?.sessionId !== undefined && String(after.pk).startsWith('SESSION#'))
            this.#sessionChanged(before, after);
        }
      },
      live: ({ task }) => {
        if (this.#part !== 'bad' || task.revision !== cloud.engine.revision) return;
        const soon = cloud.random.int(1_000, 15_000);
        cloud.scheduler.in(soon, undefined, `${task.taskArn} is of the bad version`, () =>
          cloud.engine.exited(task, 'the bad version'),
        );
      },
    };
  }

  async all(): Promise<void> {
    const { engine, random } = this.#cloud;
    scheduleSweep(this.#cloud, 'reaper', () => functions.sweepWithRollout(this.#cloud));
    this.#create(random.int(2, 5));
    await this.#time.pass(LINKING_MS);
    engine.deploy();
    this.#operators();
    await this.#time.pass(STORM_MS);
    calm(this.#cloud);
    this.#operator((deps) => cancelRollout(deps));
    this.#create(random.int(3, 7));
    await this.#time.pass(LINKING_MS + WAVE_MS);

    this.#part = 'good';
    const wave = random.int(1, 3);
    await this.#roll(wave, () => WAVE_MS * (Math.ceil(this.#movable().length / wave) + 1));
    this.#checkGood();
    this.#part = 'bad';
    await this.#roll(random.int(1, 3), () => 3 * WAVE_MS);
    this.#checkBad();
  }

  /** A new revision, and a rollout to it. */
  async #roll(wave: number, lastsMs: () => number): Promise<void> {
    const { engine, random, scheduler } = this.#cloud;
    engine.deploy();
    this.#asked = new Set();
    scheduler.note(`---- the ${this.#part} version; ${this.#movable().length} sessions to move`);
    // Without a pause, a version that ends a little later than it works is not noticed: that is what the pause is for.
    const pauseSeconds = random.pick(this.#part === 'bad' ? [30, 60, 90] : [0, 30, 90]);
    this.#operator((deps) => startRollout(deps, { wave, pauseSeconds }));
    await this.#time.pass(lastsMs() + pauseSeconds * 1000);
  }

  #checkGood(): void {
    const { state, detail } = this.#rollout() ?? {};
    if (state !== 'completed')
      this.#broken(`the version works, and the rollout is ${String(state)} (${String(detail)})`);
    const [old] = this.#movable();
    if (old) this.#broken(`the rollout is complete, and ${old.sessionId} still has an older version`);
    this.#time.check();
  }

  #checkBad(): void {
    const rollout = this.#rollout();
    // Sessions may have ended meanwhile, so that there is nothing to move.
    if (this.#asked.size === 0) return;
    if (rollout?.state !== 'stopped')
      this.#broken(`the version does not work, and the rollout is ${String(rollout?.state)}`);
    if (this.#asked.size > Number(rollout?.wave))
      this.#broken(`${this.#asked.size} sessions were moved to a version that does not work`);
    this.#time.check();
  }

  #rollout(): Item | undefined {
    return this.#cloud.table.get(rolloutKey);
  }

  #revisionOf(session: Session): string | undefined {
    return this.#cloud.engine.tasks.get(taskArnOf(session) ?? '')?.revision;
  }

  /** Sessions that work with an older version and that a rollout must move. */
  #movable(): Session[] {
    const all = [...this.#cloud.table.items()].filter(({ pk }) => String(pk).startsWith('SESSION#'));
    return all
      .map(parseSession)
      .filter(
        (session) =>
          session.state === 'RUNNING' &&
          session.status === 'WORKING' &&
          isLinked(session) &&
          restartRuleOf(session.config).policy === 'always' &&
          this.#revisionOf(session) !== this.#cloud.engine.revision,
      );
  }

  #rolloutChanged(before: Item | undefined, after: Item, by: Process): void {
    const other = before?.id !== after.id;
    if (other && before?.state === 'running')
      this.#broken(`${String(after.id)} begins while ${String(before.id)} runs`);
    if (!other && before?.state !== 'running')
      this.#broken(`${String(after.id)} was ${String(before?.state)} and changes`);
    const members = Array.isArray(after.members) ? after.members : [];
    if (members.length > Number(after.wave)) this.#broken(`a wave of ${members.length}`);
    let fresh = false;
    for (const { sessionId, epoch } of members) {
      const member = `${sessionId}:${epoch}`;
      fresh ||= !this.#waves.has(member);
      this.#waves.add(member);
    }
    // The function dies with the wave written and no session asked.
    if (fresh && this.#part === 'good' && this.#cloud.random.chance(0.3)) by.dead = true;
  }

  #sessionChanged(beforeItem: Item | undefined, afterItem: Item): void {
    if (beforeItem === undefined) return;
    const [before, after] = [parseSession(beforeItem), parseSession(afterItem)];
    const name = `${after.sessionId}:${before.epoch}`;
    if (after.state === 'STOPPING' && before.state !== 'STOPPING' && after.stopReason === 'rollout') {
      this.#asked.add(after.sessionId);
      if (
        restartRuleOf(before.config).policy !== 'always' ||
        !isLinked(before) ||
        before.status !== 'WORKING'
      )
        this.#broken(`${name} may not be moved, and is asked to stop`);
      if (this.#revisionOf(before) === this.#cloud.engine.revision)
        this.#broken(`${name} has the newest version, and is asked to stop`);
      if (!this.#waves.has(name)) this.#broken(`${name} is asked to stop and is of no wave`);
    }
    if (
      after.epoch === before.epoch + 1 &&
      before.slotShard !== undefined &&
      after.restartReason === 'rollout'
    ) {
      this.moves += 1;
      if (after.slotShard !== before.slotShard) this.#broken(`${name} lost its slot`);
      if ((after.restarts?.length ?? 0) > (before.restarts?.length ?? 0))
        this.#broken(`${name}: the rollout used up an attempt`);
    }
  }

  /** Several operators, with different opinions. */
  #operators(): void {
    const { random, scheduler } = this.#cloud;
    for (let n = random.int(2, 6); n > 0; n--) {
      const request = { wave: random.int(1, 4), pauseSeconds: random.pick([0, 30]) };
      const start = random.chance(0.7);
      scheduler.in(random.int(0, STORM_MS), undefined, `operator ${n}`, () => {
        this.#operator((deps) => (start ? startRollout(deps, request) : cancelRollout(deps)));
        if (random.chance(0.4)) this.#operator((deps) => startRollout(deps, request));
      });
    }
  }

  #operator(handler: Parameters<typeof invoke<unknown>>[2]): void {
    void invoke(this.#cloud, 'rollout', handler, 30_000);
  }

  #create(count: number): void {
    const { random } = this.#cloud;
    for (let n = 0; n < count; n++) {
      const config = random.pick(CONFIGS);
      createLater(this.#cloud, `s${this.sessions++}`, random.int(0, 30_000), config);
    }
  }

  #broken(detail: string): void {
    this.#cloud.violate('rollout', detail);
  }
}
