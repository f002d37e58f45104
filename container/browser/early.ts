/**
 * The browser of a cold start, before the worker's own modules are loaded. Both take long, on a core each. So nothing is
 * imported here that this does not need.
 */
import { rm } from 'node:fs/promises';
import * as z from 'zod';
import { makeWorkDir } from '../work-dir.ts';
import { type Browser, recordedBrowser } from './find.ts';
import { browserSettingsSchema } from './settings.ts';
import { launchForAny, type SpawnedBrowser, spawnBrowser } from './spawn.ts';

export type EarlyBrowser = {
  /** The folder of the session, which the worker owns from now on. */
  readonly workDir: string;
  readonly found: Browser;
  readonly spawned: SpawnedBrowser;
  /** What is worth a line in the log, which is not there yet. */
  readonly notes: readonly string[];
};

/** The part of the environment that is read here; all of it is read and judged afterwards (environment.ts). */
const schema = browserSettingsSchema.extend({
  BERTH_BROWSER_AHEAD: z.literal('1'),
  BERTH_WORK_DIR: z.string().optional(),
  CHROMIUM_PATH: z.string().optional(),
});

/**
 * Spawns the browser if the task is of a session that any browser fits, and this machine's browser was tried before.
 * Undefined otherwise, and if anything fails: the worker then finds and starts it in its own time. Never throws.
 */
export const spawnEarly = async (
  variables: Readonly<Record<string, string | undefined>>,
): Promise<EarlyBrowser | undefined> => {
  const { data: settings } = schema.safeParse(variables);
  if (!settings) return undefined;
  let workDir: string | undefined;
  try {
    const notes: string[] = [];
    const found = await recordedBrowser({
      path: settings.CHROMIUM_PATH,
      browserDir: settings.BERTH_BROWSER_DIR,
      onProgress: (note) => notes.push(note),
    });
    if (!found) return undefined;
    workDir = await makeWorkDir(settings.BERTH_WORK_DIR);
    return { workDir, found, notes, spawned: spawnBrowser(launchForAny({ workDir, found }, settings)) };
  } catch {
    if (workDir !== undefined) await rm(workDir, { recursive: true, force: true }).catch(() => {});
    return undefined;
  }
};
