/** esbuild plugins for everything that starts often: the worker, and the functions (infra/bundle.ts). */
import { readFile } from 'node:fs/promises';
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

/** A text as it is written in this project's sources: quoted, without a value in it, or a template. */
const TEXT = String.raw`(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|${'`'}(?:[^${'`'}\\]|\\.)*${'`'})`;
const TEXTS = String.raw`${TEXT}(?:\s*\+\s*${TEXT})*`;
/** `summary: '…',` and similar fields of a row, and `.describe('…')` of a schema. */
const PROSE = new RegExp(
  String.raw`\b(?:summary|description|says|tag):\s*(?:${TEXTS}|FILE)(?:,[ \t]*|\s*(?=\}))|` +
    String.raw`\bproblems:\s*(?:\[[^\]]*\]|\w*PROBLEMS)(?:,[ \t]*|\s*(?=\}))|` +
    String.raw`\.describe\(\s*${TEXTS},?\s*\)`,
  'g',
);
const HAS_PROSE = /[\\/]contract[\\/](operations|bodies|whatsapp)[\\/][\w-]+\.[jt]s$/;

/** A comment or a text, which stays as it is, or the start of a schema: `z.object(…)`. */
const SCHEMA = new RegExp(String.raw`/\*[\s\S]*?\*/|//.*|${TEXT}|(?<![\w.$])z(?=\s*\.\w+\()`, 'g');

/** A file of the contract or of core, without the texts that only the OpenAPI document needs. Lines keep their numbers. */
const withoutTexts = (path: string, source: string): string =>
  HAS_PROSE.test(path) ? source.replace(PROSE, (prose) => prose.replace(/[^\n]/g, '')) : source;

/** The same. It also shows a bundler that making a schema has no effect, so that an unused one is left out. */
export const leanSource = (path: string, source: string): string =>
  withoutTexts(path, source).replace(SCHEMA, (found) => (found === 'z' ? '/* @__PURE__ */ z' : found));

/**
 * Leaves out what only the OpenAPI document needs: the contract's texts, and zod's conversion to JSON Schema (50 KB). For
 * everything but the document itself.
 */
export const withoutDocument: Plugin = {
  name: 'without-document',
  setup(build) {
    // In a bundle that is not minified the marks would remain, and they have more bytes than what they leave out.
    const lean = build.initialOptions.minify === true ? leanSource : withoutTexts;
    build.onLoad({ filter: /[\\/](contract|core)[\\/][^.]+\.ts$/ }, async ({ path }) => ({
      contents: lean(path, await readFile(path, 'utf8')),
      loader: 'ts',
    }));
    // Each schema is given its conversion when it is made, and nothing here calls it.
    build.onLoad(
      { filter: /[\\/]zod[\\/]v4[\\/]core[\\/](to-json-schema|json-schema-processors)\.js$/ },
      async ({ path }) => {
        const names = (await readFile(path, 'utf8')).matchAll(/^export (?:const|function|class) (\w+)/gm);
        const leftOut = [...names].map(([, name]) => `export const ${name} = leftOut;`);
        return { contents: ['const leftOut = () => leftOut;', ...leftOut].join('\n') };
      },
    );
  },
};
