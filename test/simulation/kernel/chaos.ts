/**
 * The faults of a run, and their rates. Each seed draws its own mixture: a run in which everything fails hardly gets
 * anywhere, and a run with one kind of fault goes deep into it.
 */
import type { Random } from './random.ts';

const RATES = [0, 0, 0.02, 0.06, 0.15] as const;

const FAULTS = [
  'storeConflict',
  'storeThrottled',
  /** No answer, and it was not written. */
  'storeLost',
  /** No answer, and it was written. */
  'storeAnswerLost',
  /** No answer, and it is written later. */
  'storeLate',
  /** A query or a read of several items that sees some of them earlier than the others. */
  'tornRead',
  /** A call that takes seconds. */
  'slow',
  'crashBefore',
  'crashAfter',
  'engineUnavailable',
  'engineAnswerLost',
  'noCapacity',
  'stopTaskLost',
  'neverBorn',
  'bornLate',
  'eventLost',
  'eventTwice',
  'eventLate',
  'storageUnavailable',
  'queueUnavailable',
  'requestLost',
  'requestTwice',
  'requestLate',
  'answerLost',
  /** A worker executed a command, and its response was lost. */
  'commandAnswerLost',
  'workerCrash',
  'workerFreeze',
  'workerHangs',
  /** Its capacity is taken back, with notice. */
  'workerTaken',
  /** The phone unlinks the account of a session whose task has just stopped. */
  'unlinkedMeanwhile',
  /** Starts, never calls, receives nothing. */
  'workerMute',
  'sweepSkipped',
  'sweepTwice',
] as const;
type Fault = (typeof FAULTS)[number];

export class Chaos {
  readonly rates: Readonly<Record<Fault, number>>;
  /** Clocks of functions and workers are off by up to this (ms). */
  readonly maxSkew: number;
  /** Index entries are behind by up to this (ms). */
  readonly maxIndexLag: number;
  readonly #random: Random;
  #over = false;
  /** While it lasts, every call of a port fails. */
  #outage: { readonly port: string; readonly until: number } | undefined;

  constructor(random: Random) {
    this.#random = random;
    const calm = random.chance(0.1);
    const rate = () => (calm ? 0 : random.pick(RATES));
    this.rates = {
      ...(Object.fromEntries(FAULTS.map((fault) => [fault, rate()])) as Record<Fault, number>),
      // No fault: what a database under load does to every other read of many items.
      tornRead: random.pick([0, 0.1, 0.5]),
    };
    this.maxSkew = calm ? 0 : random.pick([0, 0, 5_000, 60_000, 180_000]);
    this.maxIndexLag = random.pick([200, 2_000, 30_000]);
  }

  get over(): boolean {
    return this.#over;
  }

  end(): void {
    this.#over = true;
    this.#outage = undefined;
  }

  strikes(fault: Fault): boolean {
    return this.#random.chance(this.rates[fault]) && !this.#over;
  }

  /** ms by which a new process's clock is off. */
  skew(): number {
    const skew = Math.round((this.#random.next() * 2 - 1) * this.maxSkew);
    return this.#over ? 0 : skew;
  }

  indexLag(): number {
    return this.#random.skewed(10, this.#over ? 500 : this.maxIndexLag);
  }

  beginOutage(port: string, until: number, evenThen?: 'in the calm as well'): void {
    if (!this.#over || evenThen) this.#outage = { port, until };
  }

  isOut(port: string, now: number): boolean {
    return this.#outage !== undefined && this.#outage.port === port && now < this.#outage.until;
  }
}
