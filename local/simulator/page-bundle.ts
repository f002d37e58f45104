import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The page that stands in for WhatsApp Web: its HTML, and its script bundled from `page/`. */
export async function bundlePage(): Promise<{ html: string; script: string }> {
  const [html, bundle] = await Promise.all([
    readFile(at('page/index.html'), 'utf8'),
    build({
      entryPoints: [at('page/main.ts')],
      bundle: true,
      write: false,
      format: 'iife',
      target: 'chrome120',
      logLevel: 'silent',
    }),
  ]);
  return { html, script: bundle.outputFiles[0]?.text ?? '' };
}
