import { CfnRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IConstruct } from 'constructs';

/** Routes that are created at the same time. API Gateway takes about 5 changes of an account's APIs a second. */
export const ROUTES_AT_ONCE = 4;

/**
 * Has CloudFormation create the routes of all APIs within `scope` a few at a time. Without an order it creates all of
 * them at once, is throttled ("Too Many Requests"), and gives up after its own retries if other deployments of the
 * account use the same quota.
 */
export const paceRoutes = (scope: IConstruct): void => {
  const routes = scope.node.findAll().filter((each) => each instanceof CfnRoute);
  for (const [i, route] of routes.entries()) {
    const before = routes[i - ROUTES_AT_ONCE];
    if (before) route.addResourceDependency(before);
  }
};
