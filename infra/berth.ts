import { Annotations, App, CfnWaitConditionHandle, Stack, Tags } from 'aws-cdk-lib';
import cdkJson from '../cdk.json' with { type: 'json' };
import type { Bundle } from './bundle.ts';
import type { Environment } from './environments.ts';
import { ControlPlaneStack } from './stacks/control-plane.ts';
import { DataStack } from './stacks/data.ts';
import { NetworkStack } from './stacks/network.ts';

type Berth = {
  readonly data: DataStack;
  readonly network: NetworkStack;
  readonly controlPlane: ControlPlaneStack;
};

/**
 * An app with the feature flags of cdk.json, also if no CDK command line reads them.
 *
 * @param outdir the folder of the cloud assembly; without it CDK_OUTDIR, else a temporary folder
 */
export const createApp = (outdir?: string): App =>
  new App({ context: cdkJson.context, analyticsReporting: false, ...(outdir !== undefined && { outdir }) });

/**
 * Replaces the environment if none is named: one stack with an error, so that nothing deploys it. `cdk bootstrap`
 * needs an app with a stack and looks at no stack's errors; the validator, which would end the synth at this one, is
 * off. `app` must be empty.
 */
export const addPlaceholder = (app: App, names: readonly string[]): void => {
  app.node.setContext('@aws-cdk/core:annotationsInValidationReport', false);
  const stack = new Stack(app, 'berth', { description: 'Berth: name an environment' });
  new CfnWaitConditionHandle(stack, 'Nothing');
  Annotations.of(stack).addError(`Name an environment: -c env=<${names.join('|')}>.`);
};

/**
 * The stacks of one environment. Region and account are the environment's if it pins them, else those of the caller;
 * synth asks AWS nothing either way.
 */
export const addBerth = (app: App, environment: Environment, bundles: readonly Bundle[]): Berth => {
  const prefix = `berth-${environment.name}`;
  const { account, region } = environment;
  const common = {
    environment,
    terminationProtection: environment.locked,
    env: { ...(account !== undefined && { account }), ...(region !== undefined && { region }) },
  };
  const data = new DataStack(app, `${prefix}-data`, {
    ...common,
    description: 'Berth: sessions, auth states, events',
  });
  const network = new NetworkStack(app, `${prefix}-network`, { ...common, description: 'Berth: network' });
  const controlPlane = new ControlPlaneStack(app, `${prefix}-app`, {
    ...common,
    description: 'Berth: API, functions, tasks',
    data,
    network,
    bundles,
  });
  const tags = { ...environment.tags, application: 'berth', environment: environment.name };
  // CloudFormation's own schema has no tags for dashboards yet.
  const options = { excludeResourceTypes: ['AWS::CloudWatch::Dashboard'] };
  for (const [key, value] of Object.entries(tags)) Tags.of(app).add(key, value, options);
  return { data, network, controlPlane };
};
