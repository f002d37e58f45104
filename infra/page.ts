/**
 * The dashboard's files as one module of the function that serves them: `import { PAGE_FILES } from 'berth:page'`. An
 * HTTP API has no integration with S3, so they travel in that function's bundle, compressed when it is built.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import type { Plugin } from 'esbuild';
import type { PageFile } from '../contract/dashboard-path.ts';
import { PAGE_PATH } from '../contract/dashboard-path.ts';
import { buildDashboard } from '../dashboard/build.ts';

/** The bytes that a browser loads for its first view, compressed. */
export const MAX_PAGE_KIB = 150;

/** As esbuild names the module among a build's inputs. */
export const PAGE_MODULE = 'berth-page:files';

/** Everything that the page is made of, beside packages. */
export const PAGE_SOURCES = ['dashboard', 'client', 'contract'];

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};

/** @param workDir the folder for temporary folders of a build; two builds at once use different ones */
export const pagePlugin = (workDir: string): Plugin => ({
  name: 'page',
  setup: (build) => {
    build.onResolve({ filter: /^berth:page$/ }, () => ({ path: 'files', namespace: 'berth-page' }));
    build.onLoad({ filter: /.*/, namespace: 'berth-page' }, async () => ({
      contents: `export const PAGE_FILES = ${JSON.stringify(await pageFiles(workDir))};`,
    }));
  },
});

/** By path below PAGE_PATH: `index.html`, `assets/main-ABC.js`. Throws if the page does not compile or is too big. */
export const pageFiles = async (workDir: string): Promise<Readonly<Record<string, PageFile>>> => {
  await mkdir(workDir, { recursive: true });
  const folder = await mkdtemp(join(workDir, 'page-'));
  try {
    await buildDashboard(folder);
    const paths = (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .sort();
    const files = Object.fromEntries(
      await Promise.all(
        paths.map(async (path) => [path, fileOf(path, await readFile(join(folder, path)))] as const),
      ),
    );
    const kib = Object.values(files).reduce((sum, { brotli }) => sum + (brotli.length * 3) / 4, 0) / 1024;
    if (kib > MAX_PAGE_KIB)
      throw new Error(`The dashboard has ${Math.ceil(kib)} of ${MAX_PAGE_KIB} KiB, compressed.`);
    return files;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const fileOf = (path: string, built: Buffer): PageFile => {
  const contentType = CONTENT_TYPES[extname(path)];
  if (contentType === undefined) throw new Error(`infra/page.ts knows no content type for ${path}.`);
  const bytes = path === 'index.html' ? Buffer.from(absolute(built.toString('utf8'))) : built;
  return {
    contentType,
    etag: createHash('sha256').update(bytes).digest('base64url').slice(0, 27),
    brotli: brotliCompressSync(bytes).toString('base64'),
  };
};

/** One index.html answers at every path of the page, with and without a slash at the end: its links must not depend on it. */
const absolute = (html: string): string => html.replaceAll('"assets/', `"${PAGE_PATH}/assets/`);
