/** Container instances: hosts with memory, on which tasks with a bridge network are placed, and which can be drained. */
import { createHash, randomUUID } from 'node:crypto';
import type { TaskStateChangeEvent } from './describe.ts';
import { invalidParameter } from './errors.ts';
import { clusterName, type TaskRecord } from './task.ts';

export interface HostOptions {
  /** Name of the capacity provider that they are. */
  readonly provider: string;
  /** Memory of each host, MiB: what the ECS agent registers. */
  readonly memoryMiB: readonly number[];
  /** Managed scaling: a task without room waits as PROVISIONING, as if for a host that is added; else RunTask fails. */
  readonly scaled?: boolean;
}

/** A task that waits for room. */
interface Waiting {
  readonly taskId: string;
  readonly memoryMiB: number;
  readonly onEnd: (host: string | undefined) => void;
}

type HostStatus = 'ACTIVE' | 'DRAINING';

interface Host {
  readonly arn: string;
  readonly memoryMiB: number;
  status: HostStatus;
}

/** The reason that ECS reports when no host has room for a task and the hosts are not scaled. */
export const NO_MEMORY = 'RESOURCE:MEMORY';

export class Hosts {
  readonly provider: string | undefined;
  readonly scaled: boolean;
  /** In the order in which they came. */
  #waiting: Waiting[] = [];
  readonly #clusterArn: string;
  readonly #hosts: readonly Host[];
  readonly #records: () => readonly TaskRecord[];

  /** @param records all tasks that are known */
  constructor(options: HostOptions | undefined, clusterArn: string, records: () => readonly TaskRecord[]) {
    this.provider = options?.provider;
    this.scaled = options?.scaled ?? false;
    this.#clusterArn = clusterArn;
    this.#records = records;
    this.#hosts = (options?.memoryMiB ?? []).map((memoryMiB, n) => ({
      // The same after a restart: tasks on disk name their host.
      arn: `${clusterArn.replace(/:cluster\/.*$/, '')}:container-instance/${clusterName(clusterArn)}/${idOf(n)}`,
      memoryMiB,
      status: 'ACTIVE',
    }));
  }

  get count(): number {
    return this.#hosts.length;
  }

  /** The host for a task, by ECS's `binpack` on memory: the fullest that has room. Undefined if none has. */
  place(memoryMiB: number): string | undefined {
    return this.#hosts
      .filter((host) => host.status === 'ACTIVE' && this.#free(host) >= memoryMiB)
      .toSorted((a, b) => this.#free(a) - this.#free(b))[0]?.arn;
  }

  /**
   * Has a task wait for room.
   *
   * @param onEnd called with its host; with undefined if the task leaves before
   */
  wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.placeWaiting();
  }

  /** The task waits no longer. Without effect for one that does not wait. */
  leave(taskId: string): void {
    const left = this.#waiting.filter((waiting) => waiting.taskId === taskId);
    this.#waiting = this.#waiting.filter((waiting) => waiting.taskId !== taskId);
    for (const { onEnd } of left) onEnd(undefined);
  }

  /** Places those for which there is room now. */
  placeWaiting(): void {
    for (const waiting of this.#waiting) {
      const host = this.place(waiting.memoryMiB);
      if (host === undefined) continue;
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      waiting.onEnd(host);
    }
  }

  /** UpdateContainerInstancesState. Returns the hosts in the API's shape; throws for one that is not known. */
  update(references: readonly string[], status: HostStatus): Record<string, unknown>[] {
    return references.map((reference) => {
      const host = this.#find(reference);
      if (host === undefined)
        throw invalidParameter(`The referenced container instance was not found: ${reference}`);
      host.status = status;
      return this.describe(host.arn);
    });
  }
  list(status: HostStatus | undefined): string[] {
    return this.#hosts.filter((host) => status === undefined || host.status === status).map(({ arn }) => arn);
  }

  knows(reference: string): boolean {
    return this.#find(reference) !== undefined;
  }

  /** A host in the API's shape (data type ContainerInstance of the API reference). */
  describe(reference: string): Record<string, unknown> {
    const host = this.#find(reference);
    if (host === undefined) throw new Error(`no host ${reference}`);
    const memory = (value: number) => [{ name: 'MEMORY', type: 'INTEGER', integerValue: value }];
    const running = this.#on(host);
    return {
      containerInstanceArn: host.arn,
      ec2InstanceId: `i-${idOf(this.#hosts.indexOf(host)).slice(0, 17)}`,
      capacityProviderName: this.provider,
      status: host.status,
      agentConnected: true,
      runningTasksCount: running.filter(({ lastStatus }) => lastStatus === 'RUNNING').length,
      pendingTasksCount: running.filter(({ startedAt }) => startedAt === undefined).length,
      registeredResources: memory(host.memoryMiB),
      remainingResources: memory(this.#free(host)),
    };
  }

  #find(reference: string): Host | undefined {
    return this.#hosts.find(({ arn }) => arn === reference || arn.endsWith(`/${reference}`));
  }

  #on({ arn }: Host): readonly TaskRecord[] {
    return this.#records().filter(
      ({ containerInstanceArn, lastStatus }) => containerInstanceArn === arn && lastStatus !== 'STOPPED',
    );
  }

  #free(host: Host): number {
    return this.#on(host).reduce((free, { reservedMiB = 0 }) => free - reservedMiB, host.memoryMiB);
  }

  /** EventBridge's event of a host's change (developer guide, container instance state change events). */
  stateChange(reference: string, now: number): TaskStateChangeEvent {
    const [, , , region = '', account = ''] = this.#clusterArn.split(':');
    const detail = this.describe(reference);
    return {
      version: '0',
      id: randomUUID(),
      'detail-type': 'ECS Container Instance State Change',
      source: 'aws.ecs',
      account,
      time: `${new Date(now).toISOString().slice(0, 19)}Z`,
      region,
      resources: [String(detail.containerInstanceArn)],
      detail: { ...detail, clusterArn: this.#clusterArn, updatedAt: new Date(now).toISOString() },
    };
  }
}

const idOf = (n: number): string => createHash('sha256').update(`host ${n}`).digest('hex').slice(0, 32);
