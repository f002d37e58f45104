import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { cachedByContent } from './content-cache.ts';

/** Everything that the assembly is made of. */
const INPUTS = [
  'infra',
  'contract',
  'client',
  'core',
  'functions',
  'dashboard',
  'scripts/esbuild-plugins.ts',
  'cdk.json',
  'package-lock.json',
  'tsconfig.json',
];
const SYNTH_DEADLINE_MS = 180_000;

const cdkJsonSchema = z.object({ context: z.record(z.string(), z.unknown()).default({}) });

type SynthOptions = {
  /** The project's root, where cdk.json lies. */
  readonly root: string;
  /** Holds one assembly for each content; shared by all data directories. */
  readonly cacheDir: string;
  readonly environment?: string;
  /** What the command line of a deployment would say (infra/app.ts). */
  readonly context?: Readonly<Record<string, string>>;
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

/**
 * Runs the CDK app without its CLI and returns the folder of the cloud assembly; the same content is taken from the
 * cache. Two processes may synthesize at once: the first to finish is kept.
 */
export const synthesize = ({
  root,
  cacheDir,
  environment = 'local',
  context: given = {},
  onSynthesize,
}: SynthOptions): Promise<string> =>
  cachedByContent({
    root,
    inputs: INPUTS,
    salt: `${environment} ${JSON.stringify(given)} ${process.version}`,
    cacheDir,
    onMake: onSynthesize,
    make: async (folder) => {
      const { context } = cdkJsonSchema.parse(JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')));
      await runApp(root, { ...context, ...given, env: environment }, folder);
      // Bundles are loaded as Lambda loads them: by their own ending, not by this project's package.json.
      await writeFile(join(folder, 'package.json'), '{}\n');
    },
  });
