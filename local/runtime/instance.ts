import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EventLoopUtilization } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FunctionModel } from '../assembly/model.ts';
import type { FunctionError, InstanceMessage, InstanceSetup, InvokeMessage } from './protocol.ts';

/** The outcome of an invocation; the payload is JSON text. */
export type Outcome =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: FunctionError };

export type Line = {
  readonly text: string;
  readonly requestId: string | undefined;
  readonly stream: 'out' | 'err';
};

/** Time for loading a bundle: more than Lambda's 10 s, for a machine that is busy with a dozen browsers. */
const INIT_DEADLINE_MS = 30_000;
/** A thread that is in the middle of a system call may need long to end; callers wait no longer than this. */
const END_DEADLINE_MS = 5_000;
/** For new objects. A function makes few that outlive a call; with more than this it uses no less CPU (docs/performance.md). */
const YOUNG_GENERATION_MB = 6;

/** The path of the bundle. Throws if the asset does not have the file that the template names. */
export const setupOf = ({ assetDir, handler, name }: FunctionModel): InstanceSetup => {
  const dot = handler.lastIndexOf('.');
  const module = handler.slice(0, dot);
  const file = ['.mjs', '.js', '.cjs']
    .map((ending) => join(assetDir, module + ending))
    .find((path) => existsSync(path));
  if (dot < 1 || file === undefined) {
    throw new Error(`function ${name}: no module for the handler ${handler} in ${assetDir}`);
  }
  return {
    entry: pathToFileURL(file).href,
    exportName: handler.slice(dot + 1),
  };
};

const exited = (requestId: string | undefined, how: string): FunctionError => ({
  errorType: 'Runtime.ExitError',
  errorMessage: `RequestId: ${requestId ?? 'none'} Error: Runtime exited ${how}`,
});

type Call = { readonly settle: (outcome: Outcome) => void; readonly startedAt: number };

/**
 * One running copy of a function, in its own thread; once gone, it stays gone. It runs what it is given at once: whether
 * an invocation shares it with others is the pool's to decide.
 */
export class Instance {
  readonly #worker: Worker;
  readonly #onStuck: (message: string) => void;
  readonly #label: string;
  /** Resolves once the bundle is loaded; with the error if it could not be. */
  readonly ready: Promise<FunctionError | undefined>;
  readonly #ended = Promise.withResolvers<void>();
  /** By request id. */
  readonly #calls = new Map<string, Call>();
  /** Whose output is printed without a request id, also after its answer. Undefined: several ran at once. */
  #printing: string | undefined;
  #isReady = false;
  #retired = false;
  #gone = false;
  #sample: EventLoopUtilization | undefined;

