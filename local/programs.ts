import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { WORKER_NODE_FLAGS } from '../core/worker-process.ts';
import { cachedByContent } from './assembly/content-cache.ts';

/** The programs that the local system starts as separate processes or shows in a browser, as plain JavaScript. */
export type Programs = {
  /** The worker's bundle, the same as in its image. */
  readonly worker: string;
  /** Finds and unpacks the workers' browser. */
  readonly ensureBrowser: string;
  /** Runs the programs of all tasks. */
  readonly agent: string;
  /** The script of the simulator's page. */
  readonly simulatorPage: string;
  /** Where Node keeps what it compiled of them. */
  readonly compileCache: string;
};

const ROOT = resolve(import.meta.dirname, '..');
const CACHE = join(ROOT, '.berth', 'cache', 'programs');
/** Everything that they are made of. */
const INPUTS = [
  'container',
  'contract',
  'core',
  'local/build-programs.ts',
  'local/engines/ecs',
  'simulator',
  'scripts/esbuild-plugins.ts',
  'package-lock.json',
];
const BUILD_DEADLINE_MS = 60_000;

/**
 * The programs, built again if their sources changed. They are built in a separate process: otherwise the bundler
 * would stay in this process's memory.
 */
export const preparePrograms = async (): Promise<Programs> => {
  const folder = await cachedByContent({
    root: ROOT,
    inputs: INPUTS,
    salt: process.version,
    cacheDir: CACHE,
    make: async (outDir) => {
      const run = (script: string, folder: string) =>
        promisify(execFile)(process.execPath, [join(ROOT, script), folder], { timeout: BUILD_DEADLINE_MS });
      await Promise.all([
        run('container/bundle/build.ts', join(outDir, 'worker')),
        run('local/build-programs.ts', outDir),
      ]);
    },
  });
  const programs: Programs = {
    worker: join(folder, 'worker', 'worker.cjs'),
    ensureBrowser: join(folder, 'worker', 'ensure-browser.mjs'),
    agent: join(folder, 'container-agent.mjs'),
    simulatorPage: join(folder, 'simulator-page.js'),
    compileCache: join(folder, 'compile'),
  };
  await compile(programs);
  return programs;
};

/** Has Node compile the worker before the first session needs it. Without success, that one starts a little later. */
const compile = async ({ worker, compileCache }: Programs): Promise<void> => {
  if (existsSync(compileCache)) return;
  await promisify(execFile)(process.execPath, [...WORKER_NODE_FLAGS, worker, '--compile'], {
    env: { NODE_COMPILE_CACHE: compileCache },
    timeout: BUILD_DEADLINE_MS,
  }).catch(() => {});
};
