import { join } from 'node:path';
import type { Clock } from '../../contract/clock.ts';
import type { FunctionModel } from '../assembly/model.ts';
import type { Principals } from '../gateway/principals.ts';
import { type BudgetOptions, InstanceBudget } from './budget.ts';
import { DEFAULT_ACCOUNT_CONCURRENCY, SharedConcurrency } from './concurrency.ts';
import { functionEnvironment } from './environment.ts';
import { createFunctionLog, type Warning } from './function-log.ts';
import { LogFile } from './log-file.ts';
import type { MetricStore } from './metrics.ts';
import { FunctionPool, type InvokeResult } from './pool.ts';

type FunctionsOptions = {
  readonly models: readonly FunctionModel[];
  /** The AWS endpoint that SDK calls go to. */
  readonly endpoint: string;
  readonly principals: Principals;
  readonly metrics: MetricStore;
  readonly logDir: string;
  readonly clock: Clock;
  readonly onWarning: (warning: Warning) => void;
  /** How many instances there may be; by this machine if omitted. */
  readonly budget?: BudgetOptions;
  /** Concurrent executions of the account; what is not reserved, all other functions share. */
  readonly accountConcurrency?: number;
};

/** All functions of the assembly, each invoked by its name. */
export class Functions {
  readonly #pools = new Map<string, FunctionPool>();
  readonly #files: LogFile[] = [];

  constructor(options: FunctionsOptions) {
    const { endpoint, principals, metrics, logDir, clock, onWarning } = options;
    const budget = new InstanceBudget(options.budget);
    const shared = new SharedConcurrency(
      options.accountConcurrency ?? DEFAULT_ACCOUNT_CONCURRENCY,
      options.models.flatMap(({ reservedConcurrency }) => reservedConcurrency ?? []),
    );
    for (const model of options.models) {
      const file = new LogFile(join(logDir, `${model.label}.log`));
      this.#files.push(file);
      this.#pools.set(
        model.name,
        new FunctionPool({
          model,
          environment: functionEnvironment(model, endpoint, principals.register(model.role)),
          budget,
          shared,
          onLine: createFunctionLog({ label: model.label, file, metrics, clock, onWarning }),
          onStuck: (message) => {
            const level = 'WARN';
            file.write({ timestamp: new Date(clock()).toISOString(), level, message });
            onWarning({ function: model.label, level, message });
          },
        }),
      );
    }
  }

  #pool(name: string): FunctionPool {
    const pool = this.#pools.get(name) ?? [...this.#pools.values()].find(({ model }) => model.label === name);
    if (pool === undefined) {
      throw new Error(`there is no function ${name}`);
    }
    return pool;
  }

  /**
   * @param name the function's name or label
   * @param signal aborted when the caller no longer waits for the response
   */
  invoke(name: string, event: unknown, signal?: AbortSignal): Promise<InvokeResult> {
    return this.#pool(name).invoke(event, signal);
  }

  /** Loads a function ahead of its first invocation, and keeps an instance of it; returns at once. */
  warm(name: string): void {
    this.#pool(name).warm();
  }

  model(name: string): FunctionModel {
    return this.#pool(name).model;
  }

  /** Instances that there are, of one function or of all. */
  instances(name?: string): number {
    const pools = name === undefined ? [...this.#pools.values()] : [this.#pool(name)];
    return pools.reduce((sum, pool) => sum + pool.instances, 0);
  }

  /** Invocations under way, of one function or of all. */
  inFlight(name?: string): number {
    const pools = name === undefined ? [...this.#pools.values()] : [this.#pool(name)];
    return pools.reduce((sum, pool) => sum + pool.inFlight, 0);
  }

  /** Changes the environment of every function, as a deployment does. @see FunctionPool.configure */
  configure(change: (environment: Readonly<Record<string, string>>) => Record<string, string>): void {
    for (const pool of this.#pools.values()) pool.configure(change);
  }

  /** @see FunctionPool.kill */
  kill(name: string, isVictim?: (event: unknown) => boolean): Promise<number> {
    return this.#pool(name).kill(isVictim);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
    await Promise.all(this.#files.map((file) => file.close()));
  }
}
