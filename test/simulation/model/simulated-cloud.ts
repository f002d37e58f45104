/** Everything that one run holds: time, chance, faults, the parts of the cloud, and the first promise broken. */
import { hash } from 'node:crypto';
import { messageOfError } from '../../../contract/message-of-error.ts';
import type { Deps } from '../../../core/deps.ts';
import { liveTopicKey } from '../../../core/items.ts';
import type { Settings } from '../../../core/settings.ts';
import {
  type Item,
  type Query,
  StoreAmbiguous,
  StoreConflict,
  StoreUnavailable,
} from '../../../core/store.ts';
import { Chaos } from '../kernel/chaos.ts';
import { Random } from '../kernel/random.ts';
import { Process, Scheduler } from '../kernel/scheduler.ts';
import { type Answer, type Cloud, PortDown, type Watcher } from './cloud.ts';
import { Engine } from './engine.ts';
import { AuthBucket } from './storage.ts';
import { type ItemChange, Table } from './table.ts';
import { type Invariant, Violation } from './violation.ts';
import { Worker } from './worker.ts';

/** The Unix time at which every run begins. */
const BEGIN = Date.UTC(2026, 0, 1);

/**
 * Live events have no followers here (live.ts simulates them), and the read that finds it out is no step of a run.
 */
const UNWATCHED = liveTopicKey('').pk;

export class SimulatedCloud implements Cloud {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly chaos: Chaos;
  readonly settings: Settings;
  readonly table: Table;
  readonly engine: Engine;
  readonly bucket: AuthBucket;
  readonly unlinked = new Set<string>();
  watcher: Watcher | undefined;
  admits: Cloud['admits'];
  /** Live events have followers (live.ts), and this receives which topic has something to send. Without it, none has. */
  woken: ((topic: string) => void) | undefined;
  /** Receives every sample of a metric. */
  measured: ((name: string, value: number) => void) | undefined;
  violation: Violation | undefined;
  #sessions = 0;
  snapshots = 0;

  readonly withStandby: boolean;

  constructor(
    seed: number,
    settings: (random: Random) => Settings,
    trace?: (line: string) => void,
    { standby = false }: { readonly standby?: boolean } = {},
  ) {
    this.withStandby = standby;
    this.scheduler = new Scheduler(trace);
    this.random = new Random(seed);
    this.chaos = new Chaos(this.random);
    this.settings = settings(this.random);
    this.table = new Table({ now: () => this.scheduler.now, lag: () => this.chaos.indexLag() });
    this.engine = new Engine(this, (task) => new Worker(this, task));
    this.bucket = new AuthBucket(this);
  }

  violate(invariant: Invariant, detail: string): void {
    this.violation ??= new Violation(invariant, detail);
  }

  spawn(name: string, claim?: Process['claim']): Process {
    return new Process(name, this.chaos.skew(), claim);
  }

  clockOf(process: Process): () => number {
    return () => BEGIN + this.scheduler.now + process.skew;
  }

  get trueTime(): number {
    return BEGIN + this.scheduler.now;
  }

  sleep(process: Process, ms: number): Promise<void> {
    return new Promise((resolve) => void this.scheduler.in(ms, process, 'sleep', resolve));
  }

  nextSnapshot(): number {
    this.snapshots += 1;
    return this.snapshots;
  }

