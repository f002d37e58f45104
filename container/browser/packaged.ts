/**
 * The headless shell that comes inside the npm package `@sparticuz/chromium`, unpacked into a folder of ours: no apt,
 * no download. Many workers may start at once on a machine: each unpacks into a folder of its own and the first to
 * rename it wins, the others use the winner's.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import * as tar from 'tar';
import { z } from 'zod';

export type PackagedBrowser = {
  readonly executable: string;
  /** NSS libraries, which a bare machine lacks. */
  readonly libraries: string;
  readonly fonts: string;
};

const packageRoot = (): string => {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  return join(dirname(entry), '..', '..');
};

const packageVersion = async (root: string): Promise<string> =>
  z.object({ version: z.string() }).parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')))
    .version;

/** The folder for unpacked browsers unless one is named: the user's cache, or the temporary folder without a home. */
export const defaultBrowserDir = (): string => {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return existsSync(homedir()) ? join(cache, 'berth', 'browser') : join(tmpdir(), 'berth-browser');
};

const brotli = (file: string) =>
  [
    createReadStream(file, { highWaterMark: 1 << 22 }),
    createBrotliDecompress({ chunkSize: 1 << 21 }),
  ] as const;

const unpackTar = async (file: string, into: string): Promise<void> => {
  await mkdir(into, { recursive: true });
  const [source, decompress] = brotli(file);
  await pipeline(source, decompress, tar.x({ cwd: into, strict: true }));
};

const at = (dir: string): PackagedBrowser => ({
  executable: join(dir, 'chromium'),
  libraries: join(dir, 'al2023', 'lib'),
  fonts: join(dir, 'fonts'),
});

/**
 * Unpacks the packaged browser unless it is there already (about 2 s the first time).
 * Throws where the package has none for this machine (it is built for Linux on x86-64).
 */
export const unpackBrowser = async (
  browserDir: string,
  onProgress: (message: string) => void = () => {},
): Promise<PackagedBrowser> => {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`built for linux x64, this is ${process.platform} ${process.arch}`);
  const root = packageRoot();
  const target = join(browserDir, `chromium-${await packageVersion(root)}`);
  if (existsSync(target)) return at(target);

  onProgress('unpacking the browser (once, a few seconds)');
  await mkdir(browserDir, { recursive: true });
  const staging = `${target}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await mkdir(staging);
    const [source, decompress] = brotli(join(root, 'bin', 'chromium.br'));
    const unpacked = await Promise.allSettled([
      pipeline(source, decompress, createWriteStream(join(staging, 'chromium'), { mode: 0o755 })),
      unpackTar(join(root, 'bin', 'al2023.tar.br'), join(staging, 'al2023')),
      unpackTar(join(root, 'bin', 'fonts.tar.br'), join(staging, 'fonts')),
      // Found by Chromium beside its executable.
      unpackTar(join(root, 'bin', 'swiftshader.tar.br'), staging),
    ]);
    // All have ended before the folder is removed; the first failure is the one to tell.
    const failed = unpacked.find((part) => part.status === 'rejected');
    if (failed) throw failed.reason;
    // A folder can't be renamed over a non-empty one: who comes second fails here and uses the first's.
    await rename(staging, target).catch(async (error: unknown) => {
      await access(target).catch(() => Promise.reject(error));
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  onProgress('browser unpacked');
  return at(target);
};
