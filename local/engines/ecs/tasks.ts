import type { EcsLogger } from './logger.ts';
import type { TaskRecord } from './task.ts';
import type { TaskStore } from './task-store.ts';

/** How long ECS shows a stopped task at least (API reference, DescribeTasks). */
const STOPPED_VISIBLE_MS = 60 * 60 * 1000;

/** The tasks that are known, in memory and on disk alike. */
export class Tasks {
  readonly #store: TaskStore;
  readonly #records: Map<string, TaskRecord>;

  constructor(store: TaskStore, logger: EcsLogger) {
    this.#store = store;
    this.#records = new Map(store.load(logger).map((record) => [record.id, record]));
  }

  save(record: TaskRecord): TaskRecord {
    this.#store.save(record);
    this.#records.set(record.id, record);
    return record;
  }

  get(id: string): TaskRecord {
    const record = this.#records.get(id);
    if (record === undefined) throw new Error(`no task ${id}`);
    return record;
  }

  all(): TaskRecord[] {
    return [...this.#records.values()];
  }

  /** The tasks that a caller may see at `now`, by id. */
  visible(clusterArn: string, now: number): TaskRecord[] {
    return this.all()
      .filter((record) => record.clusterArn === clusterArn && isVisible(record, now))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The task that an ARN or an id names. */
  find(clusterArn: string, reference: string, now: number): TaskRecord | undefined {
    const record = this.#records.get(reference.slice(reference.lastIndexOf('/') + 1));
    if (record === undefined || record.clusterArn !== clusterArn || !isVisible(record, now)) return undefined;
    return reference === record.id || reference === record.taskArn ? record : undefined;
  }

  /** The tasks that a RunTask with this client token started, while the token is remembered. */
  ofClientToken(clusterArn: string, token: string, now: number): TaskRecord[] {
    return this.all().filter(
      (record) =>
        record.clusterArn === clusterArn &&
        record.clientToken?.value === token &&
        record.clientToken.expiresAt > now,
    );
  }

  /** Forgets what is neither visible nor needed to recognize a client token. Returns what it forgot. */
  prune(now: number): TaskRecord[] {
    const old = this.all().filter(
      (record) => !isVisible(record, now) && (record.clientToken?.expiresAt ?? 0) <= now,
    );
    for (const { id } of old) {
      this.#store.remove(id);
      this.#records.delete(id);
    }
    return old;
  }
}

const isVisible = ({ stoppedAt }: TaskRecord, now: number): boolean =>
  stoppedAt === undefined || stoppedAt + STOPPED_VISIBLE_MS > now;
