import { EcsError } from './errors.ts';

/** Lets held operations continue. */
export type Release = () => void;

/** Faults of ECS, on demand; each of `n` uses up one call or task. */
export interface EcsFaults {
  /**
   * RunTask finds no room for the next `n` tasks (of one capacity provider): reported in `failures` as by AWS, or as an
   * exception.
   */
  capacity(n: number, how?: { as?: 'failure' | 'exception'; reason?: string; provider?: string }): void;
  /** The next `n` calls (of one operation) are refused with ThrottlingException. */
  throttle(n: number, operation?: string): void;
  /** The next `n` StopTasks are answered well and do nothing. */
  loseStops(n: number): void;
  /** The next `n` calls of an operation do not begin until released, even when the caller has given up: a late birth. */
  holdCalls(operation: string, n: number): Release;
  /** How many calls of an operation are being held. */
  heldCalls(operation: string): number;
  /** The next `n` tasks stay in PROVISIONING until released or stopped. */
  holdStarts(n: number): Release;
  /** SIGKILLs everything of a running task. */
  kill(taskArn: string): void;
  /** StopTask that Berth did not send: by hand, or as Spot and a failing host do it. */
  stop(taskArn: string): void;
  /** Ends every fault and releases what is held. */
  clear(): void;
}

/** What Fargate says when a zone is full. */
export const NO_CAPACITY =
  'Capacity is unavailable at this time. Please try again later or in a different availability zone';

interface Hold {
  left: number;
  waiting: number;
  readonly operation: string;
  readonly released: PromiseWithResolvers<void>;
}

/** The pseudo-operation under which starts are held. */
const START = 'start';

/** Which faults are still due. */
export class FaultPlan {
  #capacity: { left: number; as: 'failure' | 'exception'; reason: string; provider: string | undefined } = {
    left: 0,
    as: 'failure',
    reason: NO_CAPACITY,
    provider: undefined,
  };
  #throttles: { left: number; operation: string | undefined }[] = [];
  #stopsToLose = 0;
  #holds: Hold[] = [];

  /** The faults' public face; `kill` and `stop` are the engine's. */
  face(kill: EcsFaults['kill'], stop: EcsFaults['stop']): EcsFaults {
    return {
      capacity: (n, { as = 'failure', reason = NO_CAPACITY, provider } = {}) => {
        this.#capacity = { left: n, as, reason, provider };
      },
      throttle: (n, operation) => {
        this.#throttles.push({ left: n, operation });
      },
      loseStops: (n) => {
        this.#stopsToLose = n;
      },
      holdCalls: (operation, n) => this.#hold(operation, n),
      heldCalls: (operation) =>
        this.#holds.reduce((sum, hold) => sum + (hold.operation === operation ? hold.waiting : 0), 0),
      holdStarts: (n) => this.#hold(START, n),
      kill,
      stop,
      clear: () => this.clear(),
    };
  }

  clear(): void {
    this.#capacity.left = 0;
    this.#throttles = [];
    this.#stopsToLose = 0;
    for (const { released } of this.#holds) released.resolve();
    this.#holds = [];
  }

  /** Before an operation begins: throws or waits if a fault is due. */
  async beforeCall(operation: string): Promise<void> {
    const throttle = this.#throttles.find(
      (candidate) => candidate.left > 0 && (candidate.operation ?? operation) === operation,
    );
    if (throttle !== undefined) {
      throttle.left -= 1;
      throw new EcsError('ThrottlingException', 'Rate exceeded');
    }
    await this.#waitHeld(operation);
  }

  /** The reason for which there is no room for the next task, if so. Throws if that is to be an exception. */
  takeCapacityFailure(of: string | undefined): string | undefined {
    const { left, as, reason, provider = of } = this.#capacity;
    if (left === 0 || provider !== of) return undefined;
    this.#capacity.left -= 1;
    if (as === 'exception') throw new EcsError('ClientException', reason);
    return reason;
  }

  takeLostStop(): boolean {
    if (this.#stopsToLose === 0) return false;
    this.#stopsToLose -= 1;
    return true;
  }

  waitToStart(): Promise<void> {
    return this.#waitHeld(START);
  }

  #hold(operation: string, n: number): Release {
    const hold: Hold = { left: n, waiting: 0, operation, released: Promise.withResolvers<void>() };
    this.#holds.push(hold);
    return () => {
      hold.left = 0;
      hold.waiting = 0;
      hold.released.resolve();
    };
  }

  async #waitHeld(operation: string): Promise<void> {
    const hold = this.#holds.find((candidate) => candidate.left > 0 && candidate.operation === operation);
    if (hold === undefined) return;
    hold.left -= 1;
    hold.waiting += 1;
    await hold.released.promise;
  }
}
