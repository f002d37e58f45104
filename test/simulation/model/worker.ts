/**
 * A worker as container/ behaves: exchanges its token, restores or shows a QR code, reports, saves, ends itself on
 * its own deadlines, sends its final report. Its faults: it crashes, stops for minutes and resumes as a zombie, hangs
 * at a stop, or has a wrong clock.
 */

import { Problem } from '../../../contract/errors.ts';
import type { Status, StopReason } from '../../../contract/lifecycle.ts';
import { type Message, sendTextArgs } from '../../../contract/whatsapp/messages.ts';
import type { PasskeyChallenge } from '../../../contract/whatsapp/passkey.ts';
import type { Assignment } from '../../../contract/worker/protocol.ts';
import type { Deps } from '../../../core/deps.ts';
import type { CommandOutcome, StandbyLaunch } from '../../../core/ports.ts';
import type { Process } from '../kernel/scheduler.ts';
import type { Cloud, SimulatedCommand, SimulatedTask, SimulatedWorker, Snapshot } from './cloud.ts';
import { workerApi } from './functions.ts';
import { request, TryAgain } from './http.ts';
import { bytesOf, sha256Of } from './storage.ts';

/** The call was answered with 410: this epoch has ended. */
class Fenced extends Error {}
/** The call was answered with another 4xx. */
class CallRefused extends Error {}

type BootstrapAnswer = Awaited<ReturnType<typeof workerApi.bootstrap>>;

const CALL_TIMEOUT_MS = 10_000;
const BUILD = 'chromium-1';
const STOPPING: CommandOutcome = { ok: false, failure: { code: 'stopping', detail: 'stopping' } };
const MESSAGE: Message = {
  id: 'true_491701234567@c.us_3EB0',
  timestamp: 1,
  from: '491700000000@c.us',
  fromMe: true,
  to: '491701234567@c.us',
  body: 'text',
  hasMedia: false,
  ack: 1,
  ackName: 'SERVER',
};

/** As the worker makes it of a message: the same for a repeat. */
const messageId = (epoch: number, n: number): string => `evt_${String(epoch * 1_000 + n).padStart(26, '0')}`;

export class Worker implements SimulatedWorker {
  readonly process: Process;
  readonly task: SimulatedTask;
  readonly address: string;
  readonly #cloud: Cloud;
  readonly #workerSecret: string;
  readonly #commandSecret: string;
  live = false;
  #status: Status = 'STARTING';
  #account: string | undefined;
  #seq = 0;
  #reporting = false;
  #reportAgain = false;
  #saving: Promise<void> = Promise.resolve();
  #ending: StopReason | undefined;
  #terminated = false;
  #mute = false;
  #offset = 0;
  #boot: BootstrapAnswer | undefined;
  #qrSince: number | undefined;
  #passkeySince: number | undefined;
  #statusData: PasskeyChallenge | undefined;
  #lastActivityAt: number | undefined;
  /** Messages that came to this worker, and those of them that are not acknowledged yet. */
  #messages = 0;
  readonly #unreported: number[] = [];
  #reportRun: Promise<void> | undefined;
  #calls = 0;
  /** Of a standby task: whether it serves the session that it was assigned. */
  #assigned: Promise<boolean> | undefined;
  /** Of commands, by the key of their caller. */
  readonly #outcomes = new Map<string, CommandOutcome>();

  /** As each worker does; one of the release before puts parts. */
  readonly #putsAtOnce: boolean;

  constructor(cloud: Cloud, task: SimulatedTask) {
    this.#cloud = cloud;
    this.#putsAtOnce = cloud.random.chance(0.7);
    this.task = task;
    const { sessionId, epoch } = task.launch;
    this.process = cloud.spawn(`worker(${task.taskArn} ${sessionId}:${epoch})`);
    // Standby tasks are born in any order.
    this.address = task.standby
      ? `http://10.1.${task.taskArn.replace('task-', '')}.1:8080`
      : `http://10.0.${cloud.engine.tasks.size}.1:8080`;
    this.#workerSecret = cloud.random.text(43);
    this.#commandSecret = cloud.random.text(43);
  }

  get status(): Status {
    return this.#status;
  }

