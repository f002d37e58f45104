/**
 * A fleet of linked sessions while a flood of requests takes nearly all of a throttle. The rules of the reaper run over
 * the same modeled cloud as in simulate.ts, without its other faults.
 *
 *   apart      the flood is on the callers' API; workers call their own (what is deployed)
 *   cut off    no call of a worker gets through (a flood that found the workers' API, an outage of it)
 *   together   workers share the flooded throttle (the release before); only measured, no seed draws it
 *
 * In the first two, no session whose worker runs and works is stopped by a sweep (five or fewer that are cut off have no
 * brake). After the flood, sweeps stop again what
 * is really silent. In the third a few unlucky workers at a time lose all their heartbeats, which looks like their death.
 */
import { passCap } from '../../core/reaping/brake.ts';
import { parseSettings, type Settings } from '../../core/settings.ts';
import { environmentOf } from '../../infra/environments.ts';
import { type Throttle, TokenBucket } from '../../local/api/throttle.ts';
import { createLater, LINKING_MS, SWEEP_MS } from './fleet.ts';
import type { Random } from './kernel/random.ts';
import { UNWATCHED } from './model/cloud.ts';
import * as functions from './model/functions.ts';
import { SimulatedCloud } from './model/simulated-cloud.ts';
import { Worker } from './model/worker.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { VirtualTime } from './virtual-time.ts';

type FloodMode = 'apart' | 'cut off' | 'together';

type FloodReport = Outcome & {
  readonly mode: FloodMode;
  /** Sessions that worked when the flood began. */
  readonly healthy: number;
  /** Of those, stopped by a sweep while their worker worked. */
  readonly stopped: number;
  /** Calls of workers that the throttle refused. */
  readonly refused: number;
  readonly braked: number;
};

type FloodOptions = {
  readonly sessions?: number;
  readonly floodMs?: number;
  readonly mode?: FloodMode;
  /** Of the flood. */
  readonly requestsASecond?: number;
};

const settingsOf =
  (sessions: number) =>
  (random: Random): Settings =>
    parseSettings(
      JSON.stringify({
        environment: 'flood',
        // As by default, and as in prod: as far apart as sweeps.
        ...(random.chance(0.5) ? {} : { heartbeatSeconds: 60, heartbeatTimeoutSeconds: 180 }),
        globalLimit: sessions,
        userLimit: sessions,
        startsPerMinute: 0,
        // Longer than messages are apart, shorter than most floods: only stale data makes a session look idle.
        idleTimeoutSeconds: 300,
        snapshotIntervalSeconds: 900,
      }),
    );

/** The bucket that a flood empties: every ms brings its share of requests, which come before the call in question. */
class FloodedBucket {
  readonly #bucket: TokenBucket;
  readonly #perMs: number;
  #floodedTo: number;
  #until = 0;
  #owed = 0;

  constructor(throttle: Throttle, now: number, requestsASecond: number) {
    this.#bucket = new TokenBucket(throttle, now);
    this.#perMs = requestsASecond / 1000;
    this.#floodedTo = now;
  }

  flood(now: number, until: number): void {
    this.#floodedTo = now;
    this.#until = until;
  }

  isFlooded(now: number): boolean {
    return now < this.#until;
  }

  take(now: number): boolean {
    for (; this.#floodedTo < Math.min(now, this.#until); this.#floodedTo += 1) {
      this.#owed += this.#perMs;
      for (; this.#owed >= 1; this.#owed -= 1) this.#bucket.take(this.#floodedTo);
    }
    return this.#bucket.take(now);
  }
}

const throttleOf = ({
  rateLimit,
  burstLimit,
}: {
  readonly rateLimit: number;
  readonly burstLimit: number;
}) => ({
  rate: rateLimit,
  burst: burstLimit,
});

export const simulateFlood = async (
  seed: number,
  trace?: (line: string) => void,
  options: FloodOptions = {},
): Promise<FloodReport> => {
  // Drawn apart from the world, so that what is given replaces only itself.
  const defaults = drawFrom(seed);
  const sessions = options.sessions ?? defaults.sessions;
  const cloud = new SimulatedCloud(seed, settingsOf(sessions), trace);
  const run = new Flood(cloud, {
    sessions,
    mode: options.mode ?? defaults.mode,
    floodMs: options.floodMs ?? defaults.floodMs,
    requestsASecond: options.requestsASecond ?? 1000,
  });
  const outcome = await outcomeOf(seed, cloud, run, () => ({
    admissions: sessions,
    snapshots: cloud.snapshots,
  }));
  return { ...outcome, ...run.figures };
};

const drawFrom = (seed: number) => {
  const random = (n: number, count: number): number => (seed * n) % count;
  return {
    sessions: 12 + random(7, 39),
    mode: seed % 4 === 0 ? ('apart' as const) : ('cut off' as const),
    floodMs: 120_000 + random(13, 9) * 60_000,
  };
};

class Flood {
  readonly #cloud: SimulatedCloud;
  readonly #time: VirtualTime;
  readonly #options: Required<FloodOptions>;
  readonly #bucket: FloodedBucket;
  readonly #api = environmentOf('prod').api;
  #healthy: readonly Worker[] = [];
  #stopped = 0;
  #refused = 0;
  #braked = 0;

