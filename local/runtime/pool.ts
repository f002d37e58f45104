import { randomUUID } from 'node:crypto';
import { messageOfError } from '../../contract/message-of-error.ts';
import type { FunctionModel } from '../assembly/model.ts';
import type { InstanceBudget } from './budget.ts';
import type { SharedConcurrency } from './concurrency.ts';
import { idleMs, type Use } from './idle.ts';
import { IdleInstances } from './idle-instances.ts';
import { Instance, type Line, type Outcome, setupOf } from './instance.ts';
import { LeftLine, WaitingLine } from './line.ts';
import { isParked } from './parked.ts';
import type { InstanceSetup } from './protocol.ts';

/** Lambda's limit for a synchronous event and answer. */
const PAYLOAD_BYTES = 6 * 1024 * 1024;
/** Between two looks at which instances only wait, while invocations stand in line. */
const LOOK_MS = 10;

export type InvokeResult = Outcome & { readonly requestId: string };

/** Refused: the function's reserved concurrency or the account's is in use, or no instance became free in time. */
export class ThrottledError extends Error {
  override readonly name = 'TooManyRequestsException';
}

type PoolOptions = {
  readonly model: FunctionModel;
  readonly environment: Readonly<Record<string, string>>;
  readonly budget: InstanceBudget;
  /** Of all functions without a reservation. */
  readonly shared: SharedConcurrency;
  readonly onLine: (line: Line) => void;
  /** The invocations that do not end by themselves, with the function's name. */
  readonly onStuck: (message: string) => void;
};

const WHY = {
  deadline: 'none became free in time',
  caller: 'the caller went away while it waited',
  closed: 'it is shutting down',
} as const;

/**
 * All instances of one function.
 *
 * As on Lambda, an instance runs one invocation at a time, and there are as many instances as there are invocations, up
 * to what this machine carries. Past that, an invocation waits in line for an instance, unless those that there are only
 * wait themselves (a long poll, a worker's answer): a waiting invocation costs nothing, so others are run beside it, in
 * the same instance. Without that, two long polls would hold up every short call for half a minute.
 */
export class FunctionPool {
  readonly #options: PoolOptions;
  readonly #setup: InstanceSetup;
  /** With the events that each works on. */
  readonly #busy = new Map<Instance, Set<unknown>>();
  readonly #idle: IdleInstances;
  readonly #line: WaitingLine<Instance>;
  /** Instances that load their bundle. */
  readonly #loading = new Set<Instance>();
  /** Invocations that run or stand in line. */
  #running = 0;
  #isWanted = false;
  #isKept = false;
  #latestAt: number | undefined;
  #previousAt: number | undefined;
  #environment: Readonly<Record<string, string>>;
  /** Instances with an environment that was replaced: they end once their invocations have. */
  readonly #outdated = new Set<Instance>();
  #look: NodeJS.Timeout | undefined;
  #closed = false;

  /** Throws if the asset does not have the file that the template names. */
  constructor(options: PoolOptions) {
    this.#options = options;
    this.#environment = options.environment;
    this.#setup = setupOf(options.model);
    this.#idle = new IdleInstances(options.budget);
    this.#line = new WaitingLine(options.budget.waitMs);
    options.budget.onRoom(() => this.#startForLine());
  }

  get model(): FunctionModel {
    return this.#options.model;
  }

  /** Instances that there are. */
  get instances(): number {
    return this.#size;
  }

  /** Invocations under way, without those that stand in line. */
  get inFlight(): number {
    return [...this.#busy.values()].reduce((sum, events) => sum + events.size, 0);
  }

  /**
   * Has an instance ready for the next invocation if no instance is, and keeps the last one from now on. One that cannot
   * load reports it when it is invoked.
   */
  warm(): void {
    this.#isWanted = true;
    this.#isKept = true;
    this.#startForLine();
  }

  /**
   * Runs the function; a failure of the function is an outcome, not an exception. Throws ThrottledError.
   * @param signal aborted when the caller no longer waits for the response: a call that has not begun by then is not run
   */
  async invoke(event: unknown, signal?: AbortSignal): Promise<InvokeResult> {
    const requestId = randomUUID();
    const text = JSON.stringify(event) ?? 'null';
    if (Buffer.byteLength(text) > PAYLOAD_BYTES) {
      return failure(requestId, 'RequestEntityTooLarge', `the event exceeds ${PAYLOAD_BYTES} bytes`);
    }
    this.#begin();
    try {
      const instance = this.#takeIdle(event) ?? (await this.#takeInLine(event, signal));
      return await this.#run(instance, event, text, requestId);
    } finally {
      this.#end();
    }
  }

  /** Throws ThrottledError. */
  #begin(): void {
    const { model, shared } = this.#options;
    this.#refuse();
    if (model.reservedConcurrency === undefined && !shared.take())
      throw new ThrottledError(
        `all of the account's ${shared.limit} executions that are not reserved are in use`,
      );
    this.#running += 1;
    this.#previousAt = this.#latestAt;
    this.#latestAt = Date.now();
  }

  #end(): void {
    this.#running -= 1;
    if (this.#options.model.reservedConcurrency === undefined) this.#options.shared.give();
  }

  #refuse(): void {
    const { name, reservedConcurrency } = this.#options.model;
    if (this.#closed) {
      throw new ThrottledError(`${name} is shutting down`);
    }
    if (reservedConcurrency !== undefined && this.#running >= reservedConcurrency) {
      throw new ThrottledError(`${name} has all of its ${reservedConcurrency} reserved instances in use`);
    }
  }

