/**
 * A stored page of WhatsApp Web, loaded in place of the live one. The library takes it from a folder, by its version.
 * A page that cannot be fetched, or is not the announced one, leaves the start with the live page: a session with
 * today's build is better than none.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_HTML_BYTES } from '../../contract/builds/html.ts';
import { describeError } from '../base/faults.ts';
import type { Log } from '../base/log.ts';
import { retryInTime } from '../base/retry.ts';
import type { Time } from '../base/time.ts';

export type SavedPage = { readonly version: string; readonly folder: string };

const FETCH_MS = 5_000;
const BUDGET_MS = 10_000;

/**
 * @returns the address at which the library finds the page, or undefined: load the live one
 */
export const fetchSavedPage = async (options: {
  readonly page: { readonly version: string; readonly url: string; readonly sha256: string } | undefined;
  readonly workDir: string;
  readonly time: Time;
  readonly log: Log;
}): Promise<SavedPage | undefined> => {
  const { page, workDir, time, log } = options;
  if (page === undefined) return undefined;
  try {
    const html = await retryInTime(() => fetchPage(page.url), {
      time,
      retryable: () => true,
      until: time.now() + BUDGET_MS,
      attempts: 3,
    });
    if (createHash('sha256').update(html).digest('hex') !== page.sha256)
      throw new Error('it is not the page that was stored');
    const folder = join(workDir, 'pages');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${page.version}.html`), html);
    log.info('loading a stored build of WhatsApp Web', { build: page.version });
    return { version: page.version, folder };
  } catch (error) {
    log.warn('the stored build could not be loaded; this start loads the live one', {
      build: page.version,
      error: describeError(error),
    });
    return undefined;
  }
};

const fetchPage = async (url: string): Promise<Buffer> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_MS), redirect: 'error' });
  if (!response.ok) throw new Error(`storage answered ${response.status}`);
  const html = Buffer.from(await response.arrayBuffer());
  if (html.length > MAX_HTML_BYTES) throw new Error(`it has ${html.length} bytes`);
  return html;
};
