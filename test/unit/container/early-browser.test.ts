import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { profileDirIn } from '../../../container/auth-state/profile-dir.ts';
import { spawnEarly } from '../../../container/browser/early.ts';
import { ensureBrowser, recordedBrowser } from '../../../container/browser/find.ts';
import { findTree } from '../../../container/browser/process-tree.ts';

vi.setConfig({ testTimeout: 120_000 });

const browserDir = join(tmpdir(), 'berth-test-browser');
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-early-'));
});
afterEach(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));

describe('a browser that was tried on this machine', () => {
  it('is known by its folder and by its path', async () => {
    const tried = await ensureBrowser({ browserDir });
    expect(await recordedBrowser({ browserDir })).toEqual(tried);
    expect(await recordedBrowser({ path: tried.executable })).toEqual(tried);
  });

  it('is not known otherwise, and nothing is unpacked or started to find out', async () => {
    expect(await recordedBrowser({ browserDir: join(dir, 'none') })).toBeUndefined();
    expect(await recordedBrowser({ path: join(dir, 'chromium') })).toBeUndefined();
    for (const folder of ['al2023/lib', 'fonts']) await mkdir(join(dir, folder), { recursive: true });
    await writeFile(join(dir, 'chromium'), `#!/bin/sh\ntouch ${join(dir, 'started')}\n`, { mode: 0o755 });
    expect(await recordedBrowser({ path: join(dir, 'chromium') })).toBeUndefined();
    expect((await readdir(dir)).sort()).toEqual(['al2023', 'chromium', 'fonts']);
  });
});

describe('before the worker’s modules are loaded', () => {
  const asked = () => ({
    BERTH_BROWSER_AHEAD: '1',
    BERTH_BROWSER_DIR: browserDir,
    BERTH_BROWSER_ARGS: '["--host-resolver-rules=MAP * 127.0.0.1:1"]',
    BERTH_WORK_DIR: dir,
  });

  it('the browser runs, over a profile in the folder that the session gets', async () => {
    const found = await ensureBrowser({ browserDir });
    const early = await spawnEarly(asked());
    if (!early) throw new Error('no browser was spawned');
    try {
      expect(early.found).toEqual(found);
      expect(dirname(early.workDir)).toBe(dir);
      expect(await findTree(profileDirIn(early.workDir))).not.toEqual([]);
    } finally {
      early.spawned.kill();
      await early.spawned.exited;
    }
  });

  it.each([
    ['the session needs a browser of its own', { BERTH_BROWSER_AHEAD: undefined }],
    ['no browser is on record', { CHROMIUM_PATH: '/nowhere/chromium' }],
    ['a setting is wrong, which is reported later', { BERTH_BROWSER_ARGS: '{' }],
  ])('none runs and nothing is left if %s', async (_why, different) => {
    await ensureBrowser({ browserDir });
    expect(await spawnEarly({ ...asked(), ...different })).toBeUndefined();
    expect(await readdir(dir)).toEqual([]);
  });

  it('nothing is loaded that this does not need', async () => {
    const { metafile } = await build({
      absWorkingDir: resolve(import.meta.dirname, '../../..'),
      entryPoints: ['container/run.ts'],
      outdir: dir,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      metafile: true,
      write: false,
    });
    const outputs = new Map(Object.entries(metafile.outputs));
    const loadedBy = (path: string): string[] => {
      const { inputs, imports } = outputs.get(path) ?? { inputs: {}, imports: [] };
      const first = imports.filter(({ kind, external }) => kind === 'import-statement' && external !== true);
      return [...Object.keys(inputs), ...first.flatMap((each) => loadedBy(each.path))];
    };
    const [entry = ''] = [...outputs].find(([, { entryPoint }]) => entryPoint === 'container/run.ts') ?? [];
    const loaded = loadedBy(entry);
    expect(loaded).toContain('container/browser/early.ts');
    const needed =
      /^container\/(base\/faults|browser\/|auth-state\/profile-dir|run|work-dir)|^contract\/(locale|timeouts|message-of-error)/;
    expect(loaded.filter((path) => !needed.test(path))).toEqual([]);
  });
});
