/**
 * Sessions on hosts that they share, with the main simulation's cloud. Three parts:
 *
 *   storm   all faults of the seed, while hosts are drained and new ones come
 *   drain   one host drains, without faults but perhaps an outage, while sessions start: it is left by all of them
 *   full    every host drains: no task gets a host, and sessions work again on other capacity
 *
 * What holds always: a drain stops only what is on a host that drains.
 */
import type { SessionConfig } from '../../contract/bodies/session-config.ts';
import { restartRuleOf } from '../../contract/restart.ts';
import { taskArnOf } from '../../core/lifecycle/find-task.ts';
import { isLinked, parseSession, type Session } from '../../core/lifecycle/session.ts';
import type { Item } from '../../core/store.ts';
import { calm, createLater, fleetSettings, LINKING_MS, STORM_MS, scheduleSweep } from './fleet.ts';
import { UNWATCHED } from './model/cloud.ts';
import * as functions from './model/functions.ts';
import { SimulatedCloud } from './model/simulated-cloud.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { VirtualTime } from './virtual-time.ts';

/** For the event and its repeats, a stop, a back-off and a start, and the sweeps that notice them. */
const DRAINED_MS = 600_000;

/** Two of three restart after a drain; the others end. */
const CONFIGS: readonly [SessionConfig, ...SessionConfig[]] = [
  // Attempts that the storm used up are none of the rules of hosts.
  { keepAlive: true, restart: { policy: 'always', maxAttempts: 20, windowSeconds: 600 } },
  { keepAlive: true, restart: { policy: 'always', maxAttempts: 10, windowSeconds: 120 } },
  { keepAlive: true, restart: { policy: 'on-failure' } },
];

export const simulateHosts = async (seed: number, trace?: (line: string) => void): Promise<Outcome> => {
  const cloud = new SimulatedCloud(seed, () => fleetSettings('hosts'), trace);
  const run = new HostsRun(cloud);
  return outcomeOf(seed, cloud, run, () => ({
    admissions: run.sessions,
    snapshots: cloud.snapshots,
    restarts: run.moves,
  }));
};

