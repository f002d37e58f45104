import type { PermissionModel } from '../assembly/model.ts';
import { matchesArn } from '../iam/pattern.ts';

/**
 * Whether the template lets a service invoke a function. AWS refuses without such a permission, and the error shows
 * only after a deploy.
 * @param sourceArn what invokes: a route, an authorizer or a rule
 */
export const mayInvoke = (
  permissions: readonly PermissionModel[],
  functionName: string,
  principal: string,
  sourceArn: string,
): boolean =>
  permissions.some(
    (permission) =>
      permission.functionName === functionName &&
      permission.principal === principal &&
      (permission.sourceArn === undefined || matchesArn(permission.sourceArn, sourceArn)),
  );
