import { assumedRoleArn } from '../iam/arn.ts';
import type { AuthorizationResult, Authorize } from '../iam/authorize.ts';
import type { Permission } from './permissions/permission.ts';
import { AwsRefusal } from './refusals.ts';

/** Checks one caller's permissions. */
export class AccessCheck {
  readonly #principal: string;
  readonly #authorize: Authorize;

  constructor(principal: string, authorize: Authorize) {
    this.#principal = principal;
    this.#authorize = authorize;
  }

  allows(permissions: readonly Permission[]): boolean {
    return permissions.every((permission) => this.#check(permission).decision === 'allow');
  }

  /** Throws AccessDenied, worded as AWS words it, for the first permission that is missing. */
  require(permissions: readonly Permission[]): void {
    for (const permission of permissions) {
      const { decision, resource = permission.resources[0] } = this.#check(permission);
      if (decision !== 'allow') {
        const reason =
          decision === 'explicitDeny'
            ? 'with an explicit deny in an identity-based policy'
            : `because no identity-based policy allows the ${permission.action} action`;
        throw new AwsRefusal(
          'accessDenied',
          `User: ${assumedRoleArn(this.#principal)} is not authorized to perform: ${permission.action} on resource: ${resource} ${reason}`,
        );
      }
    }
  }

  #check({ action, resources, context }: Permission): AuthorizationResult {
    return this.#authorize({
      principal: this.#principal,
      action,
      resources,
      // Policies speak of the deployed transport, which is TLS; loopback stands in for it.
      context: { 'aws:SecureTransport': 'true', ...context },
    });
  }
}
