/**
 * A browser that runs before the library asks for one. The library launches its browser by itself, so this hands it the one
 * that waits: a launch with the same options gets it, once; any other launch is the library's own.
 */
import { createRequire } from 'node:module';
import * as z from 'zod';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { type Time, withDeadline } from '../base/time.ts';
import { adoptAccount, type BlankPage } from './adopt.ts';
import { type LaunchOptions, launchOptions } from './launch.ts';
import { killTree } from './process-tree.ts';
import { LIBRARY_SWITCH, type SpawnedBrowser } from './spawn.ts';

export type AheadBrowser = {
  /** Resolves when the browser is up. Rejects if it did not come up. */
  readonly up: Promise<void>;
  /** It waits for a client with these options, over an empty profile. */
  readonly usable: boolean;
  /** Whether a client with these options would get it. */
  fits(options: LaunchOptions): boolean;
  /** Whether it was launched with these options, in any state. */
  isFor(options: LaunchOptions): boolean;
  /**
   * Gives it a saved account, an unpacked auth state in `folder`. False: it takes none, and is of no use for the account.
   * Absent: it has visited WhatsApp Web.
   */
  adopt?(folder: string): Promise<boolean>;
  /** Kills it, if no client has it; resolves when no process is left. */
  discard(): Promise<void>;
  /** When it was given up before a client had it (ms): what complains of its absence shortly after is no news. */
  readonly closedAt: number;
};

type Launched = {
  readonly connected: boolean;
  on(event: 'disconnected', listener: () => void): unknown;
  waitForTarget(is: (target: { type(): string }) => boolean, options: { timeout: number }): Promise<unknown>;
  pages(): Promise<BlankPage[]>;
  close(): Promise<void>;
};
type Puppeteer = {
  launch(options: object): Promise<Launched>;
  connect(options: object): Promise<Launched>;
  readonly PipeTransport: new (input: object, output: object) => object;
};

/** The library's own copy: another one would not be the one that it launches with. */
const libraryPuppeteer = (): Puppeteer => {
  const own = createRequire(import.meta.url);
  const loaded: unknown = createRequire(own.resolve('whatsapp-web.js'))('puppeteer');
  if (!isPuppeteer(loaded)) throw new Error('puppeteer has no launch, connect or PipeTransport');
  return loaded;
};

const isPuppeteer = (value: unknown): value is Puppeteer =>
  typeof value === 'object' &&
  value !== null &&
  'launch' in value &&
  typeof value.launch === 'function' &&
  'connect' in value &&
  typeof value.connect === 'function' &&
  'PipeTransport' in value &&
  typeof value.PipeTransport === 'function';

/** The browser as the driver's launch would return it: with its page, and closed only once its process is gone. */
const drive = async (
  { connect, PipeTransport }: Puppeteer,
  { input, output, exited }: SpawnedBrowser,
  { defaultViewport, protocolTimeout, timeout }: ReturnType<typeof launchOptions>,
): Promise<Launched> => {
  const browser = await connect({
    transport: new PipeTransport(input, output),
    defaultViewport,
    protocolTimeout,
  });
  await browser.waitForTarget((target) => target.type() === 'page', { timeout });
  const close = browser.close.bind(browser);
  browser.close = async () => {
    await close();
    await exited;
  };
  return browser;
};

const keySchema = z.object({
  executablePath: z.string(),
  userDataDir: z.string(),
  env: z.record(z.string(), z.string()),
  args: z.array(z.string()),
});
/** The settings that make two launches the same. */
const keyOf = (options: object): string => {
  const { args, ...rest } = keySchema.parse(options);
  return JSON.stringify({ ...rest, args: args.filter((arg) => arg !== LIBRARY_SWITCH) });
};

/** @param onLost the browser is gone while it waited */
export const driveAhead = (
  spawned: SpawnedBrowser,
  options: LaunchOptions,
  {
    time,
    log,
    onLost,
  }: { readonly time: Time; readonly log: Log; readonly onLost: (reason: string) => void },
): AheadBrowser => {
  const puppeteer = libraryPuppeteer();
  const launch = puppeteer.launch;
  const wanted = launchOptions(options);
  const key = keyOf(wanted);
  let state: 'waiting' | 'taken' | 'gone' = 'waiting';
  let discarded: Promise<void> | undefined;
  let closedAt = Number.NEGATIVE_INFINITY;
  const lost = (reason: string) => {
    if (state !== 'waiting') return;
    state = 'gone';
    closedAt = time.now();
    puppeteer.launch = launch;
    log.warn('the browser that waited is gone', { reason });
    onLost(reason);
  };

  const ended = spawned.exited.then(() => {
    throw new Error('the browser ended');
  });
  ended.catch(() => {});
  const browser = Promise.race([
    withDeadline(time, wanted.timeout, 'launching the browser', drive(puppeteer, spawned, wanted)),
    ended,
  ]);
  const up = browser.then((found) => {
    found.on('disconnected', () => lost('it disconnected'));
  });
  up.catch((error: unknown) => {
    spawned.kill();
    lost(describeError(error));
  });

  puppeteer.launch = async (asked) => {
    if (state !== 'waiting' || keyOf(asked) !== key) return launch(asked);
    state = 'taken';
    puppeteer.launch = launch;
    const found = await browser.catch(() => undefined);
    return found?.connected ? found : launch(asked);
  };

  const isFor = (other: LaunchOptions): boolean => keyOf(launchOptions(other)) === key;
  return {
    up,
    isFor,
    get usable() {
      return state === 'waiting';
    },
    fits: (other) => state === 'waiting' && isFor(other),
    get closedAt() {
      return closedAt;
    },
    async adopt(folder) {
      try {
        const [page] = await (await browser).pages();
        if (!page) throw new Error('the browser has no page');
        await adoptAccount(page, folder, options.profileDir);
        return true;
      } catch (error) {
        log.warn('the browser that waited does not take the account', { error: describeError(error) });
        return false;
      }
    },
    discard() {
      if (state === 'taken') return Promise.resolve();
      state = 'gone';
      closedAt = time.now();
      puppeteer.launch = launch;
      discarded ??= (async () => {
        // A launch that is under way leaves processes behind until it has come to its end.
        await Promise.race([browser.catch(() => undefined), killTree(time, options.profileDir)]);
        await browser.catch(() => undefined);
        await killTree(time, options.profileDir);
      })();
      return discarded;
    },
  };
};
