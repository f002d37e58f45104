/** The parts of a simulated cloud, as they see each other. */

import type { Assignment, ForwardedMark } from '../../../contract/worker/protocol.ts';
import type { Deps } from '../../../core/deps.ts';
import type { Session } from '../../../core/lifecycle/session.ts';
import type { CommandOutcome, Delivery, LaunchRequest, StandbyLaunch } from '../../../core/ports.ts';
import type { Settings } from '../../../core/settings.ts';
import type { Chaos } from '../kernel/chaos.ts';
import type { Random } from '../kernel/random.ts';
import type { Process, Scheduler } from '../kernel/scheduler.ts';
import type { ItemChange, Table } from './table.ts';
import type { Invariant } from './violation.ts';

/** A port did not answer; the error that an SDK throws if core defines none. */
export class PortDown extends Error {
  override readonly name = 'PortDown';
}

/** The content of an auth state here: its account, and the order in which it was taken. */
export type Snapshot = { readonly account: string; readonly taken: number };

export type SimulatedTask = {
  readonly taskArn: string;
  /** The session that it serves. A standby task serves none until it is assigned one. */
  launch: LaunchRequest;
  /** It was launched as a standby task. */
  readonly standby: StandbyLaunch | undefined;
  readonly revision: string;
  readonly createdAt: number;
  /** The host that it shares with others; undefined: none, or it waits for one. */
  host: string | undefined;
  state: 'provisioning' | 'running' | 'stopped';
  stopAsked: boolean;
  /** Its capacity was taken back: Berth did not ask for that. */
  taken: boolean;
  worker: SimulatedWorker | undefined;
};

export type SimulatedCommand = {
  readonly name: string;
  readonly args: unknown;
  /** A repeat of it gets the first outcome. */
  readonly key: string | undefined;
};

export interface SimulatedWorker {
  readonly process: Process;
  readonly task: SimulatedTask;
  readonly address: string;
  /** Its browser is up: what must be true of one worker only. */
  readonly live: boolean;
  start(): void;
  /** Of a standby task: makes it the worker of a session, and says whether it serves it. */
  assign(assignment: Assignment): Promise<boolean>;
  /** SIGTERM. */
  terminate(): void;
  /** The phone unlinks the account, and no worker runs that would receive it. */
  unlinkedMeanwhile(): void;
  command(
    command: SimulatedCommand,
    by: { readonly epoch: number; readonly commandSecret: string },
  ): CommandOutcome;
}

export interface SimulatedBucket {
  readonly objects: ReadonlyMap<string, Snapshot>;
  /** A worker's request with a presigned URL. */
  put(process: Process, uploadId: string, snapshot: Snapshot): Promise<void>;
  fetch(process: Process, key: string): Promise<Snapshot | undefined>;
}

export interface SimulatedEngine {
  /** The task definition of now, and since which step. */
  readonly revision: string;
  readonly deployedAt: number;
  readonly tasks: ReadonlyMap<string, SimulatedTask>;
  /** Of all tasks that run. */
  workers(): SimulatedWorker[];
  /** A worker's process ended, by itself or not. */
  exited(task: SimulatedTask, detail: string): void;
  /** The capacity of a task is taken back, with notice. */
  take(task: SimulatedTask): void;
}

export type Watcher = {
  committed(changes: readonly ItemChange[], by: Process): void;
  removed(keys: readonly string[]): void;
  /** In the queue of events. */
  queued(deliveries: readonly Delivery[]): void;
  /** A worker's browser is up. */
  live(worker: SimulatedWorker): void;
  /**
   * A worker's bootstrap, requested at `askedAt`, named the last message of its account that earlier workers
   * delivered.
   */
  resumes(sessionId: string, mark: ForwardedMark | undefined, askedAt: number): void;
  /** A worker has the answer that its messages up to this mark are queued. */
  acknowledged(sessionId: string, mark: ForwardedMark): void;
  /** RunTask is called. */
  launched(request: LaunchRequest, by: Process): void;
  /** RunTask answered, clearly or not. */
  launchAnswered(request: LaunchRequest, by: Process): void;
  /** A task receives a stop. */
  stops(task: SimulatedTask, reason: string, by: Process): void;
  /** A standby task is sent a session. */
  assigned(task: SimulatedTask, assignment: Assignment): void;
  /** A caller's stop was answered. */
  stopAnswered(session: Session): void;
  /** A message went out. */
  sent(text: string): void;
  /** An admission that began with step `since` was refused by the limit of this user, or the global one. */
  refused(userId: string | undefined, since: number): void;
};

/** A watcher that watches nothing: a simulation replaces what it looks at. */
export const UNWATCHED: Watcher = {
  committed: () => {},
  removed: () => {},
  queued: () => {},
  live: () => {},
  resumes: () => {},
  acknowledged: () => {},
  launched: () => {},
  launchAnswered: () => {},
  stops: () => {},
  assigned: () => {},
  stopAnswered: () => {},
  sent: () => {},
  refused: () => {},
};

export type Answer<T> = { ok(value: T): void; fail(error: Error): void };

export interface Cloud {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly chaos: Chaos;
  readonly settings: Settings;
  readonly table: Table;
  readonly engine: SimulatedEngine;
  readonly bucket: SimulatedBucket;
  /** Accounts that their phone unlinked: no auth state of theirs is any good. */
  readonly unlinked: Set<string>;
  /** Taken by all workers so far. */
  readonly snapshots: number;
  readonly watcher: Watcher | undefined;
  /** Standby tasks are part of this run. */
  readonly withStandby: boolean;
  /** Whether the gateway lets a request through, by the name of what it calls; undefined: it lets all through. */
  readonly admits: ((name: string) => boolean) | undefined;
  /** The true time, which no process's clock shows (ms since the Unix epoch). */
  readonly trueTime: number;
  nextSnapshot(): number;
  violate(invariant: Invariant, detail: string): void;
  spawn(name: string, claim?: Process['claim']): Process;
  clockOf(process: Process): () => number;
  sleep(process: Process, ms: number): Promise<void>;
  deps(process: Process): Deps;
  /**
   * One call from a process to a part of the cloud: it takes effect at one instant, at which the answer returns as
   * well. All actions of the others come before or after that instant. The caller may die on either side.
   */
  call<T>(process: Process, label: string, run: (answer: Answer<T>) => void): Promise<T>;
}
