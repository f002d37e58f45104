/**
 * Builds the worker as JavaScript and one native module that need no package beside them:
 * `node container/bundle/build.ts <folder>`.
 *
 *   worker.mjs                        the entry; the code for a session is in chunks that it loads after its first call
 *   native/                           LevelDB's native module for each platform that a worker runs on
 *   ensure-browser.mjs                finds and unpacks the browser
 *   node_modules/whatsapp-web.js/     the library with its dependencies, bundled from the unmodified package
 *
 * Nothing is minified and no name is kept by a helper (`keepNames`): the library hands functions to the browser as
 * source text, and a helper that was added to them does not exist there. The library stays in a separate file under
 * node_modules: by that path in a stack trace the worker distinguishes the library's faults from its own
 * (process-faults.ts).
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { httpWithoutUndici, withoutDocument, withoutLocales } from '../../scripts/esbuild-plugins.ts';
import { leftOut } from './left-out.ts';
import { NATIVE_FILES, nativeBeside } from './native.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LIBRARY = 'whatsapp-web.js';
/** The library's own copy, which a browser that is launched ahead is handed to (container/browser/ahead.ts). */
const BROWSER_DRIVER = 'puppeteer';
/** Unpacked from npm on a machine without an installed browser: it is no code to bundle. */
const BROWSER_PACKAGE = '@sparticuz/chromium';

const common = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  // V8 holds a source text with other characters at twice the size.
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'silent',
} satisfies BuildOptions;

/** ESM has no `require`; CommonJS parts of some packages ask for Node's modules by it. */
const REQUIRE_BANNER =
  'import{createRequire as berthCreateRequire}from"node:module";const require=berthCreateRequire(import.meta.url);';

/** Writes the bundle into `outDir`, over what is there. Rejects if it does not compile. */
export const buildWorker = async (outDir: string): Promise<void> => {
  const { metafile } = await build({
    ...common,
    entryPoints: [
      { in: 'container/run.ts', out: 'worker' },
      { in: 'container/ensure-browser.ts', out: 'ensure-browser' },
    ],
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    splitting: true,
    mainFields: ['module', 'main'],
    conditions: ['module'],
    external: [LIBRARY, `${LIBRARY}/*`, BROWSER_PACKAGE],
    plugins: [withoutLocales, httpWithoutUndici, withoutDocument, nativeBeside],
    banner: { js: REQUIRE_BANNER },
    metafile: true,
  });
  await mkdir(join(outDir, 'native'), { recursive: true });
  for (const [name, source] of NATIVE_FILES)
    await copyFile(join(ROOT, 'node_modules', source), join(outDir, 'native', name));
  const used = Object.values(metafile.inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external === true && path.startsWith(LIBRARY))
    .map(({ path }) => path);
  await buildLibrary(join(outDir, 'node_modules', LIBRARY), [...new Set([LIBRARY, BROWSER_DRIVER, ...used])]);
};

/** One file with everything, and beside it one for each name under which the worker imports a part of it. */
const buildLibrary = async (folder: string, names: readonly string[]): Promise<void> => {
  const parts = names.map((name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(name)})`);
  await build({
    ...common,
    stdin: { contents: `module.exports = (name) => ({ ${parts.join(', ')} })[name]();`, resolveDir: ROOT },
    outfile: join(folder, 'bundle.js'),
    format: 'cjs',
    plugins: [leftOut],
  });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'commonjs', main: 'index.js' }));
  for (const name of names) {
    const part =
      name === LIBRARY
        ? 'index.js'
        : name === BROWSER_DRIVER
          ? `node_modules/${name}/index.js`
          : name.slice(LIBRARY.length + 1);
    const file = join(folder, part.endsWith('.js') ? part : `${part}.js`);
    const bundle = JSON.stringify(`./${relative(dirname(file), join(folder, 'bundle.js'))}`);
    await mkdir(dirname(file), { recursive: true });
    // In two steps: Node takes `module.exports = require(…)` for names to pass on, and searches the whole bundle for them.
    await writeFile(
      file,
      `const load = require(${bundle});\nmodule.exports = load(${JSON.stringify(name)});\n`,
    );
  }
};

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('usage: node container/bundle/build.ts <folder>');
  await buildWorker(resolve(folder));
}
