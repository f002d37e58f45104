/**
 * Compiles the typed client to client/dist, with the license beside it. `npm pack` in client/ runs it first; it is also
 * how `npm run package` gets the files of the package berth-client.
 */
import { execFile } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '..');
const CLIENT = join(ROOT, 'client');
const OUT = join(CLIENT, 'dist');

await rm(OUT, { recursive: true, force: true });
await promisify(execFile)(
  join(ROOT, 'node_modules', '.bin', 'tsc'),
  ['-p', join(CLIENT, 'tsconfig.package.json'), '--outDir', OUT],
  { timeout: 120_000 },
);
await cp(join(ROOT, 'LICENSE'), join(CLIENT, 'LICENSE'));
