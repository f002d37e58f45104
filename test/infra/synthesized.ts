/** The real app of an environment, synthesized once for a file of tests. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import * as z from 'zod';
import { addBerth, createApp } from '../../infra/berth.ts';
import { type Bundle, bundleFunctions } from '../../infra/bundle.ts';
import type { Environment } from '../../infra/environments.ts';
import { HANDLERS } from '../../infra/handlers.ts';

export const root = resolve(import.meta.dirname, '../..');
export const functionsDir = join(root, 'functions');

/** A first build of all bundles beside browsers and databases on two cores; afterwards they are reused. */
export const BUILD_MS = 180_000;

const buildBundles = (): Promise<readonly Bundle[]> =>
  bundleFunctions({ handlers: HANDLERS, functionsDir, outDir: join(root, 'dist') });

export type Synthesized = {
  readonly data: Template;
  readonly network: Template;
  readonly app: Template;
  readonly bundles: readonly Bundle[];
  /** The cloud assembly. */
  readonly folder: string;
  readonly remove: () => void;
};

/** With cdk-nag's findings in the assembly's validation report; the caller removes the assembly. */
export const synthesize = async (environment: Environment): Promise<Synthesized> => {
  const bundles = await buildBundles();
  const folder = mkdtempSync(join(tmpdir(), 'berth-infra-'));
  const app = createApp(folder);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const { data, network, controlPlane } = addBerth(app, environment, bundles);
  return {
    data: Template.fromStack(data),
    network: Template.fromStack(network),
    app: Template.fromStack(controlPlane),
    bundles,
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};

const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({ type: z.string(), properties: z.record(z.string(), z.unknown()).optional() }),
  ),
});

/** Whether each stack of an assembly is protected from deletion. */
export const protectionsOf = ({ folder }: Pick<Synthesized, 'folder'>): readonly unknown[] =>
  Object.values(
    manifestSchema.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).artifacts,
  )
    .filter(({ type }) => type === 'aws:cloudformation:stack')
    .map(({ properties }) => properties?.terminationProtection ?? false);
