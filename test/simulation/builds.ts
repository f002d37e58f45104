/**
 * A fleet that starts sessions while WhatsApp changes its build: the real rule and the real protocol over the modeled
 * database, in virtual time. One run: the first build works; a second one that breaks (some or all starts) follows; in
 * the end it works again, or a third one that works follows. Faults strike in the middle of it and end before the end.
 */

import type { EngineView } from '../../contract/bodies/engine.ts';
import type { BuildCounts } from '../../contract/builds/counts.ts';
import { newCounts } from '../../contract/builds/counts.ts';
import { changeEngine, saveBuild } from '../../core/builds/change.ts';
import { recordBuilds } from '../../core/builds/outcomes.ts';
import { rulingSchema } from '../../core/builds/rule.ts';
import { chooseBuild } from '../../core/builds/ruling.ts';
import { engineView } from '../../core/builds/view.ts';
import type { Deps } from '../../core/deps.ts';
import { BUILD_HOURS_PARTITION, ENGINE_PARTITION, rulingKey } from '../../core/items.ts';
import { parseSettings } from '../../core/settings.ts';
import type { Item } from '../../core/store.ts';
import { UNWATCHED } from './model/cloud.ts';
import { SimulatedCloud } from './model/simulated-cloud.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { untilAnswered, VirtualTime } from './virtual-time.ts';

const GOOD = '2.3000.1';
const SECOND = '2.3000.2';
const THIRD = '2.3000.3';
const SESSIONS = 12;
/** Starts of one phase. */
const WARM = 20;
const STORM = 60;
const FLAKY_STORM = 400;
/** Each return needs twice the probes of the one before: a build that fails half of its starts soon gets none. */
const MOST_CHANGES = 12;
const PROVEN = 400;
/** A request may arrive a second time this late. */
const LATEST_COPY_MS = 61_000;

export const simulateBuilds = async (seed: number, trace?: (line: string) => void): Promise<Outcome> => {
  const cloud = new SimulatedCloud(seed, () => parseSettings('{"environment":"simulation"}'), trace);
  const fleet = new Fleet(cloud);
  return outcomeOf(seed, cloud, fleet, () => ({ admissions: fleet.starts }));
};