  constructor(
    model: FunctionModel,
    setup: InstanceSetup,
    environment: Readonly<Record<string, string>>,
    onLine: (line: Line) => void,
    onStuck: (message: string) => void,
  ) {
    this.#label = model.label;
    this.#onStuck = onStuck;
    this.#worker = new Worker(new URL('./instance-thread.ts', import.meta.url), {
      workerData: setup,
      // Kept beside the bundles and gone with them. By the environment and not by a call in the thread: so it holds for the
      // thread's own TypeScript too.
      env: { ...environment, NODE_COMPILE_CACHE: join(model.assetDir, '..', '.compiled') },
      execArgv: [],
      stdout: true,
      stderr: true,
      name: model.label,
      resourceLimits: {
        maxOldGenerationSizeMb: model.memoryMb,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      },
    });
    for (const [stream, input] of [
      ['out', this.#worker.stdout],
      ['err', this.#worker.stderr],
    ] as const) {
      createInterface({ input }).on('line', (text) => onLine({ text, requestId: this.#printing, stream }));
    }
    this.ready = this.#watch();
  }

  /** It has ended, or will once its invocations have: it takes no more of them. */
  get gone(): boolean {
    return this.#gone || this.#retired;
  }

  /** Resolves when the thread is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Invocations under way. */
  get load(): number {
    return this.#calls.size;
  }

  /**
   * The share of the time since the last call of this method in which the thread worked, from 0 to 1; undefined while the
   * bundle is being loaded, and the first time.
   */
  takeUtilization(): number | undefined {
    if (!this.#isReady || this.#gone) return undefined;
    const now = this.#worker.performance.eventLoopUtilization();
    const before = this.#sample;
    this.#sample = now;
    if (before === undefined) return undefined;
    return this.#worker.performance.eventLoopUtilization(now, before).utilization;
  }

  /** How long the youngest invocation has been running, in milliseconds; infinite if there is none. */
  youngestMs(now: number): number {
    const youngest = Math.max(...[...this.#calls.values()].map(({ startedAt }) => startedAt));
    return now - youngest;
  }

  #watch(): Promise<FunctionError | undefined> {
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        void this.end();
        resolve({ errorType: 'Sandbox.Timedout', errorMessage: 'the init phase timed out' });
      }, INIT_DEADLINE_MS);
      const finish = (error: FunctionError | undefined): void => {
        clearTimeout(late);
        this.#isReady = error === undefined;
        resolve(error);
      };
      const lost = (how: string): void => {
        this.#gone = true;
        finish(exited(undefined, how));
        for (const requestId of [...this.#calls.keys()]) {
          this.#finish(requestId, { ok: false, error: exited(requestId, how) });
        }
      };
      this.#worker.on('message', (message: InstanceMessage) => {
        switch (message.kind) {
          case 'ready':
            return finish(undefined);
          case 'init-failed':
            return finish(message.error);
          case 'answer':
            return this.#finish(message.requestId, { ok: true, payload: message.payload });
          case 'failed':
            return this.#finish(message.requestId, { ok: false, error: message.error });
        }
      });
      this.#worker.on('error', (error: NodeJS.ErrnoException) =>
        lost(
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? 'with error: signal: killed (out of memory)'
            : `with ${error.name}: ${error.message}`,
        ),
      );
      this.#worker.on('exit', (code) => {
        lost(`with exit status ${code}`);
        this.#ended.resolve();
      });
    });
  }

  #finish(requestId: string, outcome: Outcome): void {
    const call = this.#calls.get(requestId);
    this.#calls.delete(requestId);
    call?.settle(outcome);
    if (this.#retired && !this.#gone && this.#calls.size === 0) void this.end();
  }

  /**
   * Runs one event; past its time-out the error is Lambda's, and the instance ends. Invocations that share it come to
   * their own end before.
   */
  async invoke(message: Omit<InvokeMessage, 'kind' | 'deadline'>, timeoutMs: number): Promise<Outcome> {
    const { requestId } = message;
    const failed = await this.ready;
    if (failed !== undefined) {
      await this.end();
      return { ok: false, error: failed };
    }
    if (this.#gone) {
      return { ok: false, error: exited(requestId, 'before the invocation') };
    }
    const { promise: outcome, resolve: settle } = Promise.withResolvers<Outcome>();
    this.#calls.set(requestId, { settle, startedAt: Date.now() });
    this.#printing = this.#calls.size === 1 ? requestId : undefined;
    const timer = setTimeout(() => {
      this.#onStuck(`an invocation of ${this.#label} did not end in ${timeoutMs / 1000} s (${requestId})`);
      this.#retired = true;
      const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
      this.#finish(requestId, { ok: false, error: { errorType: 'Sandbox.Timedout', errorMessage } });
    }, timeoutMs);
    this.#worker.postMessage({
      kind: 'invoke',
      ...message,
      deadline: Date.now() + timeoutMs,
    } satisfies InvokeMessage);
    try {
      return await outcome;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the thread wherever it is; invocations in flight fail. Waits for the thread's end, but not for ever. */
  async end(): Promise<void> {
    this.#gone = true;
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => resolve('late'), END_DEADLINE_MS);
    const ended = await Promise.race([this.#worker.terminate(), late]);
    clearTimeout(timer);
    if (ended === 'late') {
      this.#onStuck(`the thread of an instance of ${this.#label} does not end`);
      this.#ended.resolve();
      // A caller that waits for one of its invocations must not wait for the thread.
      for (const requestId of [...this.#calls.keys()]) {
        this.#finish(requestId, { ok: false, error: exited(requestId, 'and its thread does not end') });
      }
    }
  }
}
