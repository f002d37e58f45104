import { execFile } from 'node:child_process';
import * as z from 'zod';

const answerSchema = z.object({ build: z.string() });

/** No browser starts; the message says what was tried and what to install. */
export class BrowserMissing extends Error {
  override readonly name = 'BrowserMissing';
}

const DEADLINE_MS = 120_000;

/**
 * Unpacks the workers' browser and shows that it starts, in a separate process: the same search that each worker
 * makes. Returns the browser's build. Throws BrowserMissing.
 * @param program that search as a program (programs.ts)
 */
export const prepareBrowser = (
  program: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program],
      { env: { ...process.env, ...environment }, timeout: DEADLINE_MS, maxBuffer: 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(answerSchema.parse(JSON.parse(stdout)).build);
        } else {
          reject(new BrowserMissing(stderr.trim() || error.message));
        }
      },
    );
  });
