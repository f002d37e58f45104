/**
 * Deliveries to webhooks, and starts of sessions, of users who share a deliverer and a table. Endpoints:
 *
 *   endless   never answers: each attempt takes its whole time
 *   broken    refuses for a while, then works
 *   dead      refuses always; a user has it in several sessions
 *   good      another user's: what all of this must not delay
 *
 * Deliverers die, and messages come again. The queue is first in, first out for each session and webhook. Clocks agree and
 * the database answers: without it, deliveries are made without a share, by intention (core/events/share.ts).
 */
import { hash } from 'node:crypto';
import { createSession } from '../../core/admission/create.ts';
import { changeLimits } from '../../core/admission/limits.ts';
import { type Breaker, FAILURES_TO_OPEN, LONGEST_PAUSE_MS } from '../../core/events/breaker.ts';
import { deliver } from '../../core/events/deliver.ts';
import type { DeliveryOutcome, PostResult, QueuedDelivery } from '../../core/events/delivery.ts';
import { targetsOf } from '../../core/events/webhooks.ts';
import { endpointsPartition } from '../../core/items.ts';
import { release } from '../../core/lifecycle/release.ts';
import type { Session } from '../../core/lifecycle/session.ts';
import { parseSettings, type Settings } from '../../core/settings.ts';
import type { Process } from './kernel/scheduler.ts';
import { UNWATCHED } from './model/cloud.ts';
import { invoke } from './model/http.ts';
import { SimulatedCloud } from './model/simulated-cloud.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { VirtualTime } from './virtual-time.ts';

const SHARE = 3;
/** Of the deliverer, all users together. */
const CONCURRENCY = 8;
const ATTEMPT_MS = 10_000;
const FUNCTION_MS = 30_000;
/** A message whose function died comes again after this. */
const VISIBILITY_MS = 45_000;
/** From the queue to the good endpoint, if no function died on the way. */
const GOOD_WITHIN_MS = 6_000;
/** Attempts that were permitted before the breaker opened may begin for so long. */
const ASKED_BEFORE_MS = 1_500;
const STARTS_A_MINUTE = 12;
const START_BURST = 10;

const settings = (): Settings =>
  parseSettings(
    JSON.stringify({
      environment: 'fair',
      globalLimit: 50,
      userLimit: 4,
      deliveriesPerUser: SHARE,
      startsPerMinute: STARTS_A_MINUTE,
    }),
  );

type Kind = 'endless' | 'broken' | 'dead' | 'good';
/** Each kind has its own user. */
const USERS: Readonly<Record<Kind, string>> = { endless: 'ann', good: 'ben', dead: 'carl', broken: 'dora' };
type Message = { readonly delivery: QueuedDelivery; readonly queuedAt: number; readonly n: number };
type Group = {
  readonly kind: Kind;
  readonly session: Session;
  readonly waiting: Message[];
  visibleAt: number;
  receives: number;
  /** A function works on its first message. */
  busy: boolean;
  /** A function died on the message that is first now. */
  died: boolean;
  /** When the last message on which a function died was delivered (ms); those queued before had to wait for it. */
  recoveredAt: number;
  /** Numbers, as the endpoint got them for the first time. */
  readonly arrived: number[];
  /** When the endpoint got an event last. */
  arrivedAt: number | undefined;
  sent: number;
};

export const simulateFair = async (seed: number, trace?: (line: string) => void): Promise<Outcome> => {
  const cloud = new SimulatedCloud(seed, settings, trace);
  const run = new Fair(cloud);
  return outcomeOf(seed, cloud, run, () => ({ admissions: run.admissions }));
};

