/**
 * Parts of the library's dependencies that the worker never runs. They stay out of its bundle: they are two thirds of
 * what the packages would load, and each worker would hold them in memory.
 */
import type { Plugin } from 'esbuild';

/**
 * Optional packages, as if they were not installed. The library and its dependencies try to load them and continue
 * without. The first three belong to RemoteAuth, which Berth does not use; the others are optional speed-ups of
 * WebSockets, which Berth does not use either (the browser is driven through a pipe).
 */
const NOT_INSTALLED = ['archiver', 'fs-extra', 'unzipper', 'bufferutil', 'utf-8-validate', 'supports-color'];

/**
 * Packages that only installing a browser, puppeteer's command line and browsers behind a WebSocket use. With `ws` Node
 * would load its own modules for TLS and compression: 25 ms of a start.
 */
const NOT_USED = ['extract-zip', 'progress', 'proxy-agent', 'tar-fs', 'ws', 'yargs', 'yargs/helpers'];

/** Files of the same kind: downloading and installing browsers, and Firefox's protocol. */
const FILES_NOT_USED =
  /@puppeteer\/browsers\/lib\/cjs\/(CLI|httpUtil|install)\.js$|puppeteer\/bidi\/bidi\.js$/;

/** Loaded when first used: stickers, files by URL, files from a disk, versions of browsers. Most workers never use them. */
const ON_DEMAND = ['mime', 'node-fetch', 'node-webpmux', 'semver'];

/** Replaced by what the library calls when it starts; there is no ffmpeg beside the worker, and no settings file. */
const REPLACED: Readonly<Record<string, string>> = {
  'fluent-ffmpeg':
    "module.exports = () => { throw new Error('The worker has no ffmpeg: videos cannot become stickers.'); };" +
    'module.exports.setFfmpegPath = () => {};',
  // puppeteer would search the folders above for a configuration file, and run it.
  cosmiconfig: 'exports.cosmiconfigSync = () => ({ search: () => null });',
};

const namesOf = (names: readonly string[]): RegExp =>
  new RegExp(`^(${names.map((name) => name.replaceAll('.', '\\.')).join('|')})$`);

/** Loads; says what is missing when it is used. */
const failsOnUse = (name: string): string => `module.exports = new Proxy(function () {}, {
  get(_, key) {
    if (key === '__esModule') return false;
    throw new Error(${JSON.stringify(`${name} is not part of the worker's bundle (container/bundle/left-out.ts).`)});
  },
});`;

const loadsOnUse = (name: string): string => {
  const real = JSON.stringify(`${NOW}${name}`);
  return `module.exports = new Proxy(function () {}, {
  // Asked by who imports a default, when it loads.
  get: (_, key) => key === '__esModule' ? false : require(${real})[key],
  apply: (_, self, args) => Reflect.apply(require(${real}), self, args),
  construct: (_, args) => Reflect.construct(require(${real}), args),
});`;
};
const NOW = 'now:';

/** For the library's bundle. */
export const leftOut: Plugin = {
  name: 'left-out',
  setup(build) {
    const replace = (names: readonly string[], namespace: string, contents: (name: string) => string) => {
      build.onResolve({ filter: namesOf(names) }, ({ path, pluginData, resolveDir }) =>
        pluginData === NOW ? undefined : { path, namespace, pluginData: { resolveDir } },
      );
      build.onLoad({ filter: /.*/, namespace }, ({ path, pluginData }) => ({
        contents: contents(path),
        resolveDir: pluginData.resolveDir,
      }));
    };
    replace(
      NOT_INSTALLED,
      'not-installed',
      (name) =>
        `throw Object.assign(new Error(${JSON.stringify(`Cannot find module '${name}'`)}), { code: 'MODULE_NOT_FOUND' });`,
    );
    replace(NOT_USED, 'not-used', failsOnUse);
    replace(Object.keys(REPLACED), 'replaced', (name) => REPLACED[name] ?? '');
    replace(ON_DEMAND, 'on-demand', loadsOnUse);
    build.onResolve({ filter: new RegExp(`^${NOW}`) }, ({ path, resolveDir, kind }) =>
      build.resolve(path.slice(NOW.length), { kind, resolveDir, pluginData: NOW }),
    );
    build.onLoad({ filter: FILES_NOT_USED }, ({ path }) => ({
      contents: failsOnUse(path.split('node_modules/').at(-1) ?? path),
    }));
  },
};
