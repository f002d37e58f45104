/**
 * Readers of live events over a WebSocket API: they lose their connections and come back with their cursor, are slow, and
 * have keys of different rights, while several workers publish. The rules of core/live run over the modeled database; the
 * gateway delivers, refuses, or does not say whether it delivered.
 *
 *   publish ── log ── queue: topic ── pass ── post ── reader
 *                                       └─ dies, or some are left ── the topic again after a second
 *
 * In the end no faults strike, every reader is connected, and each has every event that its key may see.
 */
import { EVENTS_MISSED, liveQuerySchema } from '../../contract/bodies/live.ts';
import { mayUse, type Scope } from '../../contract/scopes.ts';
import { apiKeyById, createApiKey } from '../../core/access/keys.ts';
import type { Deps } from '../../core/deps.ts';
import { connect, createTicket } from '../../core/live/connect.ts';
import { removeConnection } from '../../core/live/connections.ts';
import { fanOut } from '../../core/live/fan-out.ts';
import { publishLive } from '../../core/live/publish.ts';
import { scopeOf } from '../../core/live/rights.ts';
import type { LiveConnections, PostOutcome, SessionEvent } from '../../core/ports.ts';
import { parseSettings } from '../../core/settings.ts';
import type { Process } from './kernel/scheduler.ts';
import { FUNCTION_LIMIT_MS, type Handler, type Outcome as Invoked, invoke } from './model/http.ts';
import { SimulatedCloud } from './model/simulated-cloud.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { untilAnswered, VirtualTime } from './virtual-time.ts';

const USER = 'ann';
const SESSIONS = ['a', 'b'] as const;
const EVENTS = ['message', 'message.ack', 'session.status', 'session.code'] as const;
const EACH = 15;
const PASS_EVERY_MS = 1_000;
/** Long after the last fault: time for every pass and every reconnect. */
const SETTLES_MS = 180_000;

/** Functions that die leave connections behind that count until a post finds them gone. */
const SETTINGS = JSON.stringify({ environment: 'simulation', connectionsPerUser: 1_000 });

type Rights = { readonly scopes?: Scope[]; readonly sessions?: string[] };
const RIGHTS: readonly [Rights, ...Rights[]] = [
  {},
  { scopes: ['messages:read'] },
  { scopes: ['sessions:read'], sessions: ['a'] },
  { sessions: ['b'] },
];

type Published = { readonly id: string; readonly session: string; readonly event: string };
type Holder = { readonly keyId: string; readonly userId: string; readonly role: 'user' } & Rights;

class Reader {
  readonly name: string;
  readonly holder: Holder;
  readonly got: string[] = [];
  cursor = '';
  /** The gateway's connection; undefined: none. */
  connection: string | undefined;
  connects = 0;

  constructor(name: string, holder: Holder) {
    this.name = name;
    this.holder = holder;
  }

  maySee({ session, event }: Published): boolean {
    const { scopes, sessions } = this.holder;
    const key = { role: this.holder.role, scopes };
    return mayUse(key, scopeOf(event)) && (sessions?.includes(session) ?? true);
  }
}

export const simulateLive = async (seed: number, trace?: (line: string) => void): Promise<Outcome> => {
  const cloud = new SimulatedCloud(seed, () => parseSettings(SETTINGS), trace);
  const run = new LiveRun(cloud);
  return outcomeOf(seed, cloud, run, () => ({ admissions: run.published.length }));
};

