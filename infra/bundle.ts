/**
 * Builds every handler into one file that Lambda loads, with one esbuild call, and only if an input changed.
 *
 *   dist/functions/<handler>/index.mjs   the asset
 *   dist/maps/<handler>.mjs.map          its source map, beside and not in the asset (it would triple a cold start)
 *   dist/bundle.json                     the inputs of the bundles
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { build, type Metafile, version } from 'esbuild';
import * as z from 'zod';
import { messageOfError } from '../contract/message-of-error.ts';
import { httpWithoutUndici, withoutDocument, withoutLocales } from '../scripts/esbuild-plugins.ts';
import { leanSdk } from '../scripts/lean-sdk.ts';
import { DOCUMENTS_MODULE, DOCUMENTS_SOURCES, documentsPlugin } from './documents.ts';
import { PAGE_MODULE, PAGE_SOURCES, pagePlugin } from './page.ts';

/**
 * Node's start grows with the bundle. A function of the database alone has 375 KiB; what else it is made of gives it
 * more, and tests see to it that only those that need a client have it, and that no function grows unseen
 * (test/infra/bundle-sizes.test.ts).
 */
export const MAX_BUNDLE_KIB = 375;
const ALLOWED_KIB: Readonly<Record<string, number>> = {
  // With what a launch decides: sizes, hosts, what was launched before.
  '@aws-sdk/client-ecs': 25,
  '@aws-sdk/client-sqs': 20,
  '@aws-sdk/client-lambda': 40,
  '@aws-sdk/client-s3': 130,
  qrcode: 64,
};

type BundleOptions = {
  readonly handlers: readonly string[];
  /** Where `<handler>.ts` are. */
  readonly functionsDir: string;
  readonly outDir: string;
};

export type Bundle = {
  readonly handler: string;
  /** The asset's folder; it holds `index.mjs` and nothing else. */
  readonly directory: string;
  readonly bytes: number;
  /** Packages that went into it, sorted: `@aws-sdk/client-dynamodb`, … */
  readonly packages: readonly string[];
};

/** The message is one sentence for the person who builds. */
export class BundleFailed extends Error {
  override readonly name = 'BundleFailed';
}

const root = resolve(import.meta.dirname, '..');

const recordSchema = z.object({
  /** Of everything but the inputs' contents: options, handlers, esbuild and the lock file. */
  recipe: z.string(),
  /** SHA-256 by path relative to the repository; packages are covered by the lock file. */
  inputs: z.record(z.string(), z.string()),
  bundles: z.array(
    z.object({ handler: z.string(), bytes: z.number(), packages: z.array(z.string()), largest: z.string() }),
  ),
});
type BundleRecord = z.infer<typeof recordSchema>;

/** Throws BundleFailed if a handler is missing, does not compile or is too big. */
export const bundleFunctions = async (options: BundleOptions): Promise<readonly Bundle[]> => {
  const missing = options.handlers.filter((handler) => !existsSync(sourceOf(options, handler)));
  if (missing.length > 0)
    throw new BundleFailed(
      `No file for ${missing.map((handler) => relative(root, sourceOf(options, handler))).join(', ')}: every handler named in contract/routes.ts needs one.`,
    );
  const recipe = await recipeOf(options);
  const previous = await readRecord(options);
  const record =
    previous?.recipe === recipe && (await isCurrent(options, previous))
      ? previous
      : await buildAll(options, recipe);
  return record.bundles.map((bundle) => ({ ...bundle, directory: directoryOf(options, bundle.handler) }));
};

const sourceOf = (options: BundleOptions, handler: string) => join(options.functionsDir, `${handler}.ts`);
const directoryOf = (options: BundleOptions, handler: string) => join(options.outDir, 'functions', handler);
const outputOf = (options: BundleOptions, handler: string) =>
  join(directoryOf(options, handler), 'index.mjs');
const recordOf = (options: BundleOptions) => join(options.outDir, 'bundle.json');
const temporaryOf = (options: BundleOptions) => join(options.outDir, 'tmp');

/** ESM has no `require`; some packages' CommonJS parts ask for Node's built-in modules by it. */
const REQUIRE_BANNER =
  'import{createRequire as berthCreateRequire}from"node:module";const require=berthCreateRequire(import.meta.url);';

