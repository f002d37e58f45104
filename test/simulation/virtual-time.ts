/** Lets virtual time pass in a simulation, until its first violation. */
import type { Deps } from '../../core/deps.ts';
import type { Process } from './kernel/scheduler.ts';
import { request, TryAgain } from './model/http.ts';
import type { SimulatedCloud } from './model/simulated-cloud.ts';

export class VirtualTime {
  readonly #cloud: SimulatedCloud;
  #until = 0;

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud;
  }

  /** Throws the violation, if there is one. */
  check(): void {
    if (this.#cloud.violation) throw this.#cloud.violation;
  }

  async pass(ms: number): Promise<void> {
    this.#until += ms;
    await this.#cloud.scheduler.run(this.#until, () => this.check());
  }

  /** Lets time pass until the work is done. */
  async until<T>(work: Promise<T>): Promise<T> {
    const { scheduler } = this.#cloud;
    let over = false;
    const watched = work.finally(() => {
      over = true;
    });
    watched.catch(() => {});
    while (!over) {
      await scheduler.run(scheduler.now + 5_000, () => this.check());
      this.check();
    }
    return watched;
  }
}

/** A caller that repeats its request until there is an answer. */
export const untilAnswered = async <T>(
  cloud: SimulatedCloud,
  caller: Process,
  name: string,
  handler: (deps: Deps) => Promise<T>,
): Promise<T> => {
  for (;;) {
    try {
      return await request(cloud, caller, { name, timeoutMs: 31_000 }, handler);
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
      await cloud.sleep(caller, cloud.random.int(100, 2_000));
    }
  }
};