class LiveRun {
  readonly #cloud: SimulatedCloud;
  readonly #time: VirtualTime;
  /** Whose publishing was answered, in their order for each session. */
  readonly published: Published[] = [];
  readonly #known = new Map<string, Published>();
  readonly #readers: Reader[] = [];
  /** Connections whose reader takes nothing more. */
  readonly #slow = new Set<string>();
  #waiting = false;
  #over = false;

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud;
    this.#time = new VirtualTime(cloud);
    cloud.woken = () => {
      this.#waiting = true;
    };
  }

  async all(): Promise<void> {
    const { chaos } = this.#cloud;
    await this.#time.until(this.#makeReaders());
    void this.#serve();
    const lives = this.#readers.map((reader) => this.#live(reader));
    await this.#time.until(Promise.all(SESSIONS.map((session) => this.#publishAll(session))));
    chaos.end();
    await this.#time.until(this.#cloud.sleep(this.#cloud.spawn('calm'), SETTLES_MS));
    this.#over = true;
    await this.#time.until(Promise.all(lives));
    for (const reader of this.#readers) this.#check(reader);
  }

  async #makeReaders(): Promise<void> {
    const admin = this.#cloud.spawn('administrator');
    for (const [index, rights] of RIGHTS.entries()) {
      const { id } = await untilAnswered(this.#cloud, admin, 'key', (deps) =>
        createApiKey(deps, { userId: USER, role: 'user', ...rights }),
      );
      const key = await untilAnswered(this.#cloud, admin, 'key', (deps) => apiKeyById(deps, id));
      if (!key) throw new Error('a key that was made is not there');
      const reader = new Reader(`reader ${index}`, { ...rights, keyId: id, userId: USER, role: 'user' });
      this.#readers.push(reader);
      // Before anything is published, so it may miss nothing at all.
      const { cursor } = await untilAnswered(this.#cloud, admin, 'ticket', (deps) =>
        createTicket(deps, reader.holder, undefined),
      );
      reader.cursor = cursor;
    }
  }

  async #publishAll(session: string): Promise<void> {
    const { random } = this.#cloud;
    const worker = this.#cloud.spawn(`worker of ${session}`);
    for (let n = 0; n < EACH; n++) {
      const one = { id: `evt_${session}_${n}`, session, event: random.pick([...EVENTS]) };
      this.#known.set(one.id, one);
      const event: SessionEvent = { id: one.id, timestamp: n, event: one.event, payload: {} };
      const about = { sessionId: `ses_${session}`, userId: USER, name: session, me: null, metadata: {} };
      await untilAnswered(this.#cloud, worker, `event ${one.id}`, (deps) =>
        publishLive(deps, about, [event]),
      );
      this.published.push(one);
      await this.#cloud.sleep(worker, random.skewed(10, 3_000));
    }
  }

  /** Reads, loses its connection at times, and comes back with its cursor. */
  async #live(reader: Reader): Promise<void> {
    const { random } = this.#cloud;
    const client = this.#cloud.spawn(reader.name);
    while (!this.#over) {
      if (reader.connection === undefined) await this.#connect(reader);
      await this.#cloud.sleep(client, random.skewed(200, 6_000));
      const { connection } = reader;
      const calm = this.published.length === EACH * SESSIONS.length;
      if (connection === undefined || calm || !random.chance(0.25)) continue;
      reader.connection = undefined;
      // The gateway may not report it: the next post finds it gone.
      if (random.chance(0.5))
        void this.#invoked('live-connections', (deps) =>
          removeConnection(deps, { topic: USER, id: connection }),
        );
    }
  }

  async #connect(reader: Reader): Promise<void> {
    const client = this.#cloud.spawn(reader.name);
    for (;;) {
      reader.connects += 1;
      const id = `${reader.name}/${reader.connects}`;
      const query = liveQuerySchema.parse({ after: [reader.cursor] });
      const outcome = await this.#invoked('live-connections', async (deps) =>
        connect(this.#timed(deps), id, reader.holder, query),
      );
      // The gateway opens the connection after the function has accepted it.
      if (outcome.kind === 'done') {
        reader.connection = id;
        return;
      }
      await this.#cloud.sleep(client, this.#cloud.random.int(100, 2_000));
    }
  }

  /** One pass at a time, as the queue's group of the topic has it. */
  async #serve(): Promise<void> {
    const queue = this.#cloud.spawn('queue of topics');
    while (!this.#over) {
      if (this.#waiting) {
        this.#waiting = false;
        const outcome = await this.#invoked('live-events', (deps, process) =>
          fanOut(
            { ...this.#timed(deps), connections: this.#gateway(process) },
            USER,
            this.#cloud.trueTime + 15_000,
          ),
        );
        if (outcome.kind !== 'done' || outcome.value === 'again') this.#waiting = true;
      }
      await this.#cloud.sleep(queue, PASS_EVERY_MS);
    }
  }

  /** Functions of one region have the same time: it separates a connection that is just opening from one that is gone. */
  #timed(deps: Deps): Deps {
    return { ...deps, clock: () => this.#cloud.trueTime };
  }

  /** One invocation; one that dies is noticed when its time has expired. */
  #invoked<T>(name: string, handler: Handler<T>): Promise<Invoked<T>> {
    return new Promise((resolve) => {
      void invoke(this.#cloud, name, handler, FUNCTION_LIMIT_MS).then(resolve);
      this.#cloud.scheduler.in(FUNCTION_LIMIT_MS + 1_000, undefined, `${name} is over`, () =>
        resolve({ kind: 'died' }),
      );
    });
  }

  #gateway(process: Process): LiveConnections {
    const { chaos, random } = this.#cloud;
    return {
      post: (id, message) =>
        this.#cloud.call<PostOutcome>(process, `post ${id}`, (answer) => {
          const reader = this.#readers.find(({ connection }) => connection === id);
          if (!reader) return answer.ok('gone');
          // It stays so until it is closed.
          if (!chaos.over && random.chance(0.05)) this.#slow.add(id);
          if (this.#slow.has(id)) return answer.ok('slow');
          const lost = chaos.strikes('answerLost');
          if (!lost || random.chance(0.5)) this.#read(reader, message);
          answer.ok(lost ? 'unknown' : 'sent');
        }),
      close: (id) =>
        this.#cloud.call<boolean>(process, `close ${id}`, (answer) => {
          if (chaos.strikes('requestLost')) return answer.ok(false);
          const reader = this.#readers.find(({ connection }) => connection === id);
          if (reader) reader.connection = undefined;
          answer.ok(true);
        }),
    };
  }

  #read(reader: Reader, message: string): void {
    const { id, event, cursor } = JSON.parse(message) as { id: string; event: string; cursor: string };
    reader.cursor = cursor;
    // Sent once too often if the watch began and its number was not noted; what is really missing shows at the end.
    if (event === EVENTS_MISSED) return;
    const known = this.#known.get(id);
    if (!known || !reader.maySee(known)) this.#fail(`${reader.name} gets ${id}, which its key may not see`);
    reader.got.push(id);
  }

  #check(reader: Reader): void {
    const got = new Set(reader.got);
    const wanted = this.published.filter((one) => reader.maySee(one));
    const missing = wanted.filter(({ id }) => !got.has(id));
    if (missing.length > 0)
      this.#fail(`${reader.name} misses ${missing.map(({ id }) => id).join(', ')} of ${wanted.length}`);
    for (const session of SESSIONS) {
      const order = [...got].filter((id) => id.startsWith(`evt_${session}_`));
      const sorted = order.toSorted((a, b) => Number(a.split('_')[2]) - Number(b.split('_')[2]));
      if (order.join() !== sorted.join()) this.#fail(`${reader.name} gets ${order.join(', ')}`);
    }
  }

  #fail(detail: string): void {
    this.#cloud.violate('live', detail);
    this.#cloud.scheduler.note(`VIOLATION ${detail}`);
  }
}