class Fair {
  readonly #cloud: SimulatedCloud;
  readonly #time: VirtualTime;
  readonly #groups: Group[] = [];
  /** Attempts under way, by the process that makes them. */
  readonly #under = new Map<Process, Group>();
  /** By the endpoint's kind: since when its breaker is open; absent: closed. */
  readonly #open = new Map<string, number>();
  readonly #attempts = new Map<Kind, number>();
  #functions = 0;
  #brokenUntil = 0;
  #deaths = 0;
  /** Times of admissions by user, ms. */
  readonly #starts = new Map<string, number[]>();
  admissions = 0;

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud;
    this.#time = new VirtualTime(cloud);
    cloud.chaos.end();
    cloud.watcher = {
      ...UNWATCHED,
      committed: (changes) => {
        for (const { key, before, after } of changes) {
          if (key.pk.startsWith('SLOT#') && !before && after) this.#started(String(after.userId));
          if (!key.pk.startsWith(endpointsPartition(''))) continue;
          const url = String((after ?? before)?.url);
          const isOpen = Number(after?.step ?? 0) > 0;
          if (!isOpen) this.#open.delete(url);
          else if (!this.#open.has(url)) this.#open.set(url, cloud.scheduler.now);
        }
      },
    };
  }

  async all(): Promise<void> {
    const { random, scheduler } = this.#cloud;
    this.#brokenUntil = random.int(60_000, 300_000);
    for (const [kind, count] of [
      ['endless', random.int(2, 10)],
      ['dead', random.int(2, 4)],
      ['broken', random.int(1, 3)],
      ['good', 1],
    ] as const)
      for (let n = 0; n < count; n++) await this.#session(kind, `${kind}-${n}`);
    const lastsMs = random.int(400_000, 900_000);
    for (const group of this.#groups) {
      const many = group.kind === 'good' ? random.int(20, 60) : random.int(3, 12);
      for (let n = 0; n < many; n++)
        scheduler.in(random.int(0, lastsMs), undefined, `event of ${group.session.listName}`, () =>
          this.#queue(group),
        );
    }
    this.#poll();
    this.#callers(lastsMs);
    await this.#time.pass(lastsMs);
    // The longest pause of what works again, and the time that its events take one after another.
    await this.#time.pass(1.2 * LONGEST_PAUSE_MS + 300_000);
    this.#checkEnd(lastsMs);
  }

