/**
 * Cuts package.json down to what the worker imports, for the image: the rest of the project (CDK, the AWS SDK, the
 * local engines) is many times its size. Run in the image's build only, before anything is installed; it changes
 * package.json in place.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** A test holds this against what the worker imports. */
export const WORKER_PACKAGES: readonly string[] = [
  '@aws-lambda-powertools/logger',
  'ipaddr.js',
  'tar',
  'ulid',
  'whatsapp-web.js',
  'zod',
];

if (import.meta.main) {
  const {
    name,
    version,
    private: closed,
    type,
    dependencies,
  } = JSON.parse(readFileSync('package.json', 'utf8'));
  const kept = Object.fromEntries(WORKER_PACKAGES.map((each) => [each, dependencies[each]]));
  writeFileSync(
    'package.json',
    JSON.stringify({ name, version, private: closed, type, dependencies: kept }, null, 2),
  );
}
