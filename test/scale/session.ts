/**
 * One session's traffic through the real rules: what its caller, its worker and the deliverer ask of them. The worker's own
 * reporter decides when there is a report.
 */
import { Fenced } from '../../container/base/faults.ts';
import { silentLog } from '../../container/base/log.ts';
import { sleep, type Time } from '../../container/base/time.ts';
import { createReporter } from '../../container/control/reporter.ts';
import type { ReportRequest, ReportResponse } from '../../container/control/worker-api.ts';
import { createStartTimeLine } from '../../container/start-steps.ts';
import type { BuildCounts } from '../../contract/builds/counts.ts';
import { Problem } from '../../contract/errors.ts';
import { START_STEPS } from '../../contract/worker/start-steps.ts';
import { findApiKey } from '../../core/access/keys.ts';
import type { rateLimiter } from '../../core/access/rate.ts';
import { runCommand } from '../../core/commands/command.ts';
import { deliver } from '../../core/events/deliver.ts';
import { loadSession } from '../../core/lifecycle/load.ts';
import type { Session } from '../../core/lifecycle/session.ts';
import { taskStopped } from '../../core/lifecycle/task-stopped.ts';
import * as functions from '../simulation/model/functions.ts';
import { settled } from './agenda.ts';
import { type Cloud, SNAPSHOT_BYTES } from './ports.ts';

const BUILD = 'Chrome/153.0.0.0 linux';
const WEBHOOK = { url: 'https://hooks.example.com/whatsapp', events: ['*'] };
const PAGE_BUILD = '2.3000.1043262211';
const { workerApi } = functions;

/** Of a report: the next heartbeat comes so much later than its time. */
const ROUND_TRIP_MS = 100;

type Reporter = ReturnType<typeof createReporter>;

/** A session of the fleet. One at a time calls its methods, in virtual time. */
export class FleetSession {
  readonly named: functions.Named;
  readonly #cloud: Cloud;
  readonly #apiKey: string;
  readonly #refusalOf: ReturnType<typeof rateLimiter>;
  readonly #alwaysOn: boolean;
  readonly #time: Time;
  readonly #runs: { readonly begun: number; ended?: number }[] = [];
  #session: Session | undefined;
  #reporter: Reporter | undefined;
  #eventCalls = 0;
  #sends = 0;
  #isUp = false;

  constructor(
    cloud: Cloud,
    {
      number,
      apiKey,
      alwaysOn,
      refusalOf,
      time,
    }: {
      readonly number: number;
      readonly apiKey: string;
      readonly alwaysOn: boolean;
      readonly refusalOf: ReturnType<typeof rateLimiter>;
      readonly time: Time;
    },
  ) {
    this.#cloud = cloud;
    this.#apiKey = apiKey;
    this.#alwaysOn = alwaysOn;
    this.#refusalOf = refusalOf;
    this.#time = time;
    this.named = { userId: userOf(number), name: `shop-${String(number).padStart(5, '0')}` };
  }

  get isRunning(): boolean {
    return this.#session !== undefined;
  }

  get taskArn(): string {
    return this.#session?.taskArn ?? '';
  }

  /** How long it has run since then, in ms. */
  ranSince(from: number): number {
    return this.#runs.reduce(
      (sum, { begun, ended = this.#cloud.now }) => sum + Math.max(0, ended - Math.max(begun, from)),
      0,
    );
  }

  /** Created and started; the account is linked if it is not yet. */
  async create(): Promise<void> {
    const session = await this.#asked('sessions-admit', () =>
      functions.create(this.#cloud.deps, {
        ...this.named,
        config: {
          webhooks: [WEBHOOK],
          ...(this.#alwaysOn ? { keepAlive: true } : {}),
        } as never,
        start: true,
        idempotencyKey: `create-${this.named.name}`,
      }),
    );
    await this.#begin(session);
  }

