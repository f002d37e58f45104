import type { RequestContext } from './conditions.ts';
import { conditionHolds } from './conditions.ts';
import { matchesArn, matchesPattern } from './pattern.ts';
import type { PolicyDocument, Statement } from './policy.ts';

export type Decision = 'allow' | 'explicitDeny' | 'implicitDeny';

/** One thing that a call wants to do: an action such as `s3:GetObject` on one ARN (or `*`). */
export interface AccessRequest {
  readonly action: string;
  readonly resource: string;
  readonly context: RequestContext;
}

const actionIn = (patterns: readonly string[], action: string): boolean =>
  patterns.some((pattern) => matchesPattern(pattern.toLowerCase(), action.toLowerCase()));

const resourceIn = (patterns: readonly string[], resource: string): boolean =>
  patterns.some((pattern) => matchesArn(pattern, resource));

const applies = (statement: Statement, request: AccessRequest): boolean => {
  const { Action, NotAction = [], Resource, NotResource = [], Condition = {} } = statement;
  return (
    (Action ? actionIn(Action, request.action) : !actionIn(NotAction, request.action)) &&
    (Resource ? resourceIn(Resource, request.resource) : !resourceIn(NotResource, request.resource)) &&
    conditionHolds(Condition, request.context)
  );
};

/**
 * IAM's decision within one account, from identity policies alone: an applicable Deny wins, else an
 * applicable Allow, else it is denied implicitly.
 */
export const evaluate = (policies: readonly PolicyDocument[], request: AccessRequest): Decision => {
  const effects = new Set(
    policies
      .flatMap((policy) => policy.Statement)
      .filter((statement) => applies(statement, request))
      .map((statement) => statement.Effect),
  );
  if (effects.has('Deny')) {
    return 'explicitDeny';
  }
  return effects.has('Allow') ? 'allow' : 'implicitDeny';
};
