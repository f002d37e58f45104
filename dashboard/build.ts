import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { withoutDocument } from '../scripts/esbuild-plugins.ts';

const PAGE = join(import.meta.dirname, 'page');

/** Operations that the API only refuses. They are in the client's table; the page calls none of them. */
const withoutUnsupported: Plugin = {
  name: 'without-unsupported',
  setup: (build) =>
    build.onLoad({ filter: /[\\/]contract[\\/]operations[\\/]unsupported\.ts$/ }, () => ({
      contents: 'export const UNSUPPORTED_OPERATIONS = {};',
    })),
};

/**
 * Builds the page into `outDir`: index.html, and under assets/ the files that it names, each file with a hash of its
 * content in its name, so that it may be cached for ever. Paths are relative: the page works below any path that ends
 * with `/`. The same sources give the same bytes. Nothing is removed from `outDir`. Rejects if the page does not
 * compile.
 */
export const buildDashboard = async (outDir: string): Promise<void> => {
  const { outputFiles } = await build({
    absWorkingDir: PAGE,
    entryPoints: ['main.tsx', 'main.css', 'icon.svg'],
    outdir: join(outDir, 'assets'),
    entryNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    plugins: [withoutUnsupported, withoutDocument],
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  });
  await mkdir(join(outDir, 'assets'), { recursive: true });
  let html = await readFile(join(PAGE, 'index.html'), 'utf8');
  for (const { path, contents } of outputFiles) {
    const name = basename(path);
    html = html.replace(`"${name.replace(/-[^.]+/, '')}"`, `"assets/${name}"`);
    await writeFile(join(outDir, 'assets', name), contents);
  }
  await writeFile(join(outDir, 'index.html'), html);
};
