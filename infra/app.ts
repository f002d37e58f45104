/**
 * The CDK app. `npx cdk deploy -c env=dev --all`, or `node infra/app.ts` with CDK_OUTDIR and CDK_CONTEXT_JSON.
 *
 *   env        dev, staging, prod or local
 *   settings   JSON that replaces single values of the environment's `settings`
 */
import { resolve } from 'node:path';
import { BundleFailed, bundleFunctions } from './bundle.ts';
import { BadEnvironment, environmentOf } from './environments.ts';
import { HANDLERS } from './handlers.ts';

const root = resolve(import.meta.dirname, '..');

const synthesize = async (): Promise<void> => {
  // esbuild works on the other core while Node loads the CDK, which takes as long.
  const bundling = bundleFunctions({
    handlers: HANDLERS,
    functionsDir: resolve(root, 'functions'),
    outDir: resolve(root, 'dist'),
  });
  // Thrown below, where it is awaited; a bad environment is told without waiting for it.
  bundling.catch(() => {});
  const { addBerth, createApp } = await import('./berth.ts');
  const app = createApp();
  const environment = environmentOf(app.node.tryGetContext('env'), app.node.tryGetContext('settings') ?? {});
  addBerth(app, environment, await bundling);
  app.synth();
};

try {
  await synthesize();
} catch (error) {
  if (!(error instanceof BadEnvironment || error instanceof BundleFailed)) throw error;
  console.error(error.message);
  process.exit(1);
}
