import type { RequestContext } from './conditions.ts';
import type { Decision } from './evaluate.ts';
import { evaluate } from './evaluate.ts';
import type { PolicyDocument } from './policy.ts';
import type { AccessRecorder } from './recorder.ts';

/** The request of a principal: one action on every listed resource, under one context. */
interface AuthorizationRequest {
  readonly principal: string;
  readonly action: string;
  readonly resources: readonly string[];
  readonly context: RequestContext;
}

export interface AuthorizationResult {
  readonly decision: Decision;
  /** The first resource that was refused. */
  readonly resource?: string;
}

export type Authorize = (request: AuthorizationRequest) => AuthorizationResult;

/**
 * Authorizes by the identity policies of the principal's role and records every check.
 * @param policiesOf a role's policies; a role that is not known has none and so may do nothing
 */
export const authorizeByPolicies = (
  policiesOf: (principal: string) => readonly PolicyDocument[],
  recorder?: AccessRecorder,
): Authorize => {
  return ({ principal, action, resources, context }) => {
    const policies = policiesOf(principal);
    for (const resource of resources) {
      const decision = evaluate(policies, { action, resource, context });
      recorder?.record({ role: principal, action, resource }, decision);
      if (decision !== 'allow') {
        return { decision, resource };
      }
    }
    return { decision: 'allow' };
  };
};