const buildAll = async (options: BundleOptions, recipe: string): Promise<BundleRecord> => {
  const { handlers } = options;
  const result = await build({
    absWorkingDir: root,
    entryPoints: handlers.map((handler) => ({
      in: sourceOf(options, handler),
      out: `${handler}/index`,
    })),
    outdir: join(options.outDir, 'functions'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    conditions: ['module'],
    minify: true,
    plugins: [
      withoutLocales,
      httpWithoutUndici,
      leanSdk,
      withoutDocument,
      documentsPlugin,
      pagePlugin(temporaryOf(options)),
    ],
    sourcemap: 'external',
    sourcesContent: false,
    legalComments: 'none',
    banner: { js: REQUIRE_BANNER },
    metafile: true,
    write: false,
    logLevel: 'silent',
  }).catch((error: unknown) => {
    throw new BundleFailed(messageOfError(error));
  });

  const bundles = handlers.map((handler) => describe(options, handler, result.metafile));
  const tooBig = bundles.filter((bundle) => bundle.bytes > limitOf(bundle));
  if (tooBig.length > 0)
    throw new BundleFailed(
      `Too big a bundle: ${tooBig.map((bundle) => `${bundle.handler} has ${bundle.bytes} of ${limitOf(bundle)} bytes, most of it from ${bundle.largest}`).join('; ')}.`,
    );

  await Promise.all(
    result.outputFiles.map((file) => writeWhole(options, targetOf(options, file.path), file.contents)),
  );
  const record: BundleRecord = { recipe, inputs: await hashInputs(result.metafile), bundles };
  await writeWhole(options, recordOf(options), JSON.stringify(record, null, 1));
  return record;
};

const targetOf = (options: BundleOptions, path: string): string =>
  path.endsWith('.map')
    ? join(options.outDir, 'maps', `${relative(join(options.outDir, 'functions'), dirname(path))}.mjs.map`)
    : path;

const limitOf = ({ packages }: { readonly packages: readonly string[] }): number =>
  1024 * packages.reduce((limit, name) => limit + (ALLOWED_KIB[name] ?? 0), MAX_BUNDLE_KIB);

const describe = (options: BundleOptions, handler: string, metafile: Metafile) => {
  const path = relative(root, outputOf(options, handler));
  const output = metafile.outputs[path];
  if (output === undefined) throw new BundleFailed(`esbuild wrote no ${path}.`);
  const sizes = new Map<string, number>();
  for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
    const name = packageOf(input) ?? OWN;
    if (bytesInOutput > 0) sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
  }
  const largest = [...sizes]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([name, bytes]) => `${name} (${bytes})`)
    .join(', ');
  const packages = [...sizes.keys()].filter((name) => name !== OWN).sort();
  return { handler, bytes: output.bytes, packages, largest };
};

const OWN = 'own files';

const packageOf = (path: string): string | undefined =>
  /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];

/**
 * Two builds at once (two test files, a test beside a running system) write the same bytes; each file changes in one
 * step, so that neither reads half of the other's.
 */
const writeWhole = async (
  options: BundleOptions,
  path: string,
  contents: string | Uint8Array,
): Promise<void> => {
  const name = createHash('sha256').update(path).digest('hex');
  const temporary = join(temporaryOf(options), `${process.pid}-${name}`);
  await Promise.all([
    mkdir(dirname(path), { recursive: true }),
    mkdir(dirname(temporary), { recursive: true }),
  ]);
  await writeFile(temporary, contents);
  await rename(temporary, path);
};

const readRecord = async (options: BundleOptions): Promise<BundleRecord | undefined> => {
  try {
    return recordSchema.parse(JSON.parse(await readFile(recordOf(options), 'utf8')));
  } catch {
    return undefined;
  }
};

const isCurrent = async (options: BundleOptions, record: BundleRecord): Promise<boolean> => {
  const inputs = Object.entries(record.inputs);
  const hashes = await Promise.all(inputs.map(([path]) => hashFile(path)));
  return (
    inputs.every(([, hash], i) => hash === hashes[i]) &&
    record.bundles.every((bundle) => existsSync(outputOf(options, bundle.handler)))
  );
};

const hashInputs = async (metafile: Metafile): Promise<Record<string, string>> => {
  const inputs = Object.keys(metafile.inputs);
  const paths = [
    ...inputs.filter((path) => packageOf(path) === undefined && !path.includes(':')),
    // esbuild does not know the inputs of the page and of the documents, which are separate builds.
    ...(inputs.includes(PAGE_MODULE) ? await filesUnderAll(PAGE_SOURCES) : []),
    ...(inputs.includes(DOCUMENTS_MODULE) ? await filesUnderAll(DOCUMENTS_SOURCES) : []),
  ];
  const hashes = await Promise.all(
    [...new Set(paths)].map(async (path) => [path, (await hashFile(path)) ?? ''] as const),
  );
  return Object.fromEntries(hashes);
};

const filesUnderAll = async (folders: readonly string[]): Promise<readonly string[]> =>
  (await Promise.all(folders.map(filesUnder))).flat();

const filesUnder = async (folder: string): Promise<string[]> =>
  (await readdir(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));

const hashFile = async (path: string): Promise<string | undefined> => {
  try {
    return createHash('sha256')
      .update(await readFile(resolve(root, path)))
      .digest('hex');
  } catch {
    return undefined;
  }
};

const recipeOf = async (options: BundleOptions): Promise<string> => {
  const parts = [
    version,
    await hashFile(import.meta.filename),
    await hashFile('infra/documents.ts'),
    await hashFile('infra/page.ts'),
    await hashFile('scripts/esbuild-plugins.ts'),
    await hashFile('scripts/lean-sdk.ts'),
    // Which files have an effect when they are imported.
    await hashFile('package.json'),
    await hashFile('package-lock.json'),
    await hashFile('tsconfig.json'),
    relative(root, options.functionsDir),
    ...options.handlers,
  ];
  return createHash('sha256').update(parts.join('\n')).digest('hex');
};
