/**
 * Packs what it takes to call Berth, not what runs it, as two packages: `berth` has the client, the command line and the
 * examples; `berth-client` (client/package.json) has the client alone.
 *
 *   npm run package [-- <folder>] [--public]
 *
 * The packages' files go to dist/package and dist/client, the tarballs go to the folder (default: the current one).
 * Without --public both are marked as private, and npm refuses to publish them by mistake. The release workflow gives
 * --public.
 *
 * Of this project's dependencies `berth` names those that its code imports: the rest (CDK, the AWS SDK, a browser) is many
 * hundred times its size.
 */
import { execFile } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import * as z from 'zod';
import { importedPackages } from './imported-packages.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PACKAGE = join(ROOT, 'dist', 'package');
const CLIENT = join(ROOT, 'client');
const CLIENT_PACKAGE = join(ROOT, 'dist', 'client');
/** Where cli/bin.mjs looks for the compiled command line in an installed package. */
const COMPILED = 'dist/npm';
const ENTRIES = { client: 'client/index', cli: 'cli/main' };

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  type: z.literal('module'),
  engines: z.record(z.string(), z.string()),
  bin: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
});

const run = async (file: string, args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(file, args, { cwd: ROOT, timeout: 120_000 })).stdout;

const {
  positionals: [folder = ROOT],
  values: { public: isPublic },
} = parseArgs({ allowPositionals: true, options: { public: { type: 'boolean', default: false } } });
await rm(PACKAGE, { recursive: true, force: true });
await run(join(ROOT, 'node_modules', '.bin', 'tsc'), [
  '-p',
  'tsconfig.package.json',
  '--outDir',
  join(PACKAGE, COMPILED),
]);
await Promise.all(
  ['cli/bin.mjs', 'examples', 'README.md', 'CHANGELOG.md', 'LICENSE'].map((path) =>
    cp(join(ROOT, path), join(PACKAGE, path), { recursive: true }),
  ),
);
const { dependencies, ...manifest } = manifestSchema.parse(
  JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')),
);
const sources = Object.values(ENTRIES).map((entry) => `${entry}.ts`);
const needed = (await importedPackages(ROOT, sources)).map((name) => {
  const version = dependencies[name];
  if (version === undefined) throw new Error(`${name} is imported and no dependency`);
  return [name, version];
});
const client = {
  types: `./${COMPILED}/${ENTRIES.client}.d.ts`,
  default: `./${COMPILED}/${ENTRIES.client}.js`,
};
await writeFile(
  join(PACKAGE, 'package.json'),
  `${JSON.stringify(
    {
      ...manifest,
      ...(isPublic ? {} : { private: true }),
      exports: { './client': client, './package.json': './package.json' },
      dependencies: Object.fromEntries(needed),
    },
    null,
    2,
  )}\n`,
);
const clientManifestSchema = z.looseObject({ private: z.boolean(), scripts: z.unknown() });

/** The client's own package: the same files as `npm pack` in client/ takes, without the scripts of the repository. */
const stageClient = async (): Promise<void> => {
  await run(process.execPath, [join(ROOT, 'scripts', 'build-client.ts')]);
  await rm(CLIENT_PACKAGE, { recursive: true, force: true });
  await Promise.all(
    ['dist', 'README.md', 'LICENSE'].map((path) =>
      cp(join(CLIENT, path), join(CLIENT_PACKAGE, path), { recursive: true }),
    ),
  );
  const {
    private: _private,
    scripts: _scripts,
    ...published
  } = clientManifestSchema.parse(JSON.parse(await readFile(join(CLIENT, 'package.json'), 'utf8')));
  await writeFile(
    join(CLIENT_PACKAGE, 'package.json'),
    `${JSON.stringify({ ...published, ...(isPublic ? {} : { private: true }) }, null, 2)}\n`,
  );
};

await stageClient();
for (const path of [PACKAGE, CLIENT_PACKAGE])
  process.stdout.write(await run('npm', ['pack', '--offline', path, '--pack-destination', resolve(folder)]));
