/**
 * The profile folder, and what may be put into it: the auth states to try, best first.
 *
 * Those made by this browser's build come first, newest first. Those of another build can fail to restore, so they come
 * last, but before giving the account up: an update of the browser must not unlink accounts.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BadSnapshot, describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import type { Time } from '../base/time.ts';
import type { AheadBrowser } from '../browser/ahead.ts';
import type { CallBounds } from '../control/worker-api.ts';
import { type Archive, stagingIn, unpack } from './archive.ts';
import { profileDirIn } from './profile-dir.ts';
import { downloadArchive, type Restorable } from './transfer.ts';

/** How the folder came to hold what it holds. */
type Origin = 'empty' | 'restored';
type GaveUpBecause = 'never_linked' | 'auth_state_corrupt' | 'auth_state_foreign';

type Candidate = {
  readonly foreign: boolean;
  readonly restore: (target: string, bounds: CallBounds) => Promise<void>;
};

export type Profile = {
  readonly dir: string;
  /** Puts the next auth state in place. `empty`: none is left, and why. A storage fault is thrown. */
  restoreNext(bounds: CallBounds): Promise<{ origin: Origin; because?: GaveUpBecause }>;
  /** The browser got the account while it ran: for some seconds, a part of it is in memory only. */
  readonly adopted: boolean;
  /** How many states are left to restore. */
  readonly remaining: number;
  /** A state saved by this worker is the best one to come back to. The file must stay. */
  prefer(archive: Archive): void;
  /** The account is gone: nothing may be restored any more, and the folder is emptied. */
  forget(): Promise<void>;
  empty(): Promise<void>;
  /** Removes what a killed browser leaves: a lock of another host makes Chromium exit at once. */
  unlock(): Promise<void>;
};

export const createProfile = (options: {
  readonly workDir: string;
  readonly chromiumBuild: string;
  readonly states: readonly Restorable[];
  readonly time: Time;
  readonly log: Log;
  /** A browser that waits over the empty folder: while it is usable, the folder is its own. */
  readonly ahead?: Pick<AheadBrowser, 'usable' | 'adopt' | 'discard'>;
}): Profile => {
  const { workDir, time, log, ahead } = options;
  const dir = profileDirIn(workDir);

  const fromStorage = (state: Restorable): Candidate => ({
    foreign: state.chromiumBuild !== options.chromiumBuild,
    async restore(target, bounds) {
      const file = stagingIn(workDir, 'download');
      try {
        await downloadArchive(time, state, file, bounds);
        await unpack(file, target);
      } finally {
        await rm(file, { force: true });
      }
    },
  });

  const all = options.states.map(fromStorage);
  const queue = [...all.filter((c) => !c.foreign), ...all.filter((c) => c.foreign)];
  let preferred: Candidate | undefined;
  let because: GaveUpBecause = 'never_linked';
  let adopted = false;

  /**
   * Into the browser that waits. If the page then asks for a code, that is no proof against the state: it stays the next one,
   * and a browser starts over it.
   */
  const adopt = async (candidate: Candidate, folder: string): Promise<boolean> =>
    ahead?.usable === true && !candidate.foreign && (await ahead.adopt?.(folder)) === true;

  const empty = async () => {
    if (ahead?.usable) return;
    await ahead?.discard();
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    await mkdir(dir, { recursive: true, mode: 0o700 });
  };

  return {
    dir,
    async restoreNext(bounds) {
      for (;;) {
        const candidate = preferred ?? queue[0];
        if (!candidate) {
          await empty();
          return { origin: 'empty', because };
        }
        const staging = stagingIn(workDir, 'restore');
        adopted = false;
        try {
          await candidate.restore(staging, bounds);
          adopted = await adopt(candidate, staging);
          if (adopted) return { origin: 'restored' };
          await ahead?.discard();
          await rm(dir, { recursive: true, force: true, maxRetries: 3 });
          await rename(staging, dir);
          because = candidate.foreign ? 'auth_state_foreign' : 'auth_state_corrupt';
          return { origin: 'restored' };
        } catch (error) {
          if (!(error instanceof BadSnapshot)) throw error;
          because = 'auth_state_corrupt';
          log.warn('saved auth state skipped', { error: describeError(error) });
        } finally {
          await rm(staging, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
          // Whether it was used or useless: the next call wants the next one. A storage fault ends the start.
          if (!adopted) {
            if (preferred === candidate) preferred = undefined;
            else queue.shift();
          }
        }
      }
    },
    get adopted() {
      return adopted;
    },
    get remaining() {
      return queue.length + (preferred ? 1 : 0);
    },
    prefer(archive) {
      preferred = { foreign: false, restore: (target) => unpack(archive.file, target) };
    },
    async forget() {
      preferred = undefined;
      queue.length = 0;
      because = 'never_linked';
      await empty();
    },
    empty,
    async unlock() {
      if (ahead?.usable) return;
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const stale = (await readdir(dir)).filter((name) => name.startsWith('Singleton'));
      await Promise.all(stale.map((name) => rm(join(dir, name), { force: true })));
    },
  };
};