  /** Created before anything is measured, and not started. */
  async #session(kind: Kind, name: string): Promise<void> {
    const userId = USERS[kind];
    const webhook = {
      // Sessions with one URL share what is known of it.
      url: `https://${kind}.example/${kind === 'dead' ? 'all' : name}`,
      events: ['*' as const],
      retries: { policy: 'constant' as const, delaySeconds: 1, attempts: 30 },
    };
    let session: Session | undefined;
    void invoke(
      this.#cloud,
      'create',
      async (deps) => {
        const config = { webhooks: [webhook] };
        session = (await createSession(deps, { userId, name, config, start: false })).session;
      },
      FUNCTION_MS,
    );
    await this.#time.pass(5_000);
    if (!session) throw new Error(`${name} was not created`);
    const group = {
      kind,
      session,
      waiting: [],
      visibleAt: 0,
      receives: 0,
      busy: false,
      died: false,
      recoveredAt: 0,
    };
    this.#groups.push({ ...group, arrived: [], arrivedAt: undefined, sent: 0 });
  }

  #queue(group: Group): void {
    const { session } = group;
    const n = group.sent++;
    const [webhook = ''] = targetsOf(session.config, 'message', (text) => hash('sha256', text));
    const delivery = {
      id: `evt_${session.listName}_${n}`,
      timestamp: this.#cloud.trueTime,
      event: 'message',
      payload: { n },
      sessionId: session.sessionId,
      userId: session.listUser,
      name: session.listName,
      me: null,
      webhook,
    };
    group.waiting.push({ delivery, queuedAt: this.#cloud.scheduler.now, n });
  }

  /** As SQS and Lambda: while a function is free, the first message of some group that may be seen. */
  #poll(): void {
    const { random, scheduler } = this.#cloud;
    scheduler.in(250, undefined, 'the queue is polled', () => {
      while (this.#functions < CONCURRENCY) {
        const ready = this.#groups.filter(
          (group) => !group.busy && group.waiting.length > 0 && group.visibleAt <= scheduler.now,
        );
        const group = ready[random.int(0, Math.max(0, ready.length - 1))];
        if (!group) break;
        this.#deliver(group);
      }
      this.#poll();
    });
  }

  #deliver(group: Group): void {
    const { scheduler } = this.#cloud;
    const [message] = group.waiting;
    if (!message) return;
    group.busy = true;
    group.receives += 1;
    this.#functions += 1;
    const receipt = {
      receives: group.receives,
      queuedMs: scheduler.now - message.queuedAt,
      sequence: String(message.n).padStart(20, '0'),
    };
    let over = false;
    const ends = (outcome: DeliveryOutcome | undefined) => {
      if (over) return;
      over = true;
      this.#functions -= 1;
      group.busy = false;
      if (outcome === undefined) {
        group.died = true;
        group.visibleAt = scheduler.now + VISIBILITY_MS;
      } else if (outcome.kind === 'retry' || outcome.kind === 'postponed') {
        group.visibleAt = scheduler.now + outcome.afterSeconds * 1000;
      } else {
        if (outcome.kind === 'dead') this.#broken(`${message.delivery.id} was given up: ${outcome.detail}`);
        group.waiting.shift();
        group.receives = 0;
        if (group.died) group.recoveredAt = scheduler.now;
        group.died = false;
      }
    };
    scheduler.in(FUNCTION_MS, undefined, 'the time of a deliverer has passed', () => ends(undefined));
    void invoke(
      this.#cloud,
      'deliver',
      (deps, process) => deliver(deps, () => this.#post(process, group, message), message.delivery, receipt),
      FUNCTION_MS,
    ).then((outcome) => ends(outcome.kind === 'done' ? outcome.value : undefined));
  }

  /** One attempt at an endpoint. The function may die in it, with its place and its probe. */
  async #post(process: Process, group: Group, { n, queuedAt }: Message): Promise<PostResult> {
    const { random, scheduler } = this.#cloud;
    this.#checkAttempt(group);
    this.#under.set(process, group);
    this.#attempts.set(group.kind, (this.#attempts.get(group.kind) ?? 0) + 1);
    if (random.chance(0.03)) {
      scheduler.in(random.int(0, 5_000), undefined, `${process.name} dies`, () => {
        process.dead = true;
        this.#deaths += 1;
        group.died = true;
        this.#under.delete(process);
      });
    }
    const works = group.kind === 'good' || (group.kind === 'broken' && scheduler.now > this.#brokenUntil);
    const slow = group.kind === 'dead' ? random.int(500, 3_000) : random.int(5, 400);
    await this.#cloud.sleep(process, group.kind === 'endless' ? ATTEMPT_MS : slow);
    this.#under.delete(process);
    if (!works) return { ok: false, permanent: false, detail: group.kind };
    if (!group.arrived.includes(n)) {
      if (n !== group.arrived.length)
        this.#broken(`${group.session.listName}: event ${n} before ${group.arrived.length}`);
      const { arrivedAt } = group;
      if (
        arrivedAt !== undefined &&
        queuedAt < arrivedAt &&
        !group.died &&
        scheduler.now - arrivedAt > GOOD_WITHIN_MS
      )
        this.#broken(`${group.session.listName} works, and its next event waited for a probe`);
      group.arrived.push(n);
      group.arrivedAt = scheduler.now;
      const first = group.arrived.length === group.sent || group.waiting.length === 1;
      const heldUp = group.died || queuedAt < group.recoveredAt;
      if (group.kind === 'good' && first && !heldUp && scheduler.now - queuedAt > GOOD_WITHIN_MS)
        this.#broken(`the other user's event waited for ${scheduler.now - queuedAt} ms`);
    }
    return { ok: true, status: 200 };
  }

  #checkAttempt(group: Group): void {
    const { scheduler } = this.#cloud;
    const ofUser = [...this.#under.values()].filter(
      ({ session }) => session.listUser === group.session.listUser,
    ).length;
    if (ofUser >= SHARE) this.#broken(`${group.session.listUser} has ${ofUser + 1} attempts under way`);
    const url = group.session.config.webhooks?.[0]?.url ?? '';
    const since = this.#open.get(url);
    if (since === undefined || scheduler.now - since < ASKED_BEFORE_MS) return;
    const breaker = this.#breakerOf(group);
    if (breaker && breaker.openUntil - this.#cloud.trueTime > 0)
      this.#broken(`${url} is attempted while its breaker is open`);
    const others = [...this.#under.values()].filter(
      (other) => other.session.config.webhooks?.[0]?.url === url,
    ).length;
    if (others > 0) this.#broken(`${url} is probed twice at once`);
  }

  #breakerOf({ session }: Group): Pick<Breaker, 'openUntil'> | undefined {
    const item = [...this.#cloud.table.items()].find(
      ({ pk, url }) =>
        pk === endpointsPartition(session.listUser) && url === session.config.webhooks?.[0]?.url,
    );
    return item && { openUntil: Number(item.openUntil) };
  }

  #checkEnd(lastsMs: number): void {
    for (const { kind, session, sent, arrived, waiting } of this.#groups) {
      const name = session.listName;
      if ((kind === 'good' || kind === 'broken') && arrived.length < sent)
        this.#broken(`${name} works, and ${sent - arrived.length} of its events did not arrive`);
      if ((kind === 'dead' || kind === 'endless') && waiting.length < sent)
        this.#broken(`${name} never answered, and ${sent - waiting.length} of its events are gone`);
    }
    // Failures until it opens, probes at doubling pauses, and as many of the longest as the run has room for.
    const probes = 10 + Math.ceil((lastsMs + 1.2 * LONGEST_PAUSE_MS + 300_000) / LONGEST_PAUSE_MS);
    const most = FAILURES_TO_OPEN + SHARE + probes + 2 * this.#deaths;
    const attempts = this.#attempts.get('dead') ?? 0;
    if (attempts > most)
      this.#broken(`dead endpoints were attempted ${attempts} times, at most ${most} are due`);
    this.#time.check();
  }

  /** One user creates and ends sessions in a loop from several places, another one seldom. */
  #callers(lastsMs: number): void {
    const { random, scheduler } = this.#cloud;
    void invoke(this.#cloud, 'limits', (deps) => changeLimits(deps, { global: 50 }), FUNCTION_MS);
    for (let burst = 0; burst < 12; burst++) {
      const at = random.int(0, lastsMs);
      for (let n = random.int(4, 14); n > 0; n--)
        scheduler.in(at + random.int(0, 3_000), undefined, 'a start in a loop', () => this.#cycle('mallory'));
      scheduler.in(at, undefined, 'a seldom start', () => this.#cycle(`seldom-${burst}`));
    }
  }

  #cycle(userId: string): void {
    const { scheduler } = this.#cloud;
    const name = `s${scheduler.steps}`;
    const calm = userId !== 'mallory';
    void invoke(
      this.#cloud,
      'create',
      async (deps) => {
        const { session } = await createSession(deps, { userId, name, config: {}, start: true });
        await release(deps, session, 'user');
      },
      FUNCTION_MS,
    ).then((outcome) => {
      if (calm && outcome.kind !== 'done') this.#broken(`the only start of ${userId} was not admitted`);
    });
  }

  /** In any stretch of time no more than a burst and what the stretch is worth. */
  #started(userId: string): void {
    this.admissions += 1;
    const times = [...(this.#starts.get(userId) ?? []), this.#cloud.scheduler.now];
    this.#starts.set(userId, times);
    const last = times.length - 1;
    for (let first = 0; first <= last; first++) {
      const ms = (times[last] ?? 0) - (times[first] ?? 0);
      // A decision is made by the clock of a moment before its write.
      const worth = START_BURST + Math.floor((ms + 2_000) / (60_000 / STARTS_A_MINUTE));
      if (last - first + 1 > worth)
        this.#broken(`${userId} started ${last - first + 1} sessions in ${ms} ms`);
    }
  }

  #broken(detail: string): void {
    this.#cloud.violate('fair', detail);
  }
}
