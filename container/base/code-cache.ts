/**
 * Loads the scripts of the worker's bundle with the code that V8 compiled of them in an earlier worker.
 *
 * V8 compiles most functions when they are called first. Node's own compile cache holds a module as it is before its first
 * call, so that a worker compiled thousands of functions again at each start: a fifth of its CPU time. Here a script is
 * saved after it ran, with all functions that were compiled until then.
 *
 * The folder is that of Node's compile cache (NODE_COMPILE_CACHE); without it, nothing is saved. The name of a script has
 * a hash of its text (bundle/build.ts), and V8 refuses code of another version or for other flags.
 */
import { existsSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';

/** What a worker did before it saved its code. Each one starts with the code of the one before, and adds its own. */
const USES = ['loaded', 'linked', 'restored'] as const;
export type Use = (typeof USES)[number];

type Loaded = {
  readonly exports: unknown;
  readonly script: Script;
  /** The index of the use whose code it started with; -1 without any. */
  readonly use: number;
};
const loaded = new Map<string, Loaded>();

const folder = process.env.NODE_COMPILE_CACHE;

const fileOf = (path: string, use: number): string => join(folder ?? '', `${basename(path)}.${USES[use]}`);

/** The code of the most complete use. */
const savedCode = (path: string): { readonly use: number; readonly cachedData?: Buffer } => {
  for (let use = folder ? USES.length - 1 : -1; use >= 0; use -= 1) {
    try {
      return { use, cachedData: readFileSync(fileOf(path, use)) };
    } catch {
      // Not saved yet.
    }
  }
  return { use: -1 };
};

/** Runs a script as a CommonJS module; once for each path. The script is a function of a module's five names. */
export const loadScript = (path: string): unknown => {
  const known = loaded.get(path);
  if (known) return known.exports;
  const { use, cachedData } = savedCode(path);
  const script = new Script(readFileSync(path, 'utf8'), {
    filename: path,
    ...(cachedData ? { cachedData } : {}),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const module: { exports: unknown } = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
  loaded.set(path, { exports: module.exports, script, use: script.cachedDataRejected ? -1 : use });
  return module.exports;
};

/**
 * Saves the code of the scripts that are loaded, each of which started with that of the use before and has none of this
 * one yet. Never rejects: without a folder that can be written (the image's), later workers start as this one did.
 */
export const saveCode = async (use: Use): Promise<void> => {
  if (!folder) return;
  const index = USES.indexOf(use);
  for (const [path, { script, use: startedWith }] of loaded) {
    const file = fileOf(path, index);
    if (startedWith !== index - 1 || existsSync(file)) continue;
    const part = `${file}.${process.pid}`;
    try {
      const handle = await open(part, 'w');
      try {
        await handle.writeFile(script.createCachedData());
        // V8 does not check it as a whole: a part of it must never stand under its name.
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(part, file);
    } catch {
      await rm(part, { force: true }).catch(() => {});
    }
  }
};
