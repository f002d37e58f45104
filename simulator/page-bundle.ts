import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

type Page = { readonly html: string; readonly script: string };

/** The page that stands in for WhatsApp Web: its HTML, and its script bundled from `page/`. */
export const bundlePage = async (): Promise<Page> => {
  const [html, script] = await Promise.all([readFile(at('page/index.html'), 'utf8'), bundleScript()]);
  return { html, script };
};

/** The page with a script that was bundled before: nothing of the bundler is loaded. */
export const readPage = async (scriptFile: string): Promise<Page> => {
  const [html, script] = await Promise.all([
    readFile(at('page/index.html'), 'utf8'),
    readFile(scriptFile, 'utf8'),
  ]);
  return { html, script };
};

/** The script of the page. */
export const bundleScript = async (): Promise<string> => {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [at('page/main.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'chrome120',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
};
