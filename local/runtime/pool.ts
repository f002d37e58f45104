import { randomUUID } from 'node:crypto';
import type { FunctionModel } from '../assembly/model.ts';
import { Instance, type Line, type Outcome } from './instance.ts';

/** Lambda's limit for a synchronous event and answer. */
const PAYLOAD_BYTES = 6 * 1024 * 1024;
const IDLE_MS = 5 * 60_000;

export type InvokeResult = Outcome & { readonly requestId: string };

/** Refused because the function's reserved concurrency is in use. */
export class ThrottledError extends Error {
  override readonly name = 'TooManyRequestsException';
}

export type PoolOptions = {
  readonly model: FunctionModel;
  readonly environment: Readonly<Record<string, string>>;
  /** Instances at once where the template reserves none; more invocations wait in line. */
  readonly maxInstances: number;
  readonly onLine: (line: Line) => void;
};

/** All instances of one function: reuses idle ones, bounds their number, ends those that nobody needs. */
export class FunctionPool {
  readonly #options: PoolOptions;
  /** With the event that each works on. */
  readonly #busy = new Map<Instance, unknown>();
  readonly #idle: { instance: Instance; timer: NodeJS.Timeout }[] = [];
  readonly #line: (() => void)[] = [];
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get model(): FunctionModel {
    return this.#options.model;
  }

  /** Invocations under way. */
  get inFlight(): number {
    return this.#busy.size;
  }

  /** Has an instance ready for the next invocation, where none is. One that can't load says so when it is invoked. */
  warm(): void {
    const { model, environment, onLine } = this.#options;
    if (this.#closed || this.#idle.length > 0) return;
    this.#keep(new Instance(model, environment, onLine));
  }

  /** Runs the function; a failure of the function is an outcome, not an exception. Throws ThrottledError. */
  async invoke(event: unknown): Promise<InvokeResult> {
    const requestId = randomUUID();
    const text = JSON.stringify(event) ?? 'null';
    if (Buffer.byteLength(text) > PAYLOAD_BYTES) {
      return failure(requestId, 'RequestEntityTooLarge', `the event exceeds ${PAYLOAD_BYTES} bytes`);
    }
    const instance = await this.#take(event);
    try {
      const { name, arn, memoryMb, timeoutSeconds } = this.#options.model;
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
      this.#give(instance);
    }
  }

  async #take(event: unknown): Promise<Instance> {
    const { model, environment, maxInstances, onLine } = this.#options;
    while (true) {
      if (this.#closed) {
        throw new ThrottledError(`${model.name} is shutting down`);
      }
      const idle = this.#idle.pop();
      if (idle !== undefined) {
        clearTimeout(idle.timer);
        if (idle.instance.gone) {
          continue;
        }
        this.#busy.set(idle.instance, event);
        return idle.instance;
      }
      if (this.#busy.size < (model.reservedConcurrency ?? maxInstances)) {
        const instance = new Instance(model, environment, onLine);
        this.#busy.set(instance, event);
        return instance;
      }
      if (model.reservedConcurrency !== undefined) {
        throw new ThrottledError(
          `${model.name} has all of its ${model.reservedConcurrency} reserved instances in use`,
        );
      }
      await new Promise<void>((resolve) => this.#line.push(resolve));
    }
  }

  #give(instance: Instance): void {
    this.#busy.delete(instance);
    if (!instance.gone && !this.#closed) this.#keep(instance);
    this.#line.shift()?.();
  }

  #keep(instance: Instance): void {
    const timer = setTimeout(() => void instance.end(), IDLE_MS).unref();
    this.#idle.push({ instance, timer });
  }

  /** Ends the instances that work on such an event, as a crash of their machine would. Returns how many. */
  async kill(isVictim: (event: unknown) => boolean = () => true): Promise<number> {
    const victims = [...this.#busy].flatMap(([instance, event]) => (isVictim(event) ? [instance] : []));
    await Promise.all(victims.map((instance) => instance.end()));
    return victims.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const proceed of this.#line.splice(0)) {
      proceed();
    }
    const idle = this.#idle.splice(0).map(({ instance, timer }) => {
      clearTimeout(timer);
      return instance;
    });
    await Promise.all([...idle, ...this.#busy.keys()].map((instance) => instance.end()));
  }
}

const failure = (requestId: string, errorType: string, errorMessage: string): InvokeResult => ({
  ok: false,
  requestId,
  error: { errorType, errorMessage },
});
