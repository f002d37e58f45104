import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chromium from '@sparticuz/chromium';

/** Switches of a quiet headless shell that asks nobody anything, for tests only. */
export const HEADLESS_ARGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--no-zygote',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

let path: Promise<string> | undefined;

/** The headless shell of the npm package, unpacked once for all test processes. */
export function chromiumPath(): Promise<string> {
  path ??= unpack();
  return path;
}

/**
 * The package unpacks into the temporary folder and takes a half-written file for a whole one. So each process
 * unpacks into a folder of its own, which becomes the shared one by a rename; whoever comes second uses the first's.
 */
async function unpack(): Promise<string> {
  const shared = join(tmpdir(), 'berth-test-chromium');
  const binary = join(shared, 'chromium');
  if (await contains(shared, 'chromium')) return binary;
  const own = await mkdtemp(join(tmpdir(), 'berth-test-chromium-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = own;
  try {
    await mkdir(own, { recursive: true });
    await chromium.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  await rename(own, shared).catch(() => rm(own, { recursive: true, force: true }));
  return binary;
}

async function contains(folder: string, name: string): Promise<boolean> {
  return (await readdir(folder).catch((): string[] => [])).includes(name);
}
