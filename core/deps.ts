import type { Clock } from '../contract/clock.ts';
import type {
  AuthStorage,
  BuildStorage,
  EventQueue,
  Ids,
  Metrics,
  Sha256,
  Sleep,
  StandbyWorkers,
  TaskEngine,
  WorkerCommands,
} from './ports.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store.ts';

/** Every dependency of the rules. Each rule names the ones it uses, so that a function builds only those. */
export type Deps = {
  readonly store: Store;
  readonly tasks: TaskEngine;
  readonly auth: AuthStorage;
  readonly builds: BuildStorage;
  readonly events: EventQueue;
  readonly workers: WorkerCommands;
  /** Absent if no session is launched while a person waits: such launches take no standby task. */
  readonly standby?: StandbyWorkers;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly ids: Ids;
  readonly sha256: Sha256;
  readonly settings: Settings;
  readonly log: Log;
};

/** Structured log lines; never secrets. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
