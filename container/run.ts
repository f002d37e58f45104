/**
 * The worker's process: environment in, signals and faults passed on, exit code out.
 *
 * With `--compile` it loads everything and ends: Node writes what it compiled to NODE_COMPILE_CACHE, which makes each
 * later start quicker. A browser that CHROMIUM_PATH names is tried.
 */
import { createLog } from './base/log.ts';
import { systemTime } from './base/time.ts';
import { ensureBrowser } from './browser/find.ts';
import { parseEnvironment } from './environment.ts';
import { EXIT } from './exit.ts';
import { startWorker } from './worker.ts';

if (process.argv.includes('--compile')) {
  await import('./session.ts');
  const { loadLevelDb } = await import('./auth-state/local-storage.ts');
  await loadLevelDb();
  // In the image: its workers need not ask the browser for its version.
  if (process.env.CHROMIUM_PATH !== undefined) await ensureBrowser({ path: process.env.CHROMIUM_PATH });
  process.exit(EXIT.ok);
}
const parsed = parseEnvironment(process.env);
if ('wrong' in parsed) {
  process.stderr.write(
    `The worker's environment is not usable:\n${parsed.wrong.map((line) => `  ${line}\n`).join('')}`,
  );
  process.exit(EXIT.environment);
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
  time: systemTime,
  log,
  onAssigned: ({ sessionId, epoch }) => log.concerns({ session: sessionId, epoch }),
});
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => worker.signal(name));
process.on('unhandledRejection', (error) => worker.unhandledRejection(error));
process.on('uncaughtException', (error) => worker.uncaughtException(error));
process.exit(await worker.exitCode);
