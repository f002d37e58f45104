/**
 * Takes auth states: one at a time, packed from a consistent copy, uploaded only when they differ from the last one.
 * The last archive stays on disk: a damaged profile is restored from it.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RequestRefused } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { retryInTime } from '../base/retry.ts';
import type { Time } from '../base/time.ts';
import type { CallBounds, WorkerApi } from '../control/worker-api.ts';
import { type Archive, pack, stagingIn } from './archive.ts';
import { copyConsistently } from './copy.ts';
import { uploadArchive } from './transfer.ts';

export type Saver = {
  /**
   * Saves the profile as it is. `stillValid` is asked after the copy and again after the upload: a client that was
   * unlinked or replaced meanwhile must not be saved. Resolves to false if it was not.
   */
  save(options: {
    readonly bounds: CallBounds;
    readonly freeze: <T>(work: () => Promise<T>) => Promise<T>;
    readonly stillValid: () => boolean;
  }): Promise<boolean>;
};

export const createSaver = (options: {
  readonly api: Pick<WorkerApi, 'upload' | 'commit'>;
  readonly time: Time;
  readonly log: Log;
  readonly workDir: string;
  readonly profileDir: string;
  readonly chromiumBuild: string;
  /** Called with what was saved; its file stays until the next one is saved. */
  readonly onSaved: (archive: Archive) => void;
}): Saver => {
  const { api, time, log, workDir } = options;
  let last: Archive | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let count = 0;

  const saveNow: Saver['save'] = async ({ bounds, freeze, stillValid }) => {
    const staging = stagingIn(workDir, 'copy');
    count += 1;
    const file = join(workDir, `auth-state-${count}.tar.zst`);
    let kept = false;
    try {
      const how = await copyConsistently(time, options.profileDir, staging, freeze);
      const archive = await pack(staging, file);
      if (!stillValid()) return false;
      if (archive.content === last?.content) return true;
      // A presigned URL may have run out meanwhile (403): begin again with new ones.
      const saved = await retryInTime(
        () => uploadArchive({ api, time }, archive, options.chromiumBuild, bounds, stillValid),
        { time, attempts: 3, retryable: (error) => error instanceof RequestRefused && error.status === 403 },
      );
      if (!saved) return false;
      log.info('auth state saved', { bytes: archive.bytes, copy: how });
      if (last) await rm(last.file, { force: true });
      last = archive;
      kept = true;
      options.onSaved(archive);
      return true;
    } finally {
      await rm(staging, { recursive: true, force: true });
      if (!kept) await rm(file, { force: true });
    }
  };

  return {
    save(request) {
      const result = queue.then(() => saveNow(request));
      queue = result.catch(() => {});
      return result;
    },
  };
};
