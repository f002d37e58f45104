import { resolve } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../../..');

/** The project's files that are loaded with one of them, without those that it loads later. */
const loadedWith = async (entry: string): Promise<readonly string[]> => {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    outdir: 'unused',
    packages: 'external',
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
  return inputs.flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])).sort();
};

const isCommand = (file: string): boolean =>
  file === 'container/commands/table.ts' || file === 'contract/worker/commands.ts';

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
