/**
 * Compiles the typed client to client/dist, with the license beside it. `npm pack` in client/ runs it first; it is also
 * how `npm run package` gets the files of the package berth-client.
 */
import { execFile } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { leanSource } from './esbuild-plugins.ts';

const ROOT = resolve(import.meta.dirname, '..');
const CLIENT = join(ROOT, 'client');
const OUT = join(CLIENT, 'dist');

await rm(OUT, { recursive: true, force: true });
await promisify(execFile)(
  join(ROOT, 'node_modules', '.bin', 'tsc'),
  ['-p', join(CLIENT, 'tsconfig.package.json'), '--outDir', OUT],
  { timeout: 120_000 },
);
// A web page that uses the client loads none of the texts of the OpenAPI document.
for (const name of await readdir(OUT, { recursive: true })) {
  if (!name.endsWith('.js')) continue;
  const path = join(OUT, name);
  await writeFile(path, leanSource(path, await readFile(path, 'utf8')));
}
await cp(join(ROOT, 'LICENSE'), join(CLIENT, 'LICENSE'));