  async start(): Promise<void> {
    await this.#begin(
      await this.#asked('sessions-admit', () => functions.start(this.#cloud.deps, this.named)),
    );
  }

  /** The task was lost or replaced; the session's policy starts it again on its slot. */
  async lose(): Promise<void> {
    const { sessionId, epoch } = this.#known;
    const { taskArn } = this;
    this.vanish();
    this.#cloud.tasks.delete(taskArn);
    this.#invoked('task-events');
    const session = await lost(this.#cloud, { taskArn, sessionId, epoch });
    if (session) await this.#begin(session);
  }

  /** A message came in: it goes to the webhook and counts as activity. */
  async receive(): Promise<void> {
    const { deps, now } = this.#cloud;
    this.#eventCalls += 1;
    const id = deps.ids.eventId().replace(/[ILOU]/gi, '0');
    const account = `${this.named.name}@c.us`;
    await this.#worker('events', () =>
      workerApi.events(deps, this.#bearer, {
        events: [{ id, timestamp: now, event: 'message', payload: MESSAGE }],
        told: {
          account,
          since: Math.floor(now / 1000),
          seq: this.#eventCalls,
          ids: [{ id, at: Math.floor(now / 1000) }],
        },
      }),
    );
    this.#active();
    await this.#deliverAll();
  }

  /** A caller sends a text. */
  async send(): Promise<void> {
    await this.#asked('commands', async () => {
      const { deps } = this.#cloud;
      this.#invoked('worker-call');
      const session = await loadSession(deps, this.named.userId, this.named.name);
      await runCommand(deps, session, 'sendSeen', { chatId: '491701234567@c.us' }).catch(() => {});
    });
    this.#sends += 1;
    this.#reporter?.update({ builds: this.#builds });
    this.#active();
  }

  async snapshot(): Promise<void> {
    const { deps } = this.#cloud;
    const sha256 = deps.sha256(`${this.named.name} ${this.#cloud.now}`);
    const { key } = await this.#worker('upload', () =>
      workerApi.upload(deps, this.#bearer, { bytes: SNAPSHOT_BYTES, sha256, atOnce: true }),
    );
    await this.#worker('commit', () =>
      workerApi.commit(deps, this.#bearer, {
        key,
        sha256,
        bytes: SNAPSHOT_BYTES,
        chromiumBuild: BUILD,
      }),
    );
  }

  /** The worker ends itself. */
  async end(reason: 'idle' | 'user'): Promise<void> {
    const { taskArn } = this;
    await this.snapshot();
    this.#reporter?.stop();
    await this.#worker('final', () => workerApi.finalReport(this.#cloud.deps, this.#bearer, { reason }));
    await this.#deliverAll();
    const { sessionId, epoch } = this.#known;
    this.vanish();
    this.#cloud.tasks.delete(taskArn);
    this.#invoked('task-events');
    await lost(this.#cloud, { taskArn, sessionId, epoch });
  }

  /** The worker says nothing any more: a sweep ends the session. */
  vanish(): void {
    this.#reporter?.stop();
    this.#session = undefined;
    const run = this.#runs.at(-1);
    if (run) run.ended ??= this.#cloud.now;
  }

  /** A session that a sweep ended has ended here as well. */
  async forget(): Promise<void> {
    await this.#deliverAll();
  }

  async #begin(session: Session): Promise<void> {
    const { deps } = this.#cloud;
    const { sessionId, epoch, bootstrapToken } = session;
    if (bootstrapToken === undefined) throw new Error(`${this.named.name} is not admitted`);
    this.#session = session;
    this.#runs.push({ begun: this.#cloud.now });
    this.#counted();
    await workerApi.bootstrap(deps, {
      sessionId,
      epoch,
      bootstrapToken,
      workerSecret: this.#secret,
      commandSecret: this.#secret,
      address: 'http://10.0.12.34:8080',
      chromiumBuild: BUILD,
      ...(session.taskArn === undefined ? {} : { taskArn: session.taskArn }),
    });
    await this.#supervise();
    await this.snapshot();
    await this.#deliverAll();
  }

  /** As container/control/supervision.ts does, for a client that works at once. */
  async #supervise(): Promise<void> {
    const { settings } = this.#cloud;
    this.#sends = 0;
    this.#isUp = false;
    const timeLine = createStartTimeLine(this.#time);
    this.#reporter = createReporter({
      api: { report: (request) => this.#report(request) },
      time: this.#time,
      log: {
        ...silentLog,
        warn: (message, fields) => {
          throw new Error(`${message}: ${JSON.stringify(fields)}`);
        },
      },
      heartbeatMs: settings.heartbeatSeconds * 1000,
      activityMs: settings.activitySeconds * 1000,
      start: () => timeLine.unreported,
      onStartReported: timeLine.reported,
      onAnswer: () => {},
    });
    this.#reporter.update({ status: 'STARTING' });
    await settled();
    for (const step of START_STEPS) if (step !== 'taskCreated') timeLine.reached(step);
    this.#reporter.update({
      status: 'WORKING',
      me: { id: `${this.named.name}@c.us`, pushName: this.named.name },
      lastActivityAt: this.#cloud.now,
      memoryBytes: 400_000_000,
      build: PAGE_BUILD,
      builds: this.#builds,
    });
    await settled();
    this.#isUp = true;
  }

  /** What the worker counted of the build: each message that it sent. */
  get #builds(): readonly BuildCounts[] {
    const counts = { starts: 1, codes: 0, links: 0, readies: 1, sends: this.#sends, failures: 0 };
    return [{ build: PAGE_BUILD, saved: false, ...counts }];
  }

  #active(): void {
    this.#reporter?.update({ lastActivityAt: this.#cloud.now });
  }

  async #report(request: ReportRequest): Promise<ReportResponse> {
    if (this.#isUp) await sleep(this.#time, ROUND_TRIP_MS);
    try {
      return await this.#worker('report', () => workerApi.report(this.#cloud.deps, this.#bearer, request));
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'fenced')) throw error;
      this.vanish();
      throw new Fenced();
    }
  }

  /** One request of the worker to its API. */
  #worker<T>(_name: string, run: () => Promise<T>): Promise<T> {
    this.#counted();
    return run();
  }

  #counted(): void {
    this.#cloud.ledger.add('API Gateway (workers)');
    this.#invoked('worker-api');
  }

  /** One request of a caller. */
  async #asked<T>(handler: string, run: () => Promise<T>): Promise<T> {
    this.#cloud.ledger.add('API Gateway (callers)');
    this.#invoked('authorizer');
    const key = await findApiKey(this.#cloud.deps, this.#apiKey);
    if (key) await this.#refusalOf(key);
    this.#invoked(handler);
    return run();
  }

  #invoked(handler: string): void {
    this.#cloud.ledger.add('Lambda Invoke');
    this.#cloud.ledger.add(`Lambda ${handler}`);
  }

  /** Queued messages are delivered at once: each is a receive, an invocation and a delete. */
  async #deliverAll(): Promise<void> {
    const { ledger, queue, deps } = this.#cloud;
    for (let delivery = queue.shift(); delivery; delivery = queue.shift()) {
      ledger.add('SQS ReceiveMessage');
      ledger.add('SQS DeleteMessage');
      this.#invoked('deliver');
      await deliver(deps, async () => ({ ok: true, status: 200 }), delivery, {
        receives: 1,
        queuedMs: 20,
        sequence: '0'.repeat(20),
      });
    }
  }

  get #known(): Session {
    if (!this.#session) throw new Error(`${this.named.name} does not run`);
    return this.#session;
  }

  get #secret(): string {
    return `${this.#known.sessionId}${this.#known.epoch}`.padEnd(43, 'x').slice(0, 43);
  }

  get #bearer(): string {
    const { sessionId, epoch } = this.#known;
    return `Bearer ${sessionId}.${epoch}.${this.#secret}`;
  }
}

/** Five sessions a user. */
const userOf = (number: number): string => `user-${String(Math.floor(number / 5)).padStart(5, '0')}`;

const lost = async (
  cloud: Cloud,
  task: { readonly taskArn: string; readonly sessionId: string; readonly epoch: number },
): Promise<Session | undefined> => {
  return taskStopped(cloud.deps, {
    ...task,
    neverStarted: false,
    stopCode: 'UserInitiated',
    detail: 'replaced by a deployment',
  });
};

const MESSAGE = {
  id: 'false_491712223333@c.us_3EB0C767D097B7C7C030',
  timestamp: 1_790_000_000,
  from: '491712223333@c.us',
  fromMe: false,
  to: '491700000001@c.us',
  body: 'a message of about a hundred characters, as people write them when they ask for opening hours',
  hasMedia: false,
  ack: 1,
  ackName: 'SERVER',
};
