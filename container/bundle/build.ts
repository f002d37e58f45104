/**
 * Builds the worker as JavaScript and one native module that need no package beside them:
 * `node container/bundle/build.ts <folder>`.
 *
 *   worker.cjs                        the entry; loads the script beside it, with the code that V8 compiled of it before
 *   native/                           LevelDB's native module for each platform that a worker runs on
 *   ensure-browser.mjs                finds and unpacks the browser
 *   node_modules/whatsapp-web.js/     the library with its dependencies, bundled from the unmodified package
 *
 * Comments and whitespace are removed; no name is shortened or kept by a helper (`keepNames`): the library hands functions
 * to the browser as source text, and a helper that was added to them does not exist there. The library stays in a
 * separate file under node_modules: by that path in a stack trace the worker distinguishes the library's faults from its
 * own (process-faults.ts).
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
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
  // V8 holds a source text with other characters at twice the size: comments have such, and are whitespace.
  charset: 'ascii',
  minifyWhitespace: true,
  // A stack trace still shows the place.
  lineLimit: 160,
  legalComments: 'none',
  logLevel: 'silent',
} satisfies BuildOptions;

/** ESM has no `require`; CommonJS parts of some packages ask for Node's modules by it. */
const REQUIRE_BANNER =
  'import{createRequire as berthCreateRequire}from"node:module";const require=berthCreateRequire(import.meta.url);';

/** base/code-cache.ts: one module for all scripts that it loads. */
const LOADER = 'code-cache.cjs';

/** A script for the loader: a function of the names that Node gives a CommonJS module. Its file name has its hash. */
const script = {
  format: 'cjs',
  banner: { js: '(function(exports,require,module,__filename,__dirname){' },
  footer: { js: '})' },
  metafile: true,
} satisfies BuildOptions;

/** Writes the bundle into `outDir`, over what is there. Rejects if it does not compile. */
export const buildWorker = async (outDir: string): Promise<void> => {
  const ofBerth = {
    ...common,
    mainFields: ['module', 'main'],
    conditions: ['module'],
    external: [LIBRARY, `${LIBRARY}/*`, BROWSER_PACKAGE],
  } satisfies BuildOptions;
  const plugins = [withoutLocales, httpWithoutUndici, withoutDocument];
  await build({
    ...ofBerth,
    entryPoints: ['container/ensure-browser.ts'],
    outfile: join(outDir, 'ensure-browser.mjs'),
    format: 'esm',
    plugins,
    banner: { js: REQUIRE_BANNER },
  });
  await build({
    ...common,
    entryPoints: ['container/base/code-cache.ts'],
    outfile: join(outDir, LOADER),
    format: 'cjs',
  });
  const { metafile } = await build({
    ...ofBerth,
    ...script,
    entryPoints: ['container/run.ts'],
    outdir: outDir,
    entryNames: 'worker-[hash]',
    plugins: [...plugins, nativeBeside, loaderBeside],
    banner: { js: `${script.banner.js}const berthUrl=require("node:url").pathToFileURL(__filename).href;` },
    define: { 'import.meta.url': 'berthUrl' },
  });
  await writeFile(
    join(outDir, 'worker.cjs'),
    `require("./${LOADER}").loadScript(require.resolve("./${outputOf(metafile)}"));\n`,
  );
  await mkdir(join(outDir, 'native'), { recursive: true });
  for (const [name, source] of NATIVE_FILES)
    await copyFile(join(ROOT, 'node_modules', source), join(outDir, 'native', name));
  const used = Object.values(metafile.inputs)
    .flatMap(({ imports }) => imports)
    .filter(({ external, path }) => external === true && path.startsWith(LIBRARY))
    .map(({ path }) => path);
  await buildLibrary(outDir, [...new Set([LIBRARY, BROWSER_DRIVER, ...used])]);
};

const outputOf = ({ outputs }: Metafile): string => basename(Object.keys(outputs)[0] ?? '');

const loaderBeside: Plugin = {
  name: 'loader-beside',
  setup(build) {
    build.onResolve({ filter: /\/code-cache\.ts$/ }, () => ({ path: `./${LOADER}`, external: true }));
  },
};

/** One file with everything, and beside it one for each name under which the worker imports a part of it. */
const buildLibrary = async (outDir: string, names: readonly string[]): Promise<void> => {
  const folder = join(outDir, 'node_modules', LIBRARY);
  const parts = names.map((name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(name)})`);
  const { metafile } = await build({
    ...common,
    ...script,
    stdin: { contents: `module.exports = (name) => ({ ${parts.join(', ')} })[name]();`, resolveDir: ROOT },
    outdir: folder,
    entryNames: 'bundle-[hash]',
    plugins: [leftOut],
  });
  const bundle = join(folder, outputOf(metafile));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'commonjs', main: 'index.js' }));
  for (const name of names) {
    const part =
      name === LIBRARY
        ? 'index.js'
        : name === BROWSER_DRIVER
          ? `node_modules/${name}/index.js`
          : name.slice(LIBRARY.length + 1);
    const file = join(folder, part.endsWith('.js') ? part : `${part}.js`);
    const from = (path: string) => JSON.stringify(`./${relative(dirname(file), path)}`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(
      file,
      `module.exports = require(${from(join(outDir, LOADER))}).loadScript(require.resolve(${from(bundle)}))(${JSON.stringify(name)});
`,
    );
  }
};

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('usage: node container/bundle/build.ts <folder>');
  await buildWorker(resolve(folder));
}
