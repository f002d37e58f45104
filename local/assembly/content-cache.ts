import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { contentHash } from './content-hash.ts';

/** Running systems load from their folders as they need them: those used last are kept. */
const KEPT = 8;

/**
 * The folder that `make` filled for this content of `inputs`: from the cache, or made now. It appears whole or not at
 * all. Two processes may make it at once: the first to finish is kept.
 */
export const cachedByContent = async ({
  root,
  inputs,
  salt,
  cacheDir,
  onMake,
  make,
}: {
  readonly root: string;
  /** Files and folders, relative to root, that the result is made of. */
  readonly inputs: readonly string[];
  /** Other inputs that the result depends on. */
  readonly salt: string;
  /** Holds one folder for each content. */
  readonly cacheDir: string;
  /** Called when there is nothing in the cache. */
  readonly onMake?: (() => void) | undefined;
  /** Fills an empty folder. */
  readonly make: (folder: string) => Promise<void>;
}): Promise<string> => {
  const directory = join(cacheDir, contentHash(root, inputs, salt).slice(0, 32));
  if (existsSync(directory)) {
    const now = new Date();
    await utimes(directory, now, now);
    return directory;
  }
  onMake?.();
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, `.${basename(directory)}-`));
  try {
    await make(work);
    await rename(work, directory).catch((error: unknown) => {
      if (!existsSync(directory)) {
        throw error;
      }
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await removeOld(cacheDir).catch(() => {
    // Another process is cleaning up or still writing: the cache is only a cache.
  });
  return directory;
};

const removeOld = async (cacheDir: string): Promise<void> => {
  const entries = await Promise.all(
    (await readdir(cacheDir)).map(async (name) => ({
      path: join(cacheDir, name),
      at: (await stat(join(cacheDir, name))).mtimeMs,
    })),
  );
  const old = entries.sort((a, b) => b.at - a.at).slice(KEPT);
  await Promise.all(old.map(({ path }) => rm(path, { recursive: true, force: true })));
};
