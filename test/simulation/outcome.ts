import type { SimulatedCloud } from './model/simulated-cloud.ts';
import { Violation } from './model/violation.ts';

/** The actions of a run, in numbers that its simulation counts. */
export type Counts = {
  readonly admissions: number;
  readonly releases: number;
  readonly snapshots: number;
  readonly resumed: number;
  /** Sessions that lost their task and started again by themselves. */
  readonly restarts: number;
};

export type Outcome = Counts & {
  readonly seed: number;
  readonly steps: number;
  /** The same for two runs that did the same. */
  readonly fingerprint: number;
  readonly virtualMs: number;
  readonly violation: Violation | undefined;
};

const NOTHING: Counts = { admissions: 0, releases: 0, snapshots: 0, resumed: 0, restarts: 0 };

/**
 * Runs a simulation until its end or its first violation. Another error is thrown.
 * @param countsOf called once the run has ended
 */
export const outcomeOf = async (
  seed: number,
  cloud: SimulatedCloud,
  run: { all(): Promise<void> },
  countsOf: () => Partial<Counts>,
): Promise<Outcome> => {
  try {
    await run.all();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
  }
  const { scheduler, violation } = cloud;
  return {
    seed,
    steps: scheduler.steps,
    fingerprint: scheduler.fingerprint,
    virtualMs: scheduler.now,
    ...NOTHING,
    ...countsOf(),
    violation,
  };
};
