import type { Clock } from '../contract/clock.ts';
import type {
  AuthStorage,
  BuildStorage,
  EventQueue,
  Ids,
  Metrics,
  Sha256,
  Sleep,
  TaskEngine,
  WorkerCommands,
} from './ports.ts';
import type { Settings } from './settings.ts';
import type { Store } from './store.ts';

/** Everything a protocol may need; each names the part that it uses, so that a function builds only that. */
export type Control = {
  readonly store: Store;
  readonly tasks: TaskEngine;
  readonly auth: AuthStorage;
  readonly builds: BuildStorage;
  readonly events: EventQueue;
  readonly workers: WorkerCommands;
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
