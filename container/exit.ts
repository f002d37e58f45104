/** How the process ends: with a code that says why, and with nothing of the session left behind. */
import { rm } from 'node:fs/promises';
import { profileDirIn } from './auth-state/profile-dir.ts';
import { type Time, withDeadline } from './base/time.ts';
import { killTree } from './browser/process-tree.ts';

/** The process's exit codes. */
export const EXIT = {
  ok: 0,
  defect: 1,
  environment: 2,
  /** This epoch has ended; nothing was saved. */
  fenced: 10,
  /** The bootstrap token was not accepted: another process is this session's worker. */
  refused: 11,
  /** The orderly end took longer than its grace time. */
  grace_expired: 12,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type Exit = {
  /** Cleans up, kills what is left, removes the session's files, and reports the code. The first call counts. */
  shutDown(code: ExitCode): Promise<void>;
  readonly shuttingDown: boolean;
  /** Called on leaving, the last one first. */
  onShutdown(cleanup: () => void | Promise<void>): void;
  /** The folder that holds everything of the session, its profile too. */
  owns(workDir: string): void;
  /** Resolves when nothing is left. */
  readonly code: Promise<ExitCode>;
};

const CLEANUP_LIMIT_MS = 5_000;

export const createExit = (time: Time): Exit => {
  const { promise, resolve } = Promise.withResolvers<ExitCode>();
  const cleanups: (() => void | Promise<void>)[] = [];
  let workDir: string | undefined;
  let shuttingDown = false;

  return {
    async shutDown(code) {
      if (shuttingDown) return;
      shuttingDown = true;
      for (const cleanup of cleanups.splice(0).reverse())
        await withDeadline(time, CLEANUP_LIMIT_MS, 'cleaning up', Promise.resolve(cleanup())).catch(() => {});
      if (workDir !== undefined) {
        await killTree(time, profileDirIn(workDir)).catch(() => false);
        await rm(workDir, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
      }
      resolve(code);
    },
    get shuttingDown() {
      return shuttingDown;
    },
    onShutdown(cleanup) {
      cleanups.push(cleanup);
    },
    owns(dir) {
      workDir = dir;
    },
    code: promise,
  };
};
