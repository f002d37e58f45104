import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FunctionModel } from '../assembly/model.ts';
import type { FunctionError, InstanceMessage, InstanceSetup, InvokeMessage } from './protocol.ts';

/** What became of an invocation; the payload is JSON text. */
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
/** The thread shares this process's code, so less is needed than the whole of Lambda's memory size. */
const YOUNG_GENERATION_MB = 32;

/** Where the bundle lies; throws if the asset does not have the file that the template names. */
const setupOf = ({ assetDir, handler, name }: FunctionModel): InstanceSetup => {
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

/** One running copy of a function, in its own thread. Takes one invocation at a time; once gone, it stays gone. */
export class Instance {
  readonly #worker: Worker;
  readonly #ready: Promise<FunctionError | undefined>;
  #settle: ((outcome: Outcome) => void) | undefined;
  #requestId: string | undefined;
  #gone = false;

  constructor(
    model: FunctionModel,
    environment: Readonly<Record<string, string>>,
    onLine: (line: Line) => void,
  ) {
    this.#worker = new Worker(new URL('./instance-thread.ts', import.meta.url), {
      workerData: setupOf(model),
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
      createInterface({ input }).on('line', (text) => onLine({ text, requestId: this.#requestId, stream }));
    }
    this.#ready = this.#watch();
  }

  get gone(): boolean {
    return this.#gone;
  }

  #watch(): Promise<FunctionError | undefined> {
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        void this.end();
        resolve({ errorType: 'Sandbox.Timedout', errorMessage: 'the init phase timed out' });
      }, INIT_DEADLINE_MS);
      const finish = (error: FunctionError | undefined): void => {
        clearTimeout(late);
        resolve(error);
      };
      const lost = (how: string): void => {
        this.#gone = true;
        const error = exited(this.#requestId, how);
        finish(error);
        this.#finish({ ok: false, error });
      };
      this.#worker.on('message', (message: InstanceMessage) => {
        switch (message.kind) {
          case 'ready':
            return finish(undefined);
          case 'init-failed':
            return finish(message.error);
          case 'answer':
            return this.#finish({ ok: true, payload: message.payload });
          case 'failed':
            return this.#finish({ ok: false, error: message.error });
        }
      });
      this.#worker.on('error', (error: NodeJS.ErrnoException) =>
        lost(
          error.code === 'ERR_WORKER_OUT_OF_MEMORY'
            ? 'with error: signal: killed (out of memory)'
            : `with ${error.name}: ${error.message}`,
        ),
      );
      this.#worker.on('exit', (code) => lost(`with exit status ${code}`));
    });
  }

  #finish(outcome: Outcome): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
  }

  /** Runs one event; past the message's deadline the instance is ended and the error is Lambda's. */
  async invoke(message: Omit<InvokeMessage, 'kind' | 'deadline'>, timeoutMs: number): Promise<Outcome> {
    this.#requestId = message.requestId;
    const failed = await this.#ready;
    if (failed !== undefined) {
      await this.end();
      return { ok: false, error: failed };
    }
    if (this.#gone) {
      return { ok: false, error: exited(message.requestId, 'before the invocation') };
    }
    const outcome = new Promise<Outcome>((resolve) => {
      this.#settle = resolve;
    });
    const timer = setTimeout(() => {
      const errorMessage = `RequestId: ${message.requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
      this.#finish({ ok: false, error: { errorType: 'Sandbox.Timedout', errorMessage } });
      void this.end();
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

  /** Ends the thread wherever it is; an invocation in flight fails. */
  async end(): Promise<void> {
    this.#gone = true;
    await this.#worker.terminate();
  }
}
