/**
 * Writes the digests of the image's base images into container/Dockerfile, so that a build in a year starts from the
 * same bytes. Asks the registry through a tool that is installed: docker (with buildx), skopeo or crane. Nothing is
 * pulled.
 *
 *   npm run image:pin               resolves each tag and writes `name:tag@sha256:…`
 *   npm run image:pin -- --check    changes nothing; exits with 1 if a base image has no digest
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { baseImages, withDigests } from '../infra/base-images.ts';

const DOCKERFILE = join(import.meta.dirname, '..', 'container', 'Dockerfile');
const DEADLINE_MS = 60_000;

/** How each tool reports the digest of the whole image, all platforms included. */
const TOOLS: readonly (readonly [string, (image: string) => readonly string[]])[] = [
  ['docker', (image) => ['buildx', 'imagetools', 'inspect', image, '--format', '{{.Manifest.Digest}}']],
  ['skopeo', (image) => ['inspect', '--no-tags', '--format', '{{.Digest}}', `docker://${image}`]],
  ['crane', (image) => ['digest', image]],
];

const resolve = async (image: string): Promise<string> => {
  const failures: string[] = [];
  for (const [tool, args] of TOOLS) {
    try {
      const { stdout } = await promisify(execFile)(tool, args(image), { timeout: DEADLINE_MS });
      const digest = /sha256:[0-9a-f]{64}/.exec(stdout)?.[0];
      if (digest !== undefined) return digest;
      failures.push(`${tool}: printed no digest`);
    } catch (error) {
      const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n').slice(-2);
      failures.push(`${tool}: ${reason}`);
    }
  }
  throw new Error(`No digest for ${image}:\n${failures.map((each) => `  - ${each}`).join('\n')}`);
};

const main = async (args: readonly string[]): Promise<number> => {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(
      'npm run image:pin               write the digests of the base images into container/Dockerfile\n' +
        'npm run image:pin -- --check    change nothing; exit with 1 if a digest is missing',
    );
    return 0;
  }
  const unknown = args.find((arg) => arg !== '--check');
  if (unknown !== undefined) {
    console.error(`image-pin: unknown argument ${unknown}; see --help`);
    return 2;
  }
  const dockerfile = readFileSync(DOCKERFILE, 'utf8');
  const images = baseImages(dockerfile);
  if (args.includes('--check')) {
    const missing = images.filter(({ digest }) => digest === undefined);
    for (const { image } of missing) console.error(`${image} has no digest; npm run image:pin writes it`);
    return missing.length === 0 ? 0 : 1;
  }
  // All are resolved before anything is written.
  const digests = new Map(
    await Promise.all(images.map(async ({ image }) => [image, await resolve(image)] as const)),
  );
  writeFileSync(DOCKERFILE, withDigests(dockerfile, digests));
  for (const [image, digest] of digests) console.log(`${image}@${digest}`);
  return 0;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