  call<T>(process: Process, label: string, run: (answer: Answer<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const name = `${process.name} ${label}`;
      const ms = this.chaos.strikes('slow') ? this.random.int(100, 8_000) : this.random.skewed(1, 60);
      this.scheduler.in(ms, process, name, () => {
        if (this.chaos.strikes('crashBefore')) return this.#die(process, name, 'before');
        run({
          ok: (value) => {
            if (this.chaos.strikes('crashAfter')) return this.#die(process, name, 'after');
            if (this.scheduler.tracing) this.scheduler.note(`${name}${shown(value)}`);
            resolve(value);
          },
          fail: (error) => {
            this.scheduler.note(`${name} !! ${error.name}: ${error.message}`);
            reject(error);
          },
        });
      });
    });
  }

  /**
   * Only functions crash by themselves here. The crashes of workers are modeled elsewhere, and clients do not crash.
   */
  #die(process: Process, name: string, when: string): void {
    this.scheduler.note(`${name} ☠ dies ${when} it`);
    process.dead = true;
  }

  /** The ports of one process. */
  deps(process: Process): Deps {
    const { scheduler, random, chaos } = this;
    const store = <T>(label: string, effect: () => T): Promise<T> => this.#storeCall(process, label, effect);
    const committed = <R>(done: { result: R; changes: readonly ItemChange[] }): R => {
      if (done.changes.length > 0) this.watcher?.committed(done.changes, process);
      return done.result;
    };
    return {
      store: {
        get: (key) =>
          key.pk.startsWith(UNWATCHED) && this.woken === undefined
            ? Promise.resolve(undefined)
            : store(`get ${key.pk}/${key.sk}`, () => this.table.get(key)),
        getMany: async (keys) => {
          const read = () => store(`getMany ${keys.length}`, () => this.table.getMany(keys));
          const first = await read();
          if (!this.#tears(first)) return first;
          await this.sleep(process, random.skewed(1, 5_000));
          return tornAt(random, first, await read());
        },
        write: (write) =>
          store(`write ${write.kind} ${write.key.pk}/${write.key.sk}`, () =>
            committed(this.table.write(write)),
          ),
        transact: (writes, token) =>
          store(`transact ${writes.map((w) => `${w.kind} ${w.key.pk}`).join(' + ')}`, () =>
            committed(this.table.transact(writes, token)),
          ),
        query: async (query) => {
          const read = () =>
            store(`query ${query.index ?? 'table'} ${query.partition}`, () => this.table.query(query));
          const first = await read();
          if (query.index || first.cursor !== undefined || isOfOneMoment(query)) return first;
          if (!this.#tears(first.items)) return first;
          await this.sleep(process, random.skewed(1, 5_000));
          const second = await read();
          return second.cursor === undefined
            ? { ...first, items: tornAt(random, first.items, second.items) }
            : second;
        },
        scan: (request) => store(`scan ${request.index}`, () => this.table.scan(request)),
      },
      tasks: this.engine.port(process),
      auth: this.bucket.port(process),
      builds: {
        put: (key, html) =>
          this.call<number>(process, `put ${key}`, (answer) => {
            if (chaos.isOut('storage', scheduler.now)) answer.fail(new PortDown('S3 did not answer'));
            else answer.ok(html.length);
          }),
        remove: async () => {},
        url: async (key) => `https://storage.invalid/${key}`,
      },
      events: {
        send: (deliveries) =>
          this.call(process, `send ${deliveries.map((d) => d.event)}`, (answer) => {
            // Half of the failures are answers lost: the events are in the queue.
            const down = this.chaos.strikes('queueUnavailable');
            if (!down || this.random.chance(0.5)) this.watcher?.queued(deliveries);
            if (down) answer.fail(new PortDown('SQS did not answer'));
            else answer.ok(undefined);
          }),
        wake: (topic) =>
          this.woken === undefined
            ? Promise.resolve()
            : this.call(process, `wake ${topic}`, (answer) => {
                const down = this.chaos.strikes('queueUnavailable');
                if (!down || this.random.chance(0.5)) this.woken?.(topic);
                if (down) answer.fail(new PortDown('SQS did not answer'));
                else answer.ok(undefined);
              }),
      },
      workers: {
        run: (worker, name, args, { idempotencyKey: key }) =>
          this.engine.command(process, worker, { name, args, key }),
      },
      ...(this.withStandby && !NO_PERSON_WAITS.test(process.name)
        ? {
            standby: {
              assign: (to, assignment, { timeoutMs }) =>
                this.engine.assign(process, to, assignment, timeoutMs),
            },
          }
        : {}),
      metrics: { count: (name, value, ..._dimensions) => this.measured?.(name, value) },
      clock: this.clockOf(process),
      sleep: (ms) => this.sleep(process, ms),
      ids: {
        sessionId: () => {
          this.#sessions += 1;
          return `ses_${String(this.#sessions).padStart(4, '0')}`;
        },
        eventId: () => `evt_${random.text(26)}`,
        secret: () => random.text(43),
        random: () => random.next(),
      },
      sha256: (text) => hash('sha256', text),
      settings: this.settings,
      log: {
        info: (message) => scheduler.note(`${process.name} · ${message}`),
        warn: (message) => scheduler.note(`${process.name} · ${message}`),
        error: (message) => scheduler.note(`${process.name} · ${message}`),
      },
    };
  }

  /** Each item is read consistently, and each at a different moment. */
  #tears(items: readonly Item[]): boolean {
    return items.length > 1 && this.chaos.strikes('tornRead');
  }

  #storeCall<T>(process: Process, label: string, effect: () => T): Promise<T> {
    const { chaos, scheduler } = this;
    const writes = label.startsWith('write') || label.startsWith('transact');
    return this.call<T>(process, label, (answer) => {
      if (chaos.isOut('store', scheduler.now) || chaos.strikes('storeThrottled')) {
        return answer.fail(new StoreUnavailable('throttled'));
      }
      if (writes && chaos.strikes('storeConflict')) return answer.fail(new StoreConflict('conflict'));
      if (chaos.strikes('storeLost')) return answer.fail(new StoreAmbiguous('no answer'));
      if (writes && chaos.strikes('storeLate')) {
        scheduler.in(
          this.random.int(5, 3_000),
          undefined,
          `${process.name} ${label} (late)`,
          () => void effect(),
        );
        return answer.fail(new StoreAmbiguous('no answer (late)'));
      }
      const value = this.#attempt(effect);
      if (writes && chaos.strikes('storeAnswerLost'))
        return answer.fail(new StoreAmbiguous('no answer (done)'));
      if (value) answer.ok(value.of);
    });
  }

  /** A call that the table rejects as malformed is a defect of the rules. */
  #attempt<T>(effect: () => T): { of: T } | undefined {
    try {
      return { of: effect() };
    } catch (error) {
      this.violate('defect', `the database refuses ${messageOfError(error)}`);
      return undefined;
    }
  }
}

/** The order of events rests on it (docs/simulation.md). */
const isOfOneMoment = ({ partition }: Query): boolean => partition.startsWith('OUTBOX#');

/** The items up to one of them as in the first read, those after it as in the second. */
const tornAt = (random: Random, first: readonly Item[], second: readonly Item[]): Item[] => {
  const nameOf = (item: Item | undefined) => `${String(item?.pk)} ${String(item?.sk)}`;
  const names = [...new Set([...first, ...second].map(nameOf))].sort();
  const from = names[random.int(1, names.length - 1)] ?? '';
  return [
    ...first.filter((item) => nameOf(item) < from),
    ...second.filter((item) => nameOf(item) >= from),
  ].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
};

/** Functions that take no standby task for what they launch. */
const NO_PERSON_WAITS = /^(reaper|reconciler|task-events|standby-events)/;

const shown = (value: unknown): string => {
  if (value === undefined) return '';
  const text = JSON.stringify(value, (name, part: unknown) => (SECRET.test(name) ? '…' : part)) ?? '';
  return ` → ${text.length > 400 ? `${text.slice(0, 400)}…` : text}`;
};
/** Made up, but a trace is easier to read without. */
const SECRET = /token|secret/i;
