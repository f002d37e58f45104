import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { profileDirIn } from '../auth-state/profile-dir.ts';
import { NoBrowser } from '../base/faults.ts';
import type { Browser } from './find.ts';
import { type LaunchOptions, launchOptions } from './launch.ts';
import { sharePriority } from './priority.ts';
import type { BrowserSettings } from './settings.ts';

/** A browser that runs, and that is not connected to the library yet. */
export type SpawnedBrowser = {
  /** Commands to it, and its answers: DevTools messages, each with a NUL at its end. */
  readonly input: Writable;
  readonly output: Readable;
  /** Resolves once its first process is gone; rejects if it could not be started. */
  readonly exited: Promise<void>;
  kill(): void;
};

/** A switch that the library adds to those that it is given. */
export const LIBRARY_SWITCH = '--disable-blink-features=AutomationControlled';

/**
 * How a browser for whichever session is launched: without a proxy, in the machine's language, over an empty profile.
 * Throws NoBrowser if there is none.
 */
export const launchForAny = (
  { workDir, found }: { readonly workDir: string; readonly found: Browser | NoBrowser },
  { BERTH_BROWSER_ARGS: extraSwitches, BERTH_LOCALE: locale }: BrowserSettings,
): LaunchOptions => {
  if (found instanceof NoBrowser) throw found;
  return { browser: found, profileDir: profileDirIn(workDir), extraSwitches, locale };
};

/**
 * Starts the browser that the library would launch with these options, before the library is loaded: that takes as long
 * as the browser needs to come up. It ends with this process, which closes its pipes.
 */
export const spawnBrowser = (options: LaunchOptions): SpawnedBrowser => {
  const { executablePath, args, env } = launchOptions(options);
  const child = spawn(executablePath, [LIBRARY_SWITCH, ...args], {
    env,
    // As puppeteer does: a signal to this process's group does not reach it.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) void sharePriority(child.pid);
  const exited = once(child, 'exit').then(() => {});
  exited.catch(() => {});
  const [, , , input, output] = child.stdio;
  if (!(input instanceof Writable && output instanceof Readable)) throw new Error('the browser has no pipes');
  // Reported by `exited`, and by each call that waits for an answer.
  input.on('error', () => {});
  return { input, output, exited, kill: () => void child.kill('SIGKILL') };
};
