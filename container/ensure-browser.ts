/**
 * `node container/ensure-browser.ts`: finds the browser that workers will use and unpacks it if that is needed, so
 * that the first session does not wait for it. Progress goes to stderr, `{executable, build}` to stdout; without a
 * browser it exits with 1 and lists the paths that were tried and the packages to install. Reads CHROMIUM_PATH and
 * BERTH_BROWSER_DIR.
 */
import { describeError, NoBrowser } from './base/faults.ts';
import { ensureBrowser } from './browser/find.ts';

try {
  const { executable, build } = await ensureBrowser({
    path: process.env.CHROMIUM_PATH,
    browserDir: process.env.BERTH_BROWSER_DIR,
    onProgress: (message) => process.stderr.write(`${message}\n`),
  });
  process.stdout.write(`${JSON.stringify({ executable, build })}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof NoBrowser ? error.message : describeError(error)}\n`);
  process.exitCode = 1;
}
