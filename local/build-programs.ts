/** `node local/build-programs.ts <folder>`: builds the local system's own programs into the folder (programs.ts). */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { withoutLocales } from '../scripts/esbuild-plugins.ts';
import { bundleScript } from '../simulator/page-bundle.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node local/build-programs.ts <folder>');

await build({
  entryPoints: [join(import.meta.dirname, 'engines', 'ecs', 'container-agent.ts')],
  outdir: folder,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  plugins: [withoutLocales],
  logLevel: 'silent',
});
await writeFile(join(folder, 'simulator-page.js'), await bundleScript());
