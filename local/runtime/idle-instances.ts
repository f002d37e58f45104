/** The instances of one function that have no work. Each ends after its time, or when the machine needs its room. */
import type { InstanceBudget } from './budget.ts';
import type { Instance } from './instance.ts';

type Idle = { readonly instance: Instance; timer?: NodeJS.Timeout; end(): void };

export class IdleInstances {
  readonly #budget: Pick<InstanceBudget, 'addIdle' | 'removeIdle'>;
  readonly #idle: Idle[] = [];

  constructor(budget: Pick<InstanceBudget, 'addIdle' | 'removeIdle'>) {
    this.#budget = budget;
  }

  get length(): number {
    return this.#idle.length;
  }

  /** @param idleMs asked again when that time has passed: by then it may be the last one, which is kept longer */
  keep(instance: Instance, idleMs: () => number): void {
    const since = performance.now();
    const idle: Idle = {
      instance,
      end: (): void => {
        this.#drop(idle);
        void instance.end();
      },
    };
    const wait = (): void => {
      const left = idleMs() - (performance.now() - since);
      if (left <= 0) idle.end();
      else idle.timer = setTimeout(wait, Math.ceil(left)).unref();
    };
    this.#idle.push(idle);
    this.#budget.addIdle(idle);
    wait();
  }

  /** The one that became idle last and has not ended by itself. */
  take(): Instance | undefined {
    for (let idle = this.#idle.at(-1); idle !== undefined; idle = this.#idle.at(-1)) {
      this.#drop(idle);
      if (!idle.instance.gone) return idle.instance;
    }
    return undefined;
  }

  takeAll(): Instance[] {
    const all = this.#idle.slice();
    for (const idle of all) this.#drop(idle);
    return all.map(({ instance }) => instance);
  }

  /** Ends them all. */
  end(): void {
    for (const idle of this.#idle.slice()) idle.end();
  }

  #drop(idle: Idle): void {
    clearTimeout(idle.timer);
    this.#idle.splice(this.#idle.indexOf(idle), 1);
    this.#budget.removeIdle(idle);
  }
}