  get ending(): boolean {
    return this.#ending !== undefined;
  }

  start(): void {
    const { chaos, random, scheduler } = this.#cloud;
    if (chaos.strikes('workerCrash')) {
      scheduler.in(random.skewed(100, 900_000), this.process, `${this.process.name} crashes`, () =>
        this.#exit('crashed'),
      );
    }
    if (chaos.strikes('workerFreeze')) {
      scheduler.in(random.skewed(100, 600_000), this.process, `${this.process.name} freezes`, () => {
        if (!chaos.over) this.process.frozenUntil = scheduler.now + random.int(10_000, 300_000);
      });
    }
    if (chaos.strikes('workerTaken')) {
      scheduler.in(random.skewed(100, 600_000), undefined, `${this.process.name} is taken`, () =>
        this.#cloud.engine.take(this.task),
      );
    }
    this.#mute = chaos.strikes('workerMute');
    if (this.#mute) return;
    void this.#watched(this.task.standby ? this.#standBy(this.task.standby) : this.#run());
  }

  async #watched(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => {
      if (error instanceof Fenced) return this.#exit('fenced');
      if (error instanceof CallRefused) return this.#exit('refused');
      if (error instanceof TryAgain) return this.#exit('gave up');
      this.#cloud.violate('defect', `worker: ${error instanceof Error ? error.stack : String(error)}`);
    });
  }

  /** Reports that it waits, until it is assigned a session. */
  async #standBy({ standbyId, standbyToken }: StandbyLaunch): Promise<void> {
    try {
      while (!this.#assigned) {
        const { heartbeatSeconds } = await this.#retried('standby', 60_000, (deps) =>
          workerApi.standby(deps, {
            standbyId,
            standbyToken,
            workerSecret: this.#workerSecret,
            commandSecret: this.#commandSecret,
            address: this.address,
            chromiumBuild: BUILD,
          }),
        );
        await this.#cloud.sleep(this.process, heartbeatSeconds * 1000);
      }
    } catch (error) {
      if (error instanceof Fenced) await this.#cloud.sleep(this.process, 10_000);
      if (!this.#assigned) throw error;
    }
  }

  assign({ sessionId, epoch, bootstrapToken }: Assignment): Promise<boolean> {
    const { launch } = this.task;
    if (this.#mute || this.#terminated) return Promise.resolve(false);
    if (!this.#assigned) {
      this.task.launch = { ...launch, sessionId, epoch, bootstrapToken };
      this.#assigned = new Promise((resolve) => {
        void this.#watched(this.#run(() => resolve(true))).finally(() => resolve(false));
      });
    } else if (launch.sessionId !== sessionId || launch.epoch !== epoch) return Promise.resolve(false);
    return this.#assigned;
  }

  terminate(): void {
    if (this.process.dead) return;
    if (this.#terminated || this.#mute) return;
    this.#terminated = true;
    this.#cloud.scheduler.in(0, this.process, `${this.process.name} receives SIGTERM`, () => {
      if (this.#boot) this.#end('task_stopped');
      else this.#exit('terminated before it was bootstrapped');
    });
  }

  command(
    command: SimulatedCommand,
    by: { readonly epoch: number; readonly commandSecret: string },
  ): CommandOutcome {
    if (by.epoch !== this.task.launch.epoch || by.commandSecret !== this.#commandSecret) {
      return { ok: false, failure: { code: 'unauthorized', detail: 'not this session' } };
    }
    if (this.#ending !== undefined) return STOPPING;
    if (command.name === 'sendText') return this.#send(command.args, command.key);
    if (command.name === 'logout') this.#unlink();
    return { ok: true, result: {} };
  }

  #send(args: unknown, key: string | undefined): CommandOutcome {
    if (this.#status !== 'WORKING')
      return { ok: false, failure: { code: 'wrong_status', detail: this.#status, status: this.#status } };
    const earlier = key === undefined ? undefined : this.#outcomes.get(key);
    if (earlier) return earlier;
    this.#cloud.watcher?.sent(sendTextArgs.parse(args).text);
    const outcome: CommandOutcome = { ok: true, result: MESSAGE };
    if (key !== undefined) this.#outcomes.set(key, outcome);
    this.#lastActivityAt = this.#controlNow();
    return outcome;
  }

  /** Commands that waited for the client to work: claimed, carried out and answered for one by one. */
  #collect(): void {
    const collect = async (): Promise<void> => {
      while (this.#ending === undefined) {
        const command = await this.#retried('claim', 60_000, (deps) =>
          workerApi.claim(deps, this.#bearer, {}),
        );
        if (!command) return;
        const { id, workerKey, args = '' } = command;
        await this.#cloud.sleep(this.process, this.#cloud.random.skewed(1, 2_000));
        const outcome = this.#ending === undefined ? this.#send(JSON.parse(args), workerKey) : STOPPING;
        await this.#retried('command-result', 60_000, (deps) =>
          workerApi.commandResult(deps, this.#bearer, { id, outcome }),
        );
      }
    };
    collect().catch((error: unknown) => {
      if (error instanceof Fenced || error instanceof CallRefused || error instanceof TryAgain) return;
      this.#cloud.violate('defect', `worker: ${error instanceof Error ? error.stack : String(error)}`);
    });
  }

  async #run(onServing = () => {}): Promise<void> {
    const { sessionId, epoch, bootstrapToken } = this.task.launch;
    const askedAt = this.#localNow();
    const askedTrueAt = this.#cloud.trueTime;
    const boot = await this.#retried('bootstrap', 60_000, (deps) =>
      workerApi.bootstrap(deps, {
        sessionId,
        epoch,
        bootstrapToken,
        workerSecret: this.#workerSecret,
        commandSecret: this.#commandSecret,
        address: this.address,
        chromiumBuild: BUILD,
        taskArn: this.task.taskArn,
      }),
    );
    onServing();
    this.#boot = boot;
    this.#crashesAgain(boot);
    this.#cloud.watcher?.resumes(sessionId, boot.told, askedTrueAt);
    this.#offset = boot.now - Math.round((askedAt + this.#localNow()) / 2);
    this.live = true;
    this.#cloud.watcher?.live(this);
    this.#heartbeat();
    this.#report();
    await this.#restore(boot);
    if (this.#ending !== undefined) return;
    await this.#cloud.sleep(this.process, this.#cloud.random.skewed(1_000, 20_000));
    if (this.#ending !== undefined) return;
    if (this.#account !== undefined && this.#cloud.unlinked.has(this.#account)) {
      await this.#retried('discard', 30_000, (deps) =>
        workerApi.discard(deps, this.#bearer, { reason: 'revoked' }),
      );
      this.#account = undefined;
      if (!boot.mayLink) {
        if (this.#ending !== undefined) return;
        this.#ending = 'logged_out';
        return this.#guarded(() => this.#finish('logged_out'));
      }
    }
    if (this.#account === undefined && !boot.mayLink) this.#end('crashed');
    else if (this.#account === undefined) this.#showQr();
    else this.#work();
  }

  /** The cause of a session's crash often makes it crash again. */
  #crashesAgain({ mayLink }: BootstrapAnswer): void {
    const { chaos, random, scheduler } = this.#cloud;
    if (mayLink || chaos.over || !random.chance(0.4)) return;
    scheduler.in(random.skewed(1_000, 60_000), this.process, `${this.process.name} crashes again`, () => {
      if (!chaos.over) this.#exit('crashed again');
    });
  }

  /** The first auth state that storage has. A storage that does not answer ends the start. */
  async #restore(boot: BootstrapAnswer): Promise<void> {
    for (const state of boot.authStates) {
      const snapshot = await this.#fetch(state.key);
      if (snapshot) {
        this.#account = snapshot.account;
        return;
      }
    }
  }

  async #fetch(key: string): Promise<Snapshot | undefined> {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        return await this.#cloud.bucket.fetch(this.process, key);
      } catch {
        await this.#cloud.sleep(this.process, this.#cloud.random.int(100, 5_000));
      }
    }
    this.#end('crashed');
    throw new TryAgain('storage');
  }

  #showQr(): void {
    this.#set('SCAN_QR_CODE');
    this.#qrSince = this.#controlNow();
    const { random, scheduler } = this.#cloud;
    if (random.chance(0.7)) {
      scheduler.in(random.skewed(2_000, 200_000), this.process, `${this.process.name} is scanned`, () => {
        if (this.#ending !== undefined || this.#status !== 'SCAN_QR_CODE') return;
        const account = `account-${this.task.launch.sessionId}-${random.text(4)}`;
        const [way = 0] = Buffer.from(account.slice(-1));
        if (way % 4 === 0) this.#askPasskey(account, way % 3);
        else this.#link(account);
      });
    }
    this.#watch();
  }

  /** The account has a passkey: a challenge a minute, answered in the first minute, in the second, or never. */
  #askPasskey(account: string, answeredIn: number, minute = 0): void {
    if (this.#ending !== undefined) return;
    this.#passkeySince ??= this.#controlNow();
    this.#statusData = {
      challenge: `${account}-${minute}`,
      timeout: 60_000,
      rpId: 'web.whatsapp.com',
      allowCredentials: [],
      userVerification: 'required',
    };
    this.#set('PASSKEY_REQUIRED');
    const answered = minute === answeredIn;
    const name = `${this.process.name} ${answered ? 'is signed for' : 'asks for another signature'}`;
    this.#cloud.scheduler.in(answered ? 20_000 : 60_000, this.process, name, () => {
      if (this.#ending !== undefined) return;
      if (answered) this.#link(account);
      else this.#askPasskey(account, answeredIn === 2 ? Number.POSITIVE_INFINITY : answeredIn, minute + 1);
    });
  }

  #link(account: string): void {
    if (this.#ending !== undefined) return;
    this.#account = account;
    this.#work();
  }

  #work(): void {
    this.#statusData = undefined;
    this.#set('WORKING');
    this.#qrSince = undefined;
    this.#passkeySince = undefined;
    this.#lastActivityAt = this.#controlNow();
    const { random, scheduler } = this.#cloud;
    this.#collect();
    void this.#save();
    const live = () => {
      if (this.#ending !== undefined || this.#status !== 'WORKING') return;
      void this.#save();
      // A save races with an account that is unlinked during it.
      if (random.chance(0.05)) {
        scheduler.in(random.skewed(10, 2_000), this.process, `${this.process.name} is unlinked`, () =>
          this.#unlinkedByPhone(),
        );
      }
      scheduler.in(
        (this.#boot?.snapshotIntervalSeconds ?? 60) * 1000,
        this.process,
        `${this.process.name} snapshot`,
        live,
      );
    };
    scheduler.in(
      (this.#boot?.snapshotIntervalSeconds ?? 60) * 1000,
      this.process,
      `${this.process.name} snapshot`,
      live,
    );
    const message = () => {
      if (this.#ending !== undefined || this.#status !== 'WORKING') return;
      this.#lastActivityAt = this.#controlNow();
      this.#came();
      if (random.chance(0.03)) return this.#unlinkedByPhone();
      scheduler.in(random.skewed(5_000, 240_000), this.process, `${this.process.name} message`, message);
    };
    scheduler.in(random.skewed(5_000, 240_000), this.process, `${this.process.name} message`, message);
    this.#watch();
  }

  /** Messages came in; they are reported in order, a few in each call. */
  #came(): void {
    for (let n = this.#cloud.random.int(1, 3); n > 0; n--) {
      this.#messages += 1;
      this.#unreported.push(this.#messages);
    }
    this.#reportRun ??= this.#reportMessages()
      .catch((error: unknown) => {
        this.#cloud.violate('defect', `worker: ${error instanceof Error ? error.stack : String(error)}`);
      })
      .finally(() => {
        this.#reportRun = undefined;
      });
  }

  async #reportMessages(): Promise<void> {
    const { sessionId, epoch } = this.task.launch;
    try {
      while (this.#unreported.length > 0 && this.#account !== undefined) {
        const batch = this.#unreported.slice(0, 2);
        this.#calls += 1;
        const ids = batch.map((n) => ({ id: messageId(epoch, n), at: epoch * 1_000 + n }));
        const told = { seq: this.#calls, account: this.#account, since: ids[0]?.at ?? 0, ids };
        const events = ids.map(({ id }) => ({
          id,
          timestamp: this.#controlNow(),
          event: 'message',
          payload: {},
        }));
        await this.#retried('events', 60_000, (deps) =>
          workerApi.events(deps, this.#bearer, { events, told }),
        );
        this.#unreported.splice(0, batch.length);
        this.#cloud.watcher?.acknowledged(sessionId, told);
      }
    } catch (error) {
      if (!(error instanceof Fenced || error instanceof CallRefused || error instanceof TryAgain))
        throw error;
    }
  }

  /** Ends on its own deadlines. */
  #watch(): void {
    const due = this.#nextDeadline();
    if (!due) return;
    const wait = due.at - this.#controlNow();
    this.#cloud.scheduler.in(wait, this.process, `${this.process.name} deadline?`, () => {
      if (this.#ending !== undefined) return;
      const now = this.#nextDeadline();
      if (now && now.at <= this.#controlNow()) this.#end(now.reason);
      else this.#watch();
    });
  }

  #nextDeadline(): { at: number; reason: StopReason } | undefined {
    const deadlines = this.#boot?.deadlines;
    if (!deadlines) return undefined;
    const due: { at: number; reason: StopReason }[] = [];
    if (deadlines.maxAt !== undefined) due.push({ at: deadlines.maxAt, reason: 'max_duration' });
    const linkingSince = this.#passkeySince ?? this.#qrSince;
    if (linkingSince !== undefined)
      due.push({ at: linkingSince + deadlines.qrTimeoutMs, reason: 'qr_expired' });
    if (
      this.#status === 'WORKING' &&
      this.#lastActivityAt !== undefined &&
      deadlines.idleTimeoutMs !== undefined
    ) {
      due.push({ at: this.#lastActivityAt + deadlines.idleTimeoutMs, reason: 'idle' });
    }
    return due.sort((a, b) => a.at - b.at)[0];
  }

  unlinkedMeanwhile(): void {
    if (this.#account !== undefined) this.#cloud.unlinked.add(this.#account);
  }

  #unlinkedByPhone(): void {
    if (this.#account !== undefined) this.#cloud.unlinked.add(this.#account);
    this.#unlink();
  }

  /** The saved account is invalid: it is deleted before the end, and nothing is saved any more. */
  #unlink(): void {
    if (this.#account === undefined || this.#ending !== undefined) return;
    this.#cloud.unlinked.add(this.#account);
    this.#account = undefined;
    this.#ending = 'logged_out';
    this.#guarded(async () => {
      await this.#retried('discard', 30_000, (deps) =>
        workerApi.discard(deps, this.#bearer, { reason: 'logged_out' }),
      );
      await this.#finish('logged_out');
    });
  }

  #end(reason: StopReason): void {
    if (this.#ending !== undefined) return;
    this.#ending = reason;
    if (this.#cloud.chaos.strikes('workerHangs')) return;
    this.#guarded(() => this.#finish(reason));
  }

  async #finish(reason: StopReason): Promise<void> {
    const until = this.#localNow() + (this.#boot?.stopGraceSeconds ?? 60) * 1000;
    // The browser is closed first: the last snapshot is taken of a profile that is not being written.
    await this.#cloud.sleep(this.process, this.#cloud.random.skewed(100, 5_000));
    await this.#save(until);
    this.live = false;
    await this.#retried('finalReport', until - this.#localNow(), (deps) =>
      workerApi.finalReport(deps, this.#bearer, { reason }),
    );
    this.#exit('ended');
  }

  #guarded(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (error instanceof Fenced || error instanceof CallRefused || error instanceof TryAgain) {
        return this.#exit(`end failed: ${error.message}`);
      }
      this.#cloud.violate('defect', `worker: ${error instanceof Error ? error.stack : String(error)}`);
    });
  }

  /** One at a time; a snapshot that fails leaves the one before. */
  #save(until = this.#localNow() + 60_000): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const account = this.#account;
      if (account === undefined) return;
      const snapshot: Snapshot = { account, taken: this.#cloud.nextSnapshot() };
      try {
        await this.#upload(snapshot, until);
      } catch (error) {
        if (error instanceof Fenced) this.#exit('fenced');
        else if (!(error instanceof TryAgain || error instanceof CallRefused)) throw error;
      }
    });
    return this.#saving;
  }

  async #upload(snapshot: Snapshot, until: number): Promise<void> {
    const left = () => until - this.#localNow();
    const sha256 = sha256Of(snapshot);
    const bytes = bytesOf(snapshot);
    const atOnce = this.#putsAtOnce ? { atOnce: true } : {};
    const { key, uploadId, parts } = await this.#retried('upload', left(), (deps) =>
      workerApi.upload(deps, this.#bearer, { bytes, sha256, ...atOnce }),
    );
    try {
      await this.#cloud.bucket.put(this.process, parts[0] ?? '', snapshot);
    } catch {
      throw new TryAgain('storage');
    }
    if (this.#account !== snapshot.account) return;
    await this.#retried('commit', left(), (deps) =>
      workerApi.commit(deps, this.#bearer, {
        key,
        ...(uploadId === undefined ? {} : { uploadId, etags: ['"1"'] }),
        sha256,
        bytes,
        chromiumBuild: BUILD,
      }),
    );
  }

  #set(status: Status): void {
    this.#status = status;
    this.#report();
  }

  #heartbeat(): void {
    const ms = (this.#boot?.heartbeatSeconds ?? 20) * 1000;
    this.#cloud.scheduler.in(ms, this.process, `${this.process.name} heartbeat`, () => {
      this.#report();
      this.#heartbeat();
    });
  }

  #report(): void {
    if (this.#reporting) {
      this.#reportAgain = true;
      return;
    }
    this.#reporting = true;
    this.#seq += 1;
    const body = {
      seq: this.#seq,
      status: this.#status,
      ...(this.#account === undefined ? {} : { me: { id: this.#account } }),
      ...(this.#lastActivityAt === undefined ? {} : { lastActivityAt: this.#lastActivityAt }),
      ...(this.#statusData === undefined ? {} : { statusData: this.#statusData }),
    };
    const beat = (this.#boot?.heartbeatSeconds ?? 20) * 1000;
    this.#retried('report', beat, (deps) => workerApi.report(deps, this.#bearer, body))
      .then(
        (answer) => {
          this.#offset = answer.now - this.#localNow();
          if (this.#boot) this.#boot = { ...this.#boot, deadlines: answer.deadlines };
          if (answer.stop !== undefined) this.#end(answer.stop);
        },
        (error: unknown) => {
          if (error instanceof Fenced) this.#exit('fenced');
          else if (!(error instanceof TryAgain || error instanceof CallRefused)) throw error;
        },
      )
      .then(
        () => {
          this.#reporting = false;
          if (!this.#reportAgain) return;
          this.#reportAgain = false;
          this.#report();
        },
        (error: unknown) => this.#cloud.violate('defect', `worker: ${String(error)}`),
      );
  }

  get #bearer(): string {
    const { sessionId, epoch } = this.task.launch;
    return `Bearer ${sessionId}.${epoch}.${this.#workerSecret}`;
  }

  async #retried<T>(name: string, budgetMs: number, handler: (deps: Deps) => Promise<T>): Promise<T> {
    const until = this.#localNow() + budgetMs;
    const { sessionId, epoch } = this.task.launch;
    const options = { name: `worker-${name}`, claim: { sessionId, epoch }, timeoutMs: CALL_TIMEOUT_MS };
    for (let attempt = 0; ; attempt++) {
      try {
        return await request(this.#cloud, this.process, options, handler);
      } catch (error) {
        if (error instanceof Problem)
          throw error.code === 'fenced' ? new Fenced(name) : new CallRefused(`${name}: ${error.message}`);
        if (!(error instanceof TryAgain)) throw error;
        const wait = this.#cloud.random.next() * Math.min(10_000, 200 * 2 ** attempt);
        if (this.#localNow() + wait > until) throw error;
        await this.#cloud.sleep(this.process, wait);
      }
    }
  }

  #exit(detail: string): void {
    if (this.process.dead) return;
    this.live = false;
    this.process.dead = true;
    this.#cloud.engine.exited(this.task, detail);
  }

  #localNow(): number {
    return this.#cloud.clockOf(this.process)();
  }

  #controlNow(): number {
    return this.#localNow() + this.#offset;
  }
}
