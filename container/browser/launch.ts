import { TIMEOUTS_MS } from '../../contract/timeouts.ts';
import type { Browser } from './find.ts';
import { acceptedLanguages, browserLocale, posixLocale } from './locale.ts';

/**
 * What puppeteer would add by itself. Puppeteer adds nothing here, since the browser is also started before puppeteer is
 * loaded (spawn.ts); a test compares the two lists.
 */
const DRIVER_SWITCHES: readonly string[] = [
  '--allow-pre-commit-input',
  '--disable-background-networking',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-breakpad',
  '--disable-client-side-phishing-detection',
  '--disable-component-extensions-with-background-pages',
  '--disable-crash-reporter',
  '--disable-default-apps',
  // A task's /dev/shm is 64 MB.
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-hang-monitor',
  '--disable-infobars',
  '--disable-ipc-flooding-protection',
  '--disable-popup-blocking',
  '--disable-prompt-on-repost',
  '--disable-renderer-backgrounding',
  '--disable-search-engine-choice-screen',
  '--disable-sync',
  '--enable-automation',
  '--export-tagged-pdf',
  '--force-color-profile=srgb',
  '--generate-pdf-document-outline',
  '--headless',
  '--hide-scrollbars',
  '--metrics-recording-only',
  '--mute-audio',
  '--no-first-run',
  '--password-store=basic',
  '--use-mock-keychain',
  '--disable-features=Translate,AcceptCHFrame,MediaRouter,OptimizationHints,RenderDocument,' +
    'PartitionAllocSchedulerLoopQuarantineTaskControlledPurge,ProcessPerSiteUpToMainFrameThreshold,IsolateSandboxedIframes',
  '--enable-features=PdfOopif',
];

/** Quiet on a closed network, small in memory, at home in a container. */
const SWITCHES: readonly string[] = [
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-quic',
  '--no-default-browser-check',
  '--no-pings',
  '--disable-gpu',
  // Two processes less: a quarter less CPU time for a start, and 10 MB (docs/performance.md).
  '--in-process-gpu',
  '--enable-features=NetworkServiceInProcess2',
  // SwiftShader, which a page without WebGL does not need: 6 MB.
  '--disable-software-rasterizer',
  '--disable-webgl',
  // Databases and caches of the profile that no session needs: each costs a start files and CPU time.
  '--disable-gpu-shader-disk-cache',
  '--disable-features=DIPS,CompressionDictionaryTransport,CompressionDictionaryTransportBackend',
  '--renderer-process-limit=1',
  '--disk-cache-size=33554432',
];

const FEATURES = ['--disable-features=', '--enable-features='] as const;

/** Chromium reads the last of two such switches alone. */
const mergeFeatures = (switches: readonly string[]): string[] => {
  const isFeatures = (each: string) => FEATURES.some((name) => each.startsWith(name));
  const merged = FEATURES.map((name) => {
    const lists = switches.filter((each) => each.startsWith(name)).map((each) => each.slice(name.length));
    return name + lists.join(',');
  });
  return [...switches.filter((each) => !isFeatures(each)), ...merged];
};

/** The user agent of the full browser of this version; the shell's own one shows that it is headless. */
const userAgent = (build: string): string => {
  const major = /(\d+)\./.exec(build)?.[1] ?? '147';
  return `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
};

export type LaunchOptions = {
  readonly browser: Browser;
  readonly profileDir: string;
  readonly extraSwitches: readonly string[];
  readonly proxyServer?: string | undefined;
  /** BCP 47; without it, the machine's. */
  readonly locale?: string | undefined;
};

/**
 * Options for puppeteer, a fresh object at each call: the library changes what it is given.
 * `pipe`: Chromium dies with its host, always; over a websocket it outlives a SIGKILL of the host.
 * The browser gets none of the worker's environment: that holds secrets.
 */
export const launchOptions = ({
  browser,
  profileDir,
  extraSwitches,
  proxyServer,
  locale = browserLocale(undefined, process.env.LANG),
}: LaunchOptions) => ({
  executablePath: browser.executable,
  headless: 'shell' as const,
  pipe: true,
  userDataDir: profileDir,
  defaultViewport: null,
  handleSIGINT: false,
  handleSIGTERM: false,
  handleSIGHUP: false,
  timeout: 30_000,
  protocolTimeout: TIMEOUTS_MS.browserCall,
  env: {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: profileDir,
    LANG: posixLocale(locale),
    ...(process.env.TZ === undefined ? {} : { TZ: process.env.TZ }),
    ...browser.environment,
  },
  ignoreDefaultArgs: true,
  args: mergeFeatures([
    ...DRIVER_SWITCHES,
    ...SWITCHES,
    '--remote-debugging-pipe',
    `--user-data-dir=${profileDir}`,
    // If it can't be used (sandbox.ts), the boundary is the task: it holds one account and has no permission in AWS.
    ...(browser.sandboxed ? [] : ['--no-sandbox', '--no-zygote']),
    `--user-agent=${userAgent(browser.build)}`,
    `--accept-lang=${acceptedLanguages(locale)}`,
    ...(proxyServer === undefined ? [] : [`--proxy-server=${proxyServer}`]),
    ...extraSwitches,
    'about:blank',
  ]),
});
