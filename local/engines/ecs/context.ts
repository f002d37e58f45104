import type { Clock } from '../../../contract/clock.ts';
import type { TaskDefinition } from './definitions.ts';
import type { FaultPlan } from './faults.ts';
import type { Hosts } from './hosts.ts';
import type { TaskRunner } from './task-runner.ts';
import type { Tasks } from './tasks.ts';

/** The state that the operations work on. */
export interface OperationContext {
  readonly tasks: Tasks;
  readonly runner: TaskRunner;
  readonly faults: FaultPlan;
  readonly taskDefinitions: readonly TaskDefinition[];
  readonly clusterArns: readonly string[];
  readonly hosts: Hosts;
  /** Says that a host has changed. */
  announceHost(reference: string): void;
  readonly temporaryRoot: string;
  readonly now: Clock;
  /** The ARN of a known cluster named by name or ARN; throws ClusterNotFoundException. */
  cluster(reference: string): string;
  hasRoom(): boolean;
}
