import { resolve } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { expect, it } from 'vitest';
import { httpWithoutUndici, withoutDocument, withoutLocales } from '../../../scripts/esbuild-plugins.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** Bytes of each file that is loaded with one of the project's, without those that it loads later. */
const sizesLoadedWith = async (
  entry: string,
  options: BuildOptions,
): Promise<readonly [string, number][]> => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    outdir: 'unused',
    ...options,
    platform: 'node',
    splitting: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const output = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === entry)?.[0];
  const chunks = new Set(output === undefined ? [] : [output]);
  for (const chunk of chunks)
    for (const { path, kind } of metafile.outputs[chunk]?.imports ?? [])
      if (kind === 'import-statement') chunks.add(path);
  const inputs = [...chunks].flatMap((chunk) => Object.entries(metafile.outputs[chunk]?.inputs ?? {}));
  return inputs.map(([file, { bytesInOutput }]) => [file, bytesInOutput]);
};

/** The project's files among them. */
const loadedWith = async (entry: string): Promise<readonly string[]> =>
  (await sizesLoadedWith(entry, { packages: 'external' }))
    .flatMap(([file, bytes]) => (bytes > 0 ? [file] : []))
    .sort();

const isCommand = (file: string): boolean =>
  file === 'container/commands/table.ts' || file === 'contract/worker/commands.ts';

it('a worker spawns its browser before it loads more than that needs', async () => {
  const sizes = await sizesLoadedWith('container/run.ts', {
    external: ['whatsapp-web.js', 'whatsapp-web.js/*', '@sparticuz/chromium'],
    mainFields: ['module', 'main'],
    conditions: ['module'],
    plugins: [withoutLocales, httpWithoutUndici, withoutDocument],
  });
  const kilobytes = sizes.reduce((sum, [, bytes]) => sum + bytes, 0) / 1000;
  expect(kilobytes).toBeGreaterThan(0);
  // More than this is a package that could wait for the session, or zod imported by its namespace object.
  expect(kilobytes).toBeLessThan(450);
});

it('a worker makes its first call before it loads the session, the library or any command', async () => {
  const files = await loadedWith('container/process.ts');
  expect(files).toContain('container/control/worker-api.ts');
  expect(files.filter((file) => isCommand(file) || file === 'container/session.ts')).toEqual([]);
  expect(files.filter((file) => file.startsWith('contract/operations/'))).toEqual([
    'contract/operations/worker.ts',
  ]);
});

it('a code waits for the commands of the account, and for no others', async () => {
  const files = await loadedWith('container/session.ts');
  expect(files).toContain('container/commands/account-table.ts');
  expect(files.filter(isCommand)).toEqual([]);
});

it('a session does without LevelDB: few sessions read one', async () => {
  const files = await loadedWith('container/session.ts');
  expect(files.filter((file) => file.includes('leveldb'))).toEqual([]);
});
