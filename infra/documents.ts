/**
 * What the function `documentation` answers, made when it is bundled: at run time it would need every schema and text of the
 * contract, and 100 ms of each cold start.
 */
import { resolve } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import * as z from 'zod';
import { withoutLocales } from '../scripts/esbuild-plugins.ts';

/** As esbuild names the module among a build's inputs. */
export const DOCUMENTS_MODULE = 'functions/docs/documents.ts';

/** Everything that the documents are made of, beside packages. */
export const DOCUMENTS_SOURCES = ['contract', 'functions/docs'];

const root = resolve(import.meta.dirname, '..');

/** Replaces the module by the values of what it exports, compressed. */
export const documentsPlugin: Plugin = {
  name: 'documents',
  setup: (build) =>
    build.onLoad({ filter: /[\\/]functions[\\/]docs[\\/]documents\.ts$/ }, async ({ path }) => {
      const packed = brotliCompressSync(JSON.stringify(await documentsOf(path))).toString('base64');
      return {
        contents:
          "import { brotliDecompressSync } from 'node:zlib';" +
          `export const DOCUMENTS = JSON.parse(brotliDecompressSync(Buffer.from('${packed}', 'base64')).toString());`,
      };
    }),
};

const moduleSchema = z.object({ DOCUMENTS: z.record(z.string(), z.unknown()) });

const documentsOf = async (path: string): Promise<unknown> => {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [path],
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [withoutLocales],
    write: false,
    logLevel: 'silent',
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  return moduleSchema.parse(await import(`data:text/javascript;base64,${code}`)).DOCUMENTS;
};
