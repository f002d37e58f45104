/** What simulations of a fleet of sessions share: its settings, its creation and the sweeps. */
import type { SessionConfig } from '../../contract/bodies/session-config.ts';
import { parseSettings, type Settings } from '../../core/settings.ts';
import * as functions from './model/functions.ts';
import { invoke } from './model/http.ts';
import type { SimulatedCloud } from './model/simulated-cloud.ts';

const USER = 'ann';
const FUNCTION_MS = 30_000;
export const SWEEP_MS = 60_000;
/** The slowest start, then the slowest scan. */
export const LINKING_MS = 330_000;
export const STORM_MS = 900_000;

/** For one user, who may run all sessions. Shorter times than in production. */
export const fleetSettings = (
  environment: string,
  changes: Readonly<Record<string, number>> = {},
): Settings =>
  parseSettings(
    JSON.stringify({
      environment,
      globalLimit: 40,
      userLimit: 40,
      heartbeatSeconds: 30,
      snapshotIntervalSeconds: 120,
      stopGraceSeconds: 70,
      startTimeoutSeconds: 120,
      ...changes,
    }),
  );

/** A user creates and starts a session some time from now. */
export const createLater = (
  cloud: SimulatedCloud,
  name: string,
  afterMs: number,
  config: SessionConfig = {},
): void => {
  const request = { userId: USER, name, config, start: true, idempotencyKey: `key of ${name}` };
  cloud.scheduler.in(afterMs, undefined, `create ${name}`, () => {
    void invoke(cloud, 'create', (deps) => functions.create(deps, request), FUNCTION_MS);
  });
};

/** EventBridge Scheduler: a sweep each minute. The seed's faults leave one out or run it twice. */
export const scheduleSweep = (cloud: SimulatedCloud, name: string, sweep: () => unknown): void => {
  const { chaos, random, scheduler } = cloud;
  const every = (at: number): void => {
    scheduler.in(at, undefined, `schedule of the ${name}`, () => {
      if (!chaos.strikes('sweepSkipped')) void sweep();
      if (chaos.strikes('sweepTwice')) void sweep();
      every(SWEEP_MS);
    });
  };
  every(random.int(0, SWEEP_MS));
};

/** Ends the faults: nothing hangs any more. */
export const calm = ({ chaos, engine }: SimulatedCloud): void => {
  chaos.end();
  for (const { process } of engine.workers()) process.frozenUntil = 0;
};
