/**
 * Prints the section of CHANGELOG.md for a version. Exits with 1 when the tag, package.json and the change log do not name
 * the same version: the release workflow then stops before it publishes anything.
 *
 *   npm run release:notes -- v1.2.3
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { releaseNotes } from './changelog.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const { version } = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')));

try {
  const [tag] = process.argv.slice(2);
  if (tag === undefined) throw new Error('usage: npm run release:notes -- v1.2.3');
  process.stdout.write(`${releaseNotes(read('CHANGELOG.md'), tag, version)}\n`);
} catch (error) {
  console.error(`release-notes: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
