import { RemovalPolicy } from 'aws-cdk-lib';
import type { Environment } from '../environments.ts';

/**
 * The removal policy of a resource that holds data or logs.
 *
 * In a protected environment the resource outlives its stack, with one exception: if the stack operation that creates
 * the resource fails, CloudFormation deletes it again (`RetainExceptOnCreate`). With `Retain` a failed first
 * deployment would leave resources with fixed names, and the next attempt would stop at "already exists".
 */
export const removalOf = ({ protected: kept }: Pick<Environment, 'protected'>): RemovalPolicy =>
  kept ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
