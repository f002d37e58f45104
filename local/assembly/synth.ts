import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { contentHash } from './content-hash.ts';

/** Everything that the assembly is made of. */
const INPUTS = ['infra', 'core', 'functions', 'dashboard', 'cdk.json', 'package-lock.json', 'tsconfig.json'];
/** A running system loads its bundles from there as they are needed: the ones used last are kept. */
const KEPT_ASSEMBLIES = 8;
const SYNTH_DEADLINE_MS = 180_000;

const cdkJsonSchema = z.object({ context: z.record(z.string(), z.unknown()).default({}) });

export type SynthOptions = {
  /** The project's root, where cdk.json lies. */
  readonly root: string;
  /** Holds one assembly for each content; shared by all data directories. */
  readonly cacheDir: string;
  readonly environment?: string;
  /** Called when there is nothing in the cache and the app has to run (several seconds). */
  readonly onSynthesize?: () => void;
};

/** The CDK app did not synthesize; the message holds what it said. */
export class SynthFailed extends Error {
  override readonly name = 'SynthFailed';
}

const runApp = async (root: string, context: Record<string, unknown>, outDir: string): Promise<void> => {
  const child = spawn(process.execPath, ['infra/app.ts'], {
    cwd: root,
    env: {
      ...process.env,
      CDK_OUTDIR: outDir,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      // Most of the time goes into checking templates against AWS's rules. Tests check this environment's too, and the
      // deployed ones are checked at every synth; a start on one machine need not.
      CDK_VALIDATION: 'false',
      AWS_EC2_METADATA_DISABLED: 'true',
      NODE_OPTIONS: '',
      // Writing down what is compiled of the CDK costs a first start two seconds, and there is seldom a second synth.
      NODE_DISABLE_COMPILE_CACHE: '1',
      PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: SYNTH_DEADLINE_MS,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-8_000);
    });
  }
  const status = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(String(signal ?? code)));
  });
  if (status !== '0' || !existsSync(join(outDir, 'manifest.json'))) {
    throw new SynthFailed(
      `the CDK app did not synthesize (node infra/app.ts ended with ${status}):\n${output}`,
    );
  }
};

const removeOld = async (cacheDir: string): Promise<void> => {
  const entries = await Promise.all(
    (await readdir(cacheDir)).map(async (name) => ({
      path: join(cacheDir, name),
      at: (await stat(join(cacheDir, name))).mtimeMs,
    })),
  );
  const old = entries.sort((a, b) => b.at - a.at).slice(KEPT_ASSEMBLIES);
  await Promise.all(old.map(({ path }) => rm(path, { recursive: true, force: true })));
};

/**
 * Runs the CDK app without its CLI and returns the folder of the cloud assembly; the same content is taken from the
 * cache. Two processes may synthesize at once: the first to finish is kept.
 */
export const synthesize = async (options: SynthOptions): Promise<string> => {
  const { root, cacheDir, environment = 'local' } = options;
  const directory = join(
    cacheDir,
    contentHash(root, INPUTS, `${environment} ${process.version}`).slice(0, 32),
  );
  if (existsSync(join(directory, 'manifest.json'))) {
    const now = new Date();
    await utimes(directory, now, now);
    return directory;
  }
  options.onSynthesize?.();
  await mkdir(cacheDir, { recursive: true });
  const work = await mkdtemp(join(cacheDir, `.${basename(directory)}-`));
  try {
    const { context } = cdkJsonSchema.parse(JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')));
    await runApp(root, { ...context, env: environment }, work);
    // Bundles are loaded as Lambda loads them: by their own ending, not by this project's package.json.
    await writeFile(join(work, 'package.json'), '{}\n');
    await rename(work, directory).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(join(directory, 'manifest.json'))) {
        throw error;
      }
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await removeOld(cacheDir).catch(() => {
    // Another process is cleaning up or still writing: the cache is only a cache.
  });
  return directory;
};
