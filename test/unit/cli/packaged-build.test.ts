import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packagedBuild } from '../../../cli/packaged-build.ts';
import { htmlError } from '../../../contract/builds/html.ts';
import { saveBuild } from '../../../core/builds/change.ts';
import { testSystem } from '../core/test-system.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-packaged-'));
  await mkdir(join(folder, 'html'));
  await writeFile(
    join(folder, 'versions.json'),
    JSON.stringify({
      currentVersion: '2.3000.20-alpha',
      versions: [
        { version: '2.3000.9-alpha', beta: false, expire: '2026-09-21T20:04:48.543Z' },
        { version: '2.3000.20-alpha', beta: false },
      ],
    }),
  );
  await writeFile(join(folder, 'html', '2.3000.9-alpha.html'), 'nine');
  await writeFile(join(folder, 'html', '2.3000.20-alpha.html'), 'twenty');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the newest build by number, or the one that is named, with the time at which it expires', async () => {
  expect(await packagedBuild(folder, undefined)).toEqual({
    version: '2.3000.20',
    html: 'twenty',
    expiresAt: undefined,
  });
  expect(await packagedBuild(folder, '2.3000.9')).toEqual({
    version: '2.3000.9',
    html: 'nine',
    expiresAt: '2026-09-21T20:04:48.543Z',
  });
});

test('a build that the package lacks, a folder that is no such package are named', async () => {
  await expect(packagedBuild(folder, '2.3000.1')).rejects.toThrow('has no build 2.3000.1');
  await expect(packagedBuild(join(folder, 'html'), undefined)).rejects.toThrow(
    'versions.json cannot be read',
  );
});

test('a real page of the package is of its build, and is refused in words once it has expired', async () => {
  const build = await packagedBuild(undefined, undefined);
  expect(htmlError(build.html, build.version)).toBeUndefined();
  const { deps } = testSystem();
  await expect(saveBuild(deps, build.version, build)).rejects.toThrow(/^The build 2\.\S+ expired at /);
  await expect(saveBuild(deps, '2.3000.1', build)).rejects.toMatchObject({ code: 'malformed' });
});
