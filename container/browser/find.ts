/**
 * Which browser to use: the one that CHROMIUM_PATH names, else the headless shell from npm, which is also the image's
 * (one build, so profiles move between machine and image). Only if npm has none for this platform: Debian's headless
 * shell (the image on ARM64), then an installed Chrome or Chromium.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describeError, NoBrowser } from '../base/faults.ts';
import {
  defaultBrowserDir,
  findUnpacked,
  type PackagedBrowser,
  packagedAt,
  unpackBrowser,
} from './packaged.ts';
import { findSandbox } from './sandbox.ts';
import { keepStart, readStart } from './start-record.ts';

export type Browser = {
  readonly executable: string;
  /** Product and version; a profile made by another build can fail to restore. */
  readonly build: string;
  /** The environment variables that the executable needs. */
  readonly environment: Readonly<Record<string, string>>;
  /** It runs with Chromium's own sandbox. */
  readonly sandboxed?: boolean;
};

type BrowserSearch = {
  /** Use this and nothing else (CHROMIUM_PATH). */
  readonly path?: string | undefined;
  /** The folder in which the browser from npm is unpacked. */
  readonly browserDir?: string | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
  /** The recorded start of the packaged browser is enough: it was tried when this machine was prepared. */
  readonly trusts?: boolean | undefined;
};

const HEADLESS_SHELLS = ['/usr/bin/chromium-headless-shell', '/usr/lib/chromium/chromium-headless-shell'];
const INSTALLED = [
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

const start = async (executable: string, environment: Readonly<Record<string, string>>): Promise<Browser> => {
  const { stdout } = await promisify(execFile)(executable, ['--version'], {
    timeout: 15_000,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...environment },
  });
  const build = stdout.trim().split('\n').at(-1)?.trim().slice(0, 100) ?? '';
  if (!/\d+\.\d+/.test(build)) throw new Error('does not report its version');
  return { executable, build, environment };
};

/** With the machine's libraries, else with those of the package: a bare machine and the image have no NSS. */
const tryPackaged = async ({ executable, libraries, fonts }: PackagedBrowser): Promise<Browser> => {
  const environment = { FONTCONFIG_PATH: fonts };
  return await start(executable, environment).catch(() =>
    start(executable, { ...environment, LD_LIBRARY_PATH: libraries }),
  );
};

const startPackaged = async (packaged: PackagedBrowser, trusts: boolean): Promise<Browser> => {
  const known = trusts ? await readStart(packaged.executable) : undefined;
  if (known) return known;
  const found = await tryPackaged(packaged);
  await keepStart(found);
  return found;
};

const startNamed = async (path: string, trusts: boolean): Promise<Browser> => {
  const packaged = packagedAt(path);
  return packaged === undefined ? await start(path, {}) : await startPackaged(packaged, trusts);
};

/**
 * The browser to use, unpacked and shown to start, with its own sandbox if the machine allows one. Throws NoBrowser, which
 * says what was tried and what to install.
 */
export const ensureBrowser = async (search: BrowserSearch = {}): Promise<Browser> => {
  const [browser, sandboxed] = await Promise.all([findBrowser(search), mayUseSandbox(search)]);
  return { ...browser, sandboxed };
};

const mayUseSandbox = async ({ onProgress }: Pick<BrowserSearch, 'onProgress'>): Promise<boolean> => {
  const sandbox = await findSandbox();
  if (!sandbox.usable) onProgress?.(`the browser runs without its own sandbox: ${sandbox.reason}`);
  return sandbox.usable;
};

/**
 * The packaged browser, if it was tried when this machine was prepared. Unpacks and starts nothing. Undefined without a
 * record, and for any other browser.
 */
export const recordedBrowser = async ({
  path,
  browserDir = defaultBrowserDir(),
  onProgress,
}: Omit<BrowserSearch, 'trusts'>): Promise<Browser | undefined> => {
  const [packaged, sandboxed] = await Promise.all([
    path === undefined ? findUnpacked(browserDir) : packagedAt(path),
    mayUseSandbox({ onProgress }),
  ]);
  const known = packaged && (await readStart(packaged.executable));
  return known && { ...known, sandboxed };
};

const findBrowser = async (search: BrowserSearch): Promise<Browser> => {
  const { trusts = false } = search;
  if (search.path !== undefined) {
    const path = search.path;
    return await startNamed(path, trusts).catch((error: unknown) => {
      throw new NoBrowser(`CHROMIUM_PATH names ${path}, which does not start: ${describeError(error)}`);
    });
  }
  const tried: string[] = [];
  const attempts: [string, () => Promise<Browser>][] = [
    [
      '@sparticuz/chromium from npm',
      async () =>
        startPackaged(
          await unpackBrowser(search.browserDir ?? defaultBrowserDir(), search.onProgress),
          trusts,
        ),
    ],
    ...[...HEADLESS_SHELLS, ...INSTALLED]
      .filter(existsSync)
      .map((path): [string, () => Promise<Browser>] => [path, () => start(path, {})]),
  ];
  for (const [name, attempt] of attempts) {
    try {
      return await attempt();
    } catch (error) {
      tried.push(`${name}: ${describeError(error)}`);
    }
  }
  throw new NoBrowser(
    `No browser starts. Tried:\n${tried.map((line) => `  - ${line}`).join('\n')}\n` +
      `Looked for ${[...HEADLESS_SHELLS, ...INSTALLED].join(', ')}.\n` +
      "Install Debian's chromium-headless-shell (apt-get install chromium-headless-shell) or Chrome, or name one in CHROMIUM_PATH.",
  );
};
