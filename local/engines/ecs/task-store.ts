import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EcsLogger } from './logger.ts';
import { type TaskRecord, taskRecordSchema } from './task.ts';

/**
 * The tasks on disk, one small file each, readable by their owner only. A write replaces the file in one step, so
 * that SIGKILL at any moment leaves the old record or the new one.
 */
export class TaskStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  save(record: TaskRecord): void {
    const path = this.#path(record.id);
    writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  remove(id: string): void {
    rmSync(this.#path(id), { force: true });
  }

  /** Every record; one that cannot be read is put aside as `.unreadable` and logged. */
  load(logger: EcsLogger): TaskRecord[] {
    return readdirSync(this.#directory)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => {
        const path = join(this.#directory, name);
        try {
          return [taskRecordSchema.parse(JSON.parse(readFileSync(path, 'utf8')))];
        } catch {
          renameSync(path, `${path}.unreadable`);
          logger.error('A task record could not be read and was put aside', { path: `${path}.unreadable` });
          return [];
        }
      });
  }

  #path(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}