  constructor(cloud: SimulatedCloud, options: Required<FloodOptions>) {
    this.#cloud = cloud;
    this.#time = new VirtualTime(cloud);
    this.#options = options;
    cloud.chaos.end();
    const callers = new FloodedBucket(throttleOf(this.#api), cloud.scheduler.now, options.requestsASecond);
    const workers = new FloodedBucket(throttleOf(this.#api.workers), cloud.scheduler.now, 0);
    this.#bucket = callers;
    const own = options.mode === 'together' ? callers : workers;
    cloud.admits = (name) => {
      if (!name.startsWith('worker-')) return true;
      const cutOff = options.mode === 'cut off' && this.#bucket.isFlooded(cloud.scheduler.now);
      if (!cutOff && own.take(cloud.scheduler.now)) return true;
      this.#refused += 1;
      return false;
    };
    cloud.watcher = {
      ...UNWATCHED,
      committed: (changes, by) => {
        if (!by.name.startsWith('reaper')) return;
        for (const { before, after } of changes) {
          if (before?.slotShard === undefined || after?.state !== 'STOPPING' || before.state === 'STOPPING')
            continue;
          const worker = this.#healthy.find(({ task }) => task.launch.sessionId === after.sessionId);
          if (worker === undefined || !isHealthy(worker, cloud)) continue;
          this.#stopped += 1;
          // A pass may end as many, for any reason of their silence: a fleet that small has no brake.
          const running = this.#workers().filter(({ live }) => live).length;
          const small = options.mode === 'cut off' && running <= passCap(running);
          if (options.mode !== 'together' && !small)
            cloud.violate(
              'due',
              `${String(after.sessionId)} works, and ${by.name} stopped it: ${String(after.stopReason)}`,
            );
        }
      },
    };
  }

  get figures() {
    const { mode } = this.#options;
    const healthy = this.#healthy.length;
    return { mode, healthy, stopped: this.#stopped, refused: this.#refused, braked: this.#braked };
  }

  async all(): Promise<void> {
    const { random, scheduler } = this.#cloud;
    this.#sweeps(random);
    for (let n = 0; n < this.#options.sessions; n++) createLater(this.#cloud, `s${n}`, random.int(0, 30_000));
    await this.#time.pass(LINKING_MS);
    this.#healthy = this.#workers().filter((worker) => isHealthy(worker, this.#cloud));
    scheduler.note(`---- the flood begins; ${this.#healthy.length} sessions work`);
    this.#bucket.flood(scheduler.now, scheduler.now + this.#options.floodMs);
    await this.#time.pass(this.#options.floodMs);
    scheduler.note('---- the flood has ended');
    await this.#time.pass(3 * SWEEP_MS);
    await this.#fallSilent();
  }

  /** A few workers stand still permanently: the sweeps after the flood stop them, as those before it would have. */
  async #fallSilent(): Promise<void> {
    const { scheduler, settings } = this.#cloud;
    const silent = this.#workers()
      .filter((worker) => isHealthy(worker, this.#cloud))
      .slice(0, 3);
    this.#healthy = this.#healthy.filter((worker) => !silent.includes(worker));
    for (const worker of silent) worker.process.frozenUntil = Number.POSITIVE_INFINITY;
    scheduler.note(`---- ${silent.length} workers stand still`);
    await this.#time.pass(settings.heartbeatTimeoutSeconds * 1000 + 3 * SWEEP_MS);
    for (const { task } of silent)
      if (!task.stopAsked && task.state !== 'stopped')
        this.#cloud.violate('settled', `${task.taskArn} is silent, and no sweep stops it`);
    this.#time.check();
  }

  #workers(): Worker[] {
    return this.#cloud.engine.workers().flatMap((worker) => (worker instanceof Worker ? [worker] : []));
  }

  #sweeps(random: Random): void {
    const every = (at: number): void => {
      this.#cloud.scheduler.in(at, undefined, 'schedule of the reaper', () => {
        void functions.sweep(this.#cloud);
        every(SWEEP_MS);
      });
    };
    every(random.int(0, SWEEP_MS));
    this.#cloud.measured = (name, value) => {
      if (name === 'ReaperBraked' && value > 0) this.#braked += 1;
    };
  }
}

/** Its browser is up, its account is linked, and it does not end. */
const isHealthy = (worker: Worker, { scheduler }: SimulatedCloud): boolean =>
  worker.live && worker.status === 'WORKING' && !worker.ending && worker.process.frozenUntil <= scheduler.now;
