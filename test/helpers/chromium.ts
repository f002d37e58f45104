import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ensureBrowser } from '../../container/browser/find.ts';

/** Switches of a headless shell without background requests, for tests only. */
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

/** The program to start: Berth's own headless shell, unpacked once for all test processes. */
export const chromiumPath = (): Promise<string> => {
  path ??= find();
  return path;
};

/**
 * Playwright takes a path only. If the browser needs variables (a machine without NSS), that path is a script that
 * sets them.
 */
const find = async (): Promise<string> => {
  const { executable, environment } = await ensureBrowser({
    browserDir: join(tmpdir(), 'berth-test-browser'),
  });
  const variables = Object.entries(environment).map(([name, value]) => `${name}='${value}'`);
  const script = join(dirname(executable), `test-${variables.length}.sh`);
  const text = `#!/bin/sh\n${variables.join(' ')} exec '${executable}' "$@"\n`;
  if ((await readFile(script, 'utf8').catch(() => undefined)) !== text) {
    // Race: test processes write the same text; the rename shows each of them a whole file.
    const own = `${script}.${process.pid}`;
    await writeFile(own, text, { mode: 0o755 });
    await rename(own, script).catch(() => rm(own, { force: true }));
  }
  return script;
};
