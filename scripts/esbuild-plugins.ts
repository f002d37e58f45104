/** esbuild plugins for everything that starts often: the worker, and the functions (infra/bundle.ts). */
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

/** zod's messages in fifty languages: 260 KB that no answer uses. */
export const withoutLocales: Plugin = {
  name: 'without-locales',
  setup: (build) =>
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, ({ path }) => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: dirname(path),
    })),
};

/**
 * Takes Node's HTTP client and server without an `import`. An ES module that imports `node:http` reads each of its
 * exports, and one of them (`WebSocket`) loads undici, Node's implementation of `fetch`: more work than all the rest of
 * a start, and several MB. `process.getBuiltinModule` reads none.
 */
export const httpWithoutUndici: Plugin = {
  name: 'http-without-undici',
  setup(build) {
    build.onResolve({ filter: /^(node:)?https?$/ }, ({ path }) => ({
      path: path.replace(/^(node:)?/, 'node:'),
      namespace: 'builtin',
    }));
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};