class Fleet {
  readonly #cloud: SimulatedCloud;
  readonly #time: VirtualTime;
  #live = GOOD;
  #works: (build: string) => boolean = () => true;
  #pinned: string | undefined;
  /** The real results, by build: no sum may pass it. */
  readonly #happened = new Map<string, number>();
  #modeChanges = 0;
  #lastMode: 'live' | 'fallback' = 'live';
  starts = 0;

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud;
    this.#time = new VirtualTime(cloud);
    cloud.watcher = {
      ...UNWATCHED,
      committed: (changes) => {
        for (const { key, after } of changes) {
          if (key.pk === ENGINE_PARTITION && key.sk === rulingKey.sk) this.#ruled(after);
          if (key.pk === BUILD_HOURS_PARTITION) this.#checkSum(key.sk.split('#')[1] ?? '');
        }
      },
    };
  }

  async all(): Promise<void> {
    const { random, chaos } = this.#cloud;
    await this.#saved(GOOD);
    await this.#startMany(WARM, 3);
    this.#live = SECOND;
    this.#works = () => !random.chance(0.05);
    await this.#saved(SECOND);
    await this.#startMany(WARM, 3);
    if (this.#modeChanges > 0) this.#fail('starts left a build that works');
    const failShare = random.pick([1, 1, 0.8, 0.5]);
    this.#works = (build) => build !== SECOND || !random.chance(failShare);
    // A build that works every other time is what a rule flaps over.
    await this.#startMany(failShare === 0.5 ? FLAKY_STORM : STORM, random.int(1, 4));
    await this.#pinAndUnpin();
    chaos.end();
    // A copy of the pinning request that arrives late pins again: the administrator looks, and unpins.
    await this.#time.until(this.#cloud.sleep(this.#cloud.spawn('administrator'), LATEST_COPY_MS));
    await this.#admin((deps) => changeEngine(deps, { pinned: null }));
    if (failShare === 1) await this.#mustFallBack();
    if (random.chance(0.5)) this.#live = THIRD;
    this.#works = () => true;
    await this.#startMany(PROVEN, 4);
    const after = await this.#view();
    if (after.mode !== 'live') this.#fail(`after ${PROVEN} starts of a build that works it is ${after.mode}`);
    if (this.#modeChanges > MOST_CHANGES) this.#fail(`the mode changed ${this.#modeChanges} times`);
  }

  /** Without faults: ten starts that break are enough. */
  async #mustFallBack(): Promise<void> {
    await this.#startMany(10, 1);
    const { mode } = await this.#view();
    if (mode !== 'fallback') this.#fail(`ten starts in a row broke and it is ${mode}`);
  }

  /** While starts of before are under way: their outcomes must not undo the pin. */
  async #pinAndUnpin(): Promise<void> {
    const underWay = Array.from({ length: 4 }, () => this.#start());
    await this.#admin((deps) => changeEngine(deps, { pinned: GOOD }));
    this.#pinned = GOOD;
    await this.#startMany(5, 1);
    this.#pinned = undefined;
    await this.#admin((deps) => changeEngine(deps, { pinned: null }));
    await this.#time.until(Promise.all(underWay));
  }

  #saved(version: string): Promise<unknown> {
    return this.#admin((deps) => saveBuild(deps, version, { html: `<!doctype html>${version}` }));
  }

  #view(): Promise<EngineView> {
    return this.#admin((deps) => engineView(deps));
  }

  /** An administrator repeats until there is an answer. */
  #admin<T>(run: (deps: Deps) => Promise<T>): Promise<T> {
    const admin = this.#cloud.spawn('administrator');
    return this.#time.until(untilAnswered(this.#cloud, admin, 'engine', run));
  }

  async #startMany(count: number, atOnce: number): Promise<void> {
    let left = count;
    const one = async () => {
      while (left > 0) {
        left -= 1;
        await this.#start();
      }
    };
    await this.#time.until(Promise.all(Array.from({ length: atOnce }, one)));
  }

  /** One start: chooses, loads, and reports until it is answered; a repeat carries the same counts. */
  async #start(): Promise<void> {
    const { random } = this.#cloud;
    this.starts += 1;
    const sessionId = `ses_${random.int(1, SESSIONS)}`;
    const worker = this.#cloud.spawn(`worker(${this.starts})`);
    const pinned = this.#pinned;
    const page = await untilAnswered(this.#cloud, worker, 'bootstrap', (deps) => chooseBuild(deps));
    if (pinned !== undefined && page?.version !== pinned)
      this.#fail(`${pinned} is pinned, and a start loads ${page?.version ?? 'the live build'}`);
    const build = page?.version ?? this.#live;
    const works = this.#works(build);
    await this.#cloud.sleep(worker, random.skewed(500, 4_000));
    const counts: BuildCounts = {
      build: page || works || random.chance(0.7) ? build : null,
      saved: page !== undefined,
      starts: 1,
      codes: works ? 1 : 0,
      links: 0,
      readies: 0,
      sends: 0,
      failures: works ? 0 : 1,
    };
    const name = counts.build ?? 'unknown';
    this.#happened.set(name, (this.#happened.get(name) ?? 0) + 1);
    // The last report's counts are written with the session, under the report's number, before it is counted.
    let seen: readonly BuildCounts[] = [];
    await untilAnswered(this.#cloud, worker, 'report', async (deps) => {
      const counted = newCounts([counts], seen);
      seen = [counts];
      await recordBuilds(deps, { sessionId }, counted);
    });
    worker.dead = true;
  }

  #ruled(item: Item | undefined): void {
    const ruling = rulingSchema.parse(item?.ruling);
    if (ruling.target === SECOND && ruling.from === SECOND)
      this.#fail('starts fall back to the build that breaks');
    if (ruling.mode !== this.#lastMode) this.#modeChanges += 1;
    this.#lastMode = ruling.mode;
  }

  #checkSum(build: string): void {
    const { items } = this.#cloud.table.query({ partition: BUILD_HOURS_PARTITION, limit: 1_000 });
    const sum = items
      .filter((item) => String(item.sk).endsWith(`#${build}`))
      .reduce((total, item) => total + Number(item.starts ?? 0), 0);
    const happened = this.#happened.get(build) ?? 0;
    if (sum > happened) this.#fail(`${build} has ${sum} starts counted, but ${happened} happened`);
  }

  #fail(detail: string): void {
    this.#cloud.violate('builds', detail);
    this.#cloud.scheduler.note(`VIOLATION ${detail}`);
  }
}
