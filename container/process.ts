/** What a worker's process does once its modules are loaded: environment in, signals and faults passed on, exit code out. */
import { rm } from 'node:fs/promises';
import { saveCode } from './base/code-cache.ts';
import { createLog } from './base/log.ts';
import { systemTime } from './base/time.ts';
import type { EarlyBrowser } from './browser/early.ts';
import { ensureBrowser } from './browser/find.ts';
import { parseEnvironment } from './environment.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { startWorker } from './worker.ts';

/** Loads everything, and tries the browser that CHROMIUM_PATH names: in the image, its workers need not. */
export const compile = async (): Promise<void> => {
  await import('./session.ts');
  await import('./commands/table.ts');
  const { loadLevelDb } = await import('./auth-state/local-storage.ts');
  await loadLevelDb();
  await saveCode('loaded');
  if (process.env.CHROMIUM_PATH !== undefined) await ensureBrowser({ path: process.env.CHROMIUM_PATH });
};

/** Resolves with the process's exit code, when nothing of the session is left. */
export const runProcess = async (early: EarlyBrowser | undefined): Promise<ExitCode> => {
  const parsed = parseEnvironment(process.env);
  if ('wrong' in parsed) {
    process.stderr.write(
      `The worker's environment is not usable:\n${parsed.wrong.map((line) => `  ${line}\n`).join('')}`,
    );
    if (early) await discard(early);
    return EXIT.environment;
  }
  const { ok: environment, purpose } = parsed;
  const log = createLog({
    level: environment.LOG_LEVEL,
    about:
      purpose.kind === 'standby'
        ? { standby: purpose.id }
        : { session: purpose.sessionId, epoch: purpose.epoch },
  });
  const worker = startWorker({
    environment,
    purpose,
    early,
    time: systemTime,
    log,
    onAssigned: ({ sessionId, epoch }) => log.concerns({ session: sessionId, epoch }),
  });
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => worker.signal(name));
  process.on('unhandledRejection', (error) => worker.unhandledRejection(error));
  process.on('uncaughtException', (error) => worker.uncaughtException(error));
  return await worker.exitCode;
};

const discard = async ({ spawned, workDir }: EarlyBrowser): Promise<void> => {
  spawned.kill();
  await spawned.exited.catch(() => {});
  await rm(workDir, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
};
