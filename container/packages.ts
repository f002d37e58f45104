/**
 * Cuts package.json down to what a stage of the image's build needs: the rest of the project (CDK, the AWS SDK, the
 * local engines) is many times its size. Run in the image's build only, before anything is installed; it changes
 * package.json in place.
 *
 *   node container/packages.ts            what the worker's bundle is made of, and the bundler
 *   node container/packages.ts browser    the browser and what unpacks it
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** A test holds this against what the worker imports. */
export const WORKER_PACKAGES: readonly string[] = [
  '@aws-lambda-powertools/logger',
  'classic-level',
  'content-disposition',
  'ipaddr.js',
  'mime',
  'tar',
  'ulid',
  'whatsapp-web.js',
  'zod',
];

/** A test holds this against what container/bundle/build.ts imports. */
export const BUNDLER_PACKAGES: readonly string[] = ['esbuild'];

export const BROWSER_PACKAGES: readonly string[] = ['@sparticuz/chromium', 'tar', 'zod'];

if (import.meta.main) {
  const wanted = process.argv[2] === 'browser' ? BROWSER_PACKAGES : [...WORKER_PACKAGES, ...BUNDLER_PACKAGES];
  const {
    name,
    version,
    private: closed,
    type,
    dependencies,
  } = JSON.parse(readFileSync('package.json', 'utf8'));
  const kept = Object.fromEntries(wanted.map((each) => [each, dependencies[each]]));
  writeFileSync(
    'package.json',
    JSON.stringify({ name, version, private: closed, type, dependencies: kept }, null, 2),
  );
}
