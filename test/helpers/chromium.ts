import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Switches of a quiet headless shell that asks nobody anything, for tests only. */
export const HEADLESS_ARGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
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
 * The package unpacks into the temporary folder and takes a half-written file for a whole one. So each test process
 * has it unpacked into a folder of its own, which becomes the shared one by a rename; who comes second uses the first's.
 */
async function unpack(): Promise<string> {
  const shared = join(tmpdir(), 'berth-test-chromium');
  const binary = join(shared, 'chromium');
  if (await exists(binary)) return binary;
  const own = await mkdtemp(join(tmpdir(), 'berth-test-chromium-'));
  const code = `import(${JSON.stringify(import.meta.resolve('@sparticuz/chromium'))}).then((m) => m.default.executablePath())`;
  await promisify(execFile)(process.execPath, ['-e', code], {
    env: { ...process.env, TMPDIR: own },
    timeout: 60_000,
  });
  await rename(own, shared).catch(() => rm(own, { recursive: true, force: true }));
  return binary;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
