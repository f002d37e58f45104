/**
 * The CDK app. `npx cdk deploy -c env=dev --all`, or `node infra/app.ts` with CDK_OUTDIR and CDK_CONTEXT_JSON.
 *
 *   env        dev, staging, prod, local, or an environment of your config file
 *   config     path of your config file; without it berth.config.ts, .mjs or .json beside cdk.json
 *   arch       ARM64 or X86_64: of the tasks, over the environment's own
 *   capacity   EC2, FARGATE_SPOT, FARGATE, with commas: over the environment's own
 *   settings   JSON that replaces single values of the environment's `settings`
 *   locked     true: the stacks and the table refuse deletion. After the first deployment succeeded, not before
 *
 * Without `env` the app has one stack that can't be deployed, so that `cdk bootstrap` works: it needs no environment.
 */
import { resolve } from 'node:path';
import { BundleFailed, bundleFunctions } from './bundle.ts';
import { BadEnvironment, checkAccount, environmentOf, lockedOf, namesWith } from './environments.ts';
import { HANDLERS } from './handlers.ts';
import { loadOperatorConfig, NO_CONFIG } from './operator-config.ts';

const root = resolve(import.meta.dirname, '..');

const UNLOCKED =
  'This environment is not locked: its stacks and its table can be deleted (the data is kept). After the first ' +
  'deployment succeeded, put "locked: true" into your config file, or give -c locked=true from then on.';

const synthesize = async (): Promise<void> => {
  // esbuild works on the other core while Node loads the CDK, which takes as long.
  const bundling = bundleFunctions({
    handlers: HANDLERS,
    functionsDir: resolve(root, 'functions'),
    outDir: resolve(root, 'dist'),
  });
  // Thrown below, when it is awaited; a bad environment is reported without waiting for it.
  bundling.catch(() => {});
  const { addBerth, addPlaceholder, createApp } = await import('./berth.ts');
  const app = createApp();
  const context = (key: string): unknown => app.node.tryGetContext(key);
  const name = context('env');
  // `npm start` does not depend on the file.
  const config = name === 'local' ? NO_CONFIG : await loadOperatorConfig(root, context('config'));
  if (name === undefined) {
    addPlaceholder(app, namesWith(config));
    app.synth();
    return;
  }
  const found = environmentOf(name, {
    config,
    settings: context('settings'),
    arch: context('arch'),
    capacity: context('capacity'),
  });
  const environment = { ...found, locked: lockedOf(context('locked'), found.locked) };
  // The CDK command line says whose credentials it has.
  checkAccount(environment, process.env.CDK_DEFAULT_ACCOUNT);
  addBerth(app, environment, await bundling);
  if (environment.protected && !environment.locked) console.error(UNLOCKED);
  app.synth();
};

try {
  await synthesize();
} catch (error) {
  if (!(error instanceof BadEnvironment || error instanceof BundleFailed)) throw error;
  console.error(error.message);
  process.exit(1);
}