class HostsRun {
  readonly #cloud: SimulatedCloud;
  readonly #time: VirtualTime;
  #hosts = 0;
  sessions = 0;
  moves = 0;

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud;
    this.#time = new VirtualTime(cloud);
    cloud.watcher = {
      ...UNWATCHED,
      committed: (changes) => {
        for (const { before, after } of changes)
          if (after?.sessionId !== undefined && String(after.pk).startsWith('SESSION#'))
            this.#sessionChanged(before, after);
      },
    };
  }

  async all(): Promise<void> {
    const { engine, random } = this.#cloud;
    for (let n = random.int(2, 3); n > 0; n--) this.#addHost();
    scheduleSweep(this.#cloud, 'reaper', () => functions.sweep(this.#cloud));
    scheduleSweep(this.#cloud, 'reconciler', () => functions.reconciliation(this.#cloud));
    this.#create(random.int(3, 6), 30_000);
    await this.#time.pass(LINKING_MS);
    this.#storm();
    await this.#time.pass(STORM_MS);
    calm(this.#cloud);
    this.#addHost();
    this.#addHost();
    engine.placeWaiting();
    this.#create(random.int(3, 6), 30_000);
    await this.#time.pass(LINKING_MS + DRAINED_MS);

    await this.#drainOne();
    await this.#drainAll();
  }

  #addHost(): void {
    this.#hosts += 1;
    this.#cloud.engine.hosts.set(`host-${this.#hosts}`, {
      room: this.#cloud.random.int(2, 4),
      draining: false,
      handled: false,
    });
  }

  /** Each host that drains is replaced some time later. */
  #storm(): void {
    const { engine, random, scheduler } = this.#cloud;
    for (let n = random.int(2, 5); n > 0; n--) {
      scheduler.in(random.int(0, STORM_MS), undefined, 'a host is to go', () => {
        const [first, ...others] = [...engine.hosts]
          .filter(([, { draining }]) => !draining)
          .map(([name]) => name);
        if (first !== undefined) engine.drain(random.pick([first, ...others]));
        scheduler.in(random.int(0, 200_000), undefined, 'a host comes', () => {
          this.#addHost();
          engine.placeWaiting();
        });
      });
    }
  }

  /** The fullest host drains, just when sessions start on it. */
  async #drainOne(): Promise<void> {
    const { chaos, engine, random, scheduler } = this.#cloud;
    this.#create(random.int(0, 4), 4_000);
    await this.#time.pass(random.int(1_000, 6_000));
    const working = this.#working();
    const [fullest] = [...engine.hosts]
      .filter(([, { draining }]) => !draining)
      .map(([name]) => ({ name, on: working.filter((session) => this.#hostOf(session) === name) }))
      .toSorted((a, b) => b.on.length - a.on.length);
    if (!fullest) return;
    scheduler.note(`---- ${fullest.name} drains, with ${fullest.on.length} sessions that work`);
    engine.drain(fullest.name);
    if (random.chance(0.5))
      chaos.beginOutage(
        random.pick(['engine', 'store']),
        scheduler.now + random.int(5_000, 40_000),
        'in the calm as well',
      );
    await this.#time.pass(DRAINED_MS);
    this.#checkLeft(fullest.name, true);
    for (const session of fullest.on) this.#checkMoved(session);
    for (const session of working)
      if (!fullest.on.includes(session) && !this.#stays(session))
        this.#broken(`${session.sessionId} was not on ${fullest.name}, and its task was replaced`);
    this.#time.check();
  }

  async #drainAll(): Promise<void> {
    const { engine, scheduler } = this.#cloud;
    const working = this.#working();
    scheduler.note('---- every host drains');
    for (const name of engine.hosts.keys()) engine.drain(name);
    await this.#time.pass(2 * DRAINED_MS);
    for (const name of engine.hosts.keys()) this.#checkLeft(name, false);
    for (const session of working) this.#checkMoved(session);
    this.#time.check();
  }

  #checkLeft(host: string, mustBe: boolean): void {
    const { handled } = this.#cloud.engine.hosts.get(host) ?? {};
    // The function died in the storm at each delivery of the event: its sessions stay until the host goes.
    if (!handled && !mustBe) return;
    const left = [...this.#cloud.engine.tasks.values()].filter(
      (task) => task.host === host && task.state !== 'stopped',
    );
    if (left[0]) this.#broken(`${host} drains, and ${left[0].taskArn} is still on it`);
  }

  #stays(before: Session): boolean {
    const after = this.#now(before);
    return after?.epoch === before.epoch && (after.status === 'WORKING' || after.stopReason === 'logged_out');
  }

  /** @param before as it worked, on a host that drained since or elsewhere */
  #checkMoved(before: Session): void {
    const after = this.#now(before);
    // By the phone.
    if (after?.stopReason === 'logged_out') return;
    const restarts = restartRuleOf(before.config).policy === 'always';
    const wasOnHost = this.#hostOf(before) !== undefined;
    const works = after?.state === 'RUNNING' && after.status === 'WORKING';
    if (after === undefined || !isLinked(after) || after.me?.id !== before.me?.id)
      this.#broken(`${before.sessionId} lost its account`);
    else if ((restarts || !wasOnHost) && !works)
      this.#broken(`${before.sessionId} should work, and is ${after.state} (${after.stopReason})`);
    else if (!restarts && wasOnHost && after.stopReason !== 'task_stopped')
      this.#broken(`${before.sessionId} should have ended with its host, and is ${after.state}`);
  }

  #sessionChanged(beforeItem: Item | undefined, afterItem: Item): void {
    if (beforeItem === undefined) return;
    const [before, after] = [parseSession(beforeItem), parseSession(afterItem)];
    if (after.epoch > before.epoch && before.slotShard !== undefined) this.moves += 1;
    if (after.state !== 'STOPPING' || before.state === 'STOPPING' || after.stopReason !== 'task_stopped')
      return;
    const { engine } = this.#cloud;
    const task = engine.tasks.get(taskArnOf(before) ?? '');
    const host = task?.host === undefined ? undefined : engine.hosts.get(task.host);
    // A launch whose answer was lost: no task is recorded.
    if (task && !host?.draining)
      this.#broken(`${before.sessionId}:${before.epoch} is stopped, and its host does not drain`);
  }

  #now({ listUser, listName }: Session): Session | undefined {
    return this.#sessions().find((each) => each.listUser === listUser && each.listName === listName);
  }

  #sessions(): Session[] {
    return [...this.#cloud.table.items()]
      .filter(({ pk }) => String(pk).startsWith('SESSION#'))
      .map(parseSession);
  }

  #working(): Session[] {
    return this.#sessions().filter(
      (session) => session.state === 'RUNNING' && session.status === 'WORKING' && isLinked(session),
    );
  }

  #hostOf(session: Session): string | undefined {
    return this.#cloud.engine.tasks.get(taskArnOf(session) ?? '')?.host;
  }

  #create(count: number, withinMs: number): void {
    const { random } = this.#cloud;
    for (let n = 0; n < count; n++) {
      const config = random.pick(CONFIGS);
      createLater(this.#cloud, `s${this.sessions++}`, random.int(0, withinMs), config);
    }
  }

  #broken(detail: string): void {
    this.#cloud.violate('host', detail);
  }
}
