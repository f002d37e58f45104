import { join, resolve } from 'node:path';
import type { Clock } from '../contract/clock.ts';
import type { BuildName } from '../contract/phone/behavior.ts';
import { synthesize } from './assembly/synth.ts';
import { prepareBrowser } from './browser.ts';
import type { Closers } from './closers.ts';
import type { DataDir } from './data-dir.ts';
import type { StartTask } from './engines/ecs/program.ts';
import { type Programs, preparePrograms } from './programs.ts';
import { chooseWhatsApp, type WhatsAppMode } from './whatsapp.ts';
import { openWhatsAppBackend, type WhatsAppBackend } from './whatsapp-backend.ts';
import { localWorker } from './worker-program.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** Shared by all data directories. */
const CACHE = join(ROOT, '.berth', 'cache');

type Prepared = {
  /** The directory of the synthesized assembly. */
  readonly assembly: string;
  /** The version of the workers' browser. */
  readonly browser: string;
  readonly whatsApp: WhatsAppBackend;
  /** How a worker starts: with that browser, in that world. */
  readonly startTask: StartTask;
  /** The container agent, as plain JavaScript. */
  readonly agent: string;
  /** Builds the worker again if its sources changed, and returns how to start it. */
  readonly rebuildWorker: () => Promise<StartTask>;
};

/**
 * Everything that takes long and needs no engine, beside each other: the assembly, the workers' browser and compiled
 * code, the world that they meet.
 *
 * @throws SynthFailed; BrowserMissing; WhatsAppUnreachable
 */
export const prepare = async ({
  whatsapp,
  build,
  capacity,
  dir,
  clock,
  closers,
  onProgress,
}: {
  /** Undefined: real WhatsApp if it answers, else the simulator. */
  readonly whatsapp: WhatsAppMode | undefined;
  /** The build that the simulator shows; undefined: the newest. */
  readonly build: BuildName | undefined;
  /** Capacity providers in their order, in place of the environment's. */
  readonly capacity?: string;
  readonly dir: DataDir;
  readonly clock: Clock;
  readonly closers: Closers;
  readonly onProgress: (message: string) => void;
}): Promise<Prepared> => {
  // An option that is not available is reported before the long steps; detection of defaults runs beside them.
  const mode = whatsapp === undefined ? chooseWhatsApp(undefined) : await chooseWhatsApp(whatsapp);
  const browserDir = join(CACHE, 'browser');
  const programs = preparePrograms();
  const preparations = [
    synthesize({
      root: ROOT,
      cacheDir: join(CACHE, 'assembly'),
      ...(capacity === undefined ? {} : { context: { capacity } }),
      onSynthesize: () => onProgress('Synthesizing the CDK app (only when its sources changed) …'),
    }),
    programs.then(({ ensureBrowser }) => prepareBrowser(ensureBrowser, { BERTH_BROWSER_DIR: browserDir })),
    programs,
    openWhatsAppBackend(mode, {
      build,
      pageScript: programs.then(({ simulatorPage }) => simulatorPage),
      dir,
      clock,
      closers,
    }),
  ] as const;
  // A failure is thrown once all have ended, so that no work continues unnoticed.
  await Promise.allSettled(preparations);
  const [assembly, browser, built, whatsApp] = await Promise.all(preparations);
  const workerOf = (made: Programs) =>
    localWorker({ programs: made, chromiumArgs: whatsApp.chromiumArgs, browserDir });
  return {
    assembly,
    browser,
    whatsApp,
    startTask: workerOf(built),
    agent: built.agent,
    rebuildWorker: async () => workerOf(await preparePrograms()),
  };
};