  async #run(instance: Instance, event: unknown, text: string, requestId: string): Promise<InvokeResult> {
    const { name, arn, memoryMb, timeoutSeconds } = this.#options.model;
    try {
      const outcome = await instance.invoke(
        { event: text, requestId, functionName: name, functionArn: arn, memoryMb },
        timeoutSeconds * 1000,
      );
      return outcome.ok && Buffer.byteLength(outcome.payload) > PAYLOAD_BYTES
        ? failure(
            requestId,
            'Function.ResponseSizeTooLarge',
            `Response payload size exceeded maximum allowed payload size (${PAYLOAD_BYTES} bytes).`,
          )
        : { ...outcome, requestId };
    } finally {
      this.#give(instance, event);
    }
  }

  #takeIdle(event: unknown): Instance | undefined {
    if (this.#line.length > 0) return undefined;
    const instance = this.#idle.take();
    if (instance !== undefined) this.#hold(instance, event);
    return instance;
  }

  async #takeInLine(event: unknown, signal: AbortSignal | undefined): Promise<Instance> {
    const { model, onStuck } = this.#options;
    const queued = this.#line.wait(signal, (instance) => this.#hold(instance, event));
    this.#startForLine();
    if (this.#look === undefined) {
      // Their earlier invocations do not count.
      for (const instance of this.#busy.keys()) instance.takeUtilization();
      this.#look = setInterval(() => this.#lookForParked(), LOOK_MS);
    }
    try {
      return await queued;
    } catch (error) {
      if (!(error instanceof LeftLine)) throw error;
      if (error.why === 'deadline') {
        onStuck(`${model.name}: no instance became free in time; ${this.#busy.size} are in use`);
      }
      throw new ThrottledError(`${model.name} has no instance free: ${WHY[error.why]}`);
    } finally {
      if (this.#line.length === 0) {
        clearInterval(this.#look);
        this.#look = undefined;
      }
    }
  }

  #hold(instance: Instance, event: unknown): void {
    const events = this.#busy.get(instance);
    if (events !== undefined) {
      events.add(event);
      return;
    }
    this.#busy.set(instance, new Set([event]));
    instance.takeUtilization();
  }

  #give(instance: Instance, event: unknown): void {
    const events = this.#busy.get(instance);
    events?.delete(event);
    if (events === undefined || events.size > 0) return;
    this.#busy.delete(instance);
    this.#offer(instance);
  }

  /** To the first in line, else it is idle. */
  #offer(instance: Instance): void {
    if (this.#outdated.delete(instance)) void instance.end().then(() => this.#startForLine());
    else if (instance.gone || this.#closed) this.#startForLine();
    else if (!this.#line.serve(instance)) this.#idle.keep(instance, () => idleMs(this.#use));
  }

  get #size(): number {
    return this.#busy.size + this.#idle.length + this.#loading.size;
  }

  /** Of an instance that counts as idle. */
  get #use(): Use {
    return {
      isLast: this.#size === 1,
      isKept: this.#isKept,
      latestAt: this.#latestAt,
      previousAt: this.#previousAt,
    };
  }

  /** As many instances as calls wait, up to what this machine carries; each serves the first call in the queue. */
  #startForLine(): void {
    const { reservedConcurrency = Number.POSITIVE_INFINITY } = this.#options.model;
    const most = Math.min(this.#options.budget.perFunction, reservedConcurrency);
    const isMissing = (): boolean =>
      this.#loading.size < this.#line.length ? this.#size < most : this.#isWanted && this.#size === 0;
    while (!this.#closed && isMissing()) {
      if (!this.#start()) return;
    }
  }

  #start(): boolean {
    const { model, budget, onLine, onStuck } = this.#options;
    if (!budget.take(this.#size === 0)) return false;
    this.#isWanted = false;
    let instance: Instance;
    try {
      instance = new Instance(model, this.#setup, this.#environment, onLine, onStuck);
    } catch (error) {
      // No thread to be had: those in line wait for an instance that there is, or for their deadline.
      budget.cancel();
      onStuck(`no instance of ${model.label} could be started: ${messageOfError(error)}`);
      return false;
    }
    this.#loading.add(instance);
    void instance.ended.then(() => budget.give());
    void instance.ready.then((failed) => {
      this.#loading.delete(instance);
      // The first in the queue receives the reason why the instance could not be loaded.
      if (failed === undefined) this.#offer(instance);
      else if (!this.#line.serve(instance)) void instance.end();
      budget.loaded();
    });
    return true;
  }

  /** Runs the first in line beside invocations that only wait. */
  #lookForParked(): void {
    for (const instance of this.#busy.keys()) {
      if (isParked(instance, this.#line.waitedMs(Date.now()))) this.#line.serve(instance);
    }
  }

  /** Changes the environment of the instances that start from now on. Those that there are finish what they do and end. */
  configure(change: (environment: Readonly<Record<string, string>>) => Record<string, string>): void {
    this.#environment = change(this.#environment);
    this.#idle.end();
    for (const instance of [...this.#busy.keys(), ...this.#loading]) this.#outdated.add(instance);
  }

  /** Ends the instances that work on such an event, as a crash of their machine would. Returns how many. */
  async kill(isVictim: (event: unknown) => boolean = () => true): Promise<number> {
    const victims = [...this.#busy].flatMap(([instance, events]) =>
      [...events].some(isVictim) ? [instance] : [],
    );
    await Promise.all(victims.map((instance) => instance.end()));
    return victims.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#line.close();
    await Promise.all(
      [...this.#idle.takeAll(), ...this.#loading, ...this.#busy.keys()].map((instance) => instance.end()),
    );
  }
}

const failure = (requestId: string, errorType: string, errorMessage: string): InvokeResult => ({
  ok: false,
  requestId,
  error: { errorType, errorMessage },
});
