import type { EcsFaults } from './engines/ecs/faults.ts';

/** An engine behind the gateway that can be made to refuse. */
export type EngineName = 'dynamodb' | 's3' | 'sqs' | 'ecs';

/** Faults of the running system, on demand, for tests. */
export type Faults = {
  /** From now on every call to the engine fails (or works again), as if the port were closed. */
  refuse(engine: EngineName, on: boolean): void;
  /** Ends a function's instances in flight, or those whose event this says, as a crash would. Returns how many. */
  killFunction(name: string, isVictim?: (event: unknown) => boolean): Promise<number>;
  readonly ecs: EcsFaults;
};

/** A port that nothing listens on. */
const CLOSED_PORT = 'http://127.0.0.1:1';

/** Which engines refuse just now. */
export class Refusals {
  readonly #refusing = new Set<EngineName>();

  set(engine: EngineName, on: boolean): void {
    if (on) {
      this.#refusing.add(engine);
    } else {
      this.#refusing.delete(engine);
    }
  }

  has(engine: EngineName): boolean {
    return this.#refusing.has(engine);
  }

  /** The engine's address, or one with a closed port. */
  address(engine: EngineName, url: string): string {
    return this.has(engine) ? CLOSED_PORT : url;
  }
}
