/**
 * The archive of an auth state: a tar of the profile's `Default/IndexedDB` and `Default/Local Storage`, compressed with
 * zstd. The same files give the same tar, so that an unchanged state is recognized by the tar's digest; how zstd packs it
 * depends on the sizes of the pieces in which it comes.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import * as tar from 'tar';
import { BadSnapshot, describeError } from '../base/faults.ts';

/** The parts of a profile that hold the account. */
export const INDEXED_DB = 'Default/IndexedDB';
export const LOCAL_STORAGE = 'Default/Local Storage';
export const KEPT_FOLDERS = [INDEXED_DB, LOCAL_STORAGE] as const;

const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;
const MAX_ENTRIES = 50_000;

export type Archive = {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  /** SHA-256 of what was packed: the same for the same files. */
  readonly content: string;
};

/** Counts and digests what flows through. */
export const meter = () => {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, result: () => ({ sha256: hash.digest('hex'), bytes }) };
};

const capped = (limit: number) => {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limit) done(new BadSnapshot('unpacks to more than is allowed'));
      else done(null, chunk);
    },
  });
};

const listEntries = async (dir: string): Promise<string[]> =>
  (await readdir(dir, { recursive: true })).map((path) => path.split('\\').join('/')).sort();

/** Packs everything under `sourceDir` into `file`. */
export const pack = async (sourceDir: string, file: string): Promise<Archive> => {
  const packed = meter();
  const content = meter();
  await pipeline(
    tar.c(
      { cwd: sourceDir, portable: true, noMtime: true, noDirRecurse: true, strict: true },
      await listEntries(sourceDir),
    ),
    content.stream,
    createZstdCompress(),
    packed.stream,
    createWriteStream(file, { mode: 0o600 }),
  );
  return { file, ...packed.result(), content: content.result().sha256 };
};

const isWithinKept = (path: string): boolean => {
  const clean = normalize(path).replace(/\/$/, '');
  if (clean.startsWith('/') || clean.split('/').includes('..') || path.includes('\0')) return false;
  return clean === 'Default' || KEPT_FOLDERS.some((kept) => clean === kept || clean.startsWith(`${kept}/`));
};

/** Lets only plain files and folders of an auth state pass, and remembers the first thing that is none. */
const gate = () => {
  let entries = 0;
  let files = 0;
  let wrong: string | undefined;
  return {
    passes: (path: string, type: string): boolean => {
      entries += 1;
      if (type === 'File') files += 1;
      else if (type !== 'Directory') wrong ??= `holds a ${type}`;
      if (!isWithinKept(path)) wrong ??= 'holds a path outside of the profile';
      if (entries > MAX_ENTRIES) wrong ??= 'holds too many entries';
      return wrong === undefined;
    },
    /** Once all has been seen: what is wrong with the archive. */
    verdict: () => wrong ?? (files === 0 ? 'holds no file' : undefined),
  };
};

/**
 * Unpacks at most `maxBytes` into the empty folder `targetDir`. Throws BadSnapshot; then the folder is gone, with what was
 * unpacked before the fault showed.
 */
export const unpack = async (
  file: string,
  targetDir: string,
  maxBytes = MAX_UNPACKED_BYTES,
): Promise<void> => {
  try {
    await mkdir(targetDir, { recursive: true });
    const { passes, verdict } = gate();
    await pipeline(
      createReadStream(file),
      createZstdDecompress(),
      capped(maxBytes),
      tar.x({
        cwd: targetDir,
        strict: true,
        noMtime: true,
        preserveOwner: false,
        filter: (path, entry) => passes(path, 'type' in entry ? entry.type : 'entry without a type'),
      }),
    );
    const wrong = verdict();
    if (wrong !== undefined) throw new BadSnapshot(wrong);
  } catch (error) {
    // Writes that had begun may still put files into it.
    await rm(targetDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }).catch(() => {});
    throw error instanceof BadSnapshot ? error : new BadSnapshot(describeError(error));
  }
};

export const stagingIn = (workDir: string, name: string): string =>
  join(workDir, `${name}-${process.pid}-${Math.random().toString(36).slice(2)}`);
