/**
 * The archive of an auth state: a tar of the profile's `Default/IndexedDB` and `Default/Local Storage`, compressed with
 * zstd. The same files give the same bytes, so that an unchanged state is recognized by its digest.
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
export const KEPT_FOLDERS = ['Default/IndexedDB', 'Default/Local Storage'] as const;

const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;
const MAX_ENTRIES = 50_000;

export type Archive = { readonly file: string; readonly sha256: string; readonly bytes: number };

/** Counts and digests what flows through. */
const meter = () => {
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
  const { stream, result } = meter();
  await pipeline(
    tar.c(
      { cwd: sourceDir, portable: true, noMtime: true, noDirRecurse: true, strict: true },
      await listEntries(sourceDir),
    ),
    createZstdCompress(),
    stream,
    createWriteStream(file, { mode: 0o600 }),
  );
  return { file, ...result() };
};

/** Digest and size of a file. */
export const measure = async (file: string): Promise<{ sha256: string; bytes: number }> => {
  const { stream, result } = meter();
  await pipeline(createReadStream(file), stream, async (source) => {
    for await (const _ of source);
  });
  return result();
};

const isWithinKept = (path: string): boolean => {
  const clean = normalize(path).replace(/\/$/, '');
  if (clean.startsWith('/') || clean.split('/').includes('..') || path.includes('\0')) return false;
  return clean === 'Default' || KEPT_FOLDERS.some((kept) => clean === kept || clean.startsWith(`${kept}/`));
};

const open = (file: string, maxBytes: number) =>
  [createReadStream(file), createZstdDecompress(), capped(maxBytes)] as const;

/** Throws BadSnapshot unless the archive holds only plain files and folders in the places that an auth state uses. */
const inspect = async (file: string, maxBytes: number): Promise<void> => {
  let entries = 0;
  let files = 0;
  let wrong: string | undefined;
  const list = tar.t({
    strict: true,
    onReadEntry(entry) {
      entries += 1;
      if (entry.type === 'File') files += 1;
      else if (entry.type !== 'Directory') wrong ??= `holds a ${entry.type}`;
      if (!isWithinKept(entry.path)) wrong ??= 'holds a path outside of the profile';
      if (entries > MAX_ENTRIES) wrong ??= 'holds too many entries';
      entry.resume();
    },
  });
  await pipeline(...open(file, maxBytes), list);
  if (wrong !== undefined) throw new BadSnapshot(wrong);
  if (files === 0) throw new BadSnapshot('holds no file');
};

/** Unpacks at most `maxBytes` into the empty folder `targetDir`. Throws BadSnapshot; then the folder is gone. */
export const unpack = async (
  file: string,
  targetDir: string,
  maxBytes = MAX_UNPACKED_BYTES,
): Promise<void> => {
  try {
    await inspect(file, maxBytes);
    await mkdir(targetDir, { recursive: true });
    await pipeline(
      ...open(file, maxBytes),
      tar.x({ cwd: targetDir, strict: true, noMtime: true, preserveOwner: false }),
    );
  } catch (error) {
    await rm(targetDir, { recursive: true, force: true });
    throw error instanceof BadSnapshot ? error : new BadSnapshot(describeError(error));
  }
};

export const stagingIn = (workDir: string, name: string): string =>
  join(workDir, `${name}-${process.pid}-${Math.random().toString(36).slice(2)}`);
