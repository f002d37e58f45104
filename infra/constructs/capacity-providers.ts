import { CfnClusterCapacityProviderAssociations, type Cluster } from 'aws-cdk-lib/aws-ecs';
import { Construct, type IDependable } from 'constructs';

/**
 * Lets the cluster launch on Fargate and Fargate Spot, late in a deployment.
 *
 * An account's first cluster makes ECS create its service-linked role in the background. The association assumes that
 * role, and fails if it does not exist yet ("Unable to assume the service linked role"):
 *
 *   cluster created ── role created, visible after seconds
 *        └─ association at once: fails, and the whole stack with it
 *
 * So it waits for resources that take longer. `cluster.enableFargateCapacityProviders()` offers no way to say so.
 */
export class CapacityProviders extends Construct {
  constructor(
    scope: Construct,
    id: string,
    {
      cluster,
      after,
      hosts,
    }: {
      readonly cluster: Cluster;
      readonly after: readonly IDependable[];
      /** Name of the provider of hosts, if there are any. */
      readonly hosts: string | undefined;
    },
  ) {
    super(scope, id);
    const association = new CfnClusterCapacityProviderAssociations(this, 'Association', {
      cluster: cluster.clusterName,
      capacityProviders: ['FARGATE', 'FARGATE_SPOT', ...(hosts === undefined ? [] : [hosts])],
      defaultCapacityProviderStrategy: [],
    });
    // The id that the cluster's own construct gave it. Under a new one an upgrade would create a second association
    // and then delete the first, which removes the providers from the cluster.
    association.overrideLogicalId('Cluster3DA9CCBA');
    association.node.addDependency(...after);
  }
}
