/**
 * `node container/browser/command.ts`: makes the browser ready before the first worker needs it. Prints its build, or
 * says what was tried and what to install and exits with 1. Reads CHROMIUM_PATH and BERTH_BROWSER_DIR as a worker does.
 */
import { ensureBrowser } from './find.ts';

try {
  const browser = await ensureBrowser({
    path: process.env.CHROMIUM_PATH,
    browserDir: process.env.BERTH_BROWSER_DIR,
    onProgress: (message) => process.stderr.write(`${message}\n`),
  });
  process.stdout.write(`${browser.build}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
