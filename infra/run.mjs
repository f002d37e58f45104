#!/usr/bin/env node
/**
 * `node infra/run.mjs app.ts`: runs a program of this folder, or says what is missing. Node runs TypeScript as it is
 * from 22.18 on; an older one fails at the file's ending and says nothing of use. (On Linux x64 `npm` and `npx` put the
 * Node 24 of the package first in PATH, so an older one comes here only on other platforms.)
 */
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [program] = process.argv.slice(2);
if (program === undefined) {
  process.stderr.write('usage: node infra/run.mjs PROGRAM [arguments]\n');
  process.exit(2);
}
if (!process.features.typescript) {
  process.stderr.write(
    `Node ${process.versions.node} can't run TypeScript. Install Node 22.18 or newer (24 is what Berth is tested with).\n`,
  );
  process.exit(1);
}
const path = resolve(dirname(fileURLToPath(import.meta.url)), program);
// The program sees itself and its arguments, as if Node had been called with it.
process.argv.splice(1, 2, path);
await import(pathToFileURL(path).href);
