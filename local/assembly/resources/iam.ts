import * as z from 'zod';
import { type PolicyDocument, parsePolicy } from '../../iam/policy.ts';
import { COSMETIC, properties } from './properties.ts';

/**
 * What AWS's own managed policies allow, for those that the templates attach. A service role's permissions for logs
 * and network interfaces are used by AWS and not by the function's code, so they grant nothing here.
 */
const AWS_MANAGED =
  /\/service-role\/(AWSLambdaBasicExecutionRole|AWSLambdaVPCAccessExecutionRole|AmazonECSTaskExecutionRolePolicy)$/;

const document = z.unknown().transform((value): PolicyDocument => parsePolicy(value));

const roleSchema = properties(
  {
    Policies: z.array(z.object({ PolicyName: z.string(), PolicyDocument: document })).default([]),
    ManagedPolicyArns: z.array(z.string()).default([]),
  },
  {
    ...COSMETIC,
    RoleName: 'is the identity',
    AssumeRolePolicyDocument: 'the runtime gives each function the credentials of its own role',
    MaxSessionDuration: 'credentials live as long as the process',
    Path: 'cosmetic',
  },
);

/** A role's own policies, and the ARNs of managed ones that the same assembly must define. */
export const interpretRole = (value: unknown): { policies: PolicyDocument[]; managed: string[] } => {
  const role = roleSchema.parse(value);
  return {
    policies: role.Policies.map((policy) => policy.PolicyDocument),
    managed: role.ManagedPolicyArns.filter((arn) => !AWS_MANAGED.test(arn)),
  };
};

const policySchema = properties(
  { PolicyDocument: document, Roles: z.array(z.string()).default([]) },
  {
    ...COSMETIC,
    PolicyName: 'cosmetic',
    ManagedPolicyName: 'is the identity',
    Path: 'cosmetic',
    Users: 'no users here',
    Groups: 'no groups here',
  },
);

export const interpretPolicy = (value: unknown): { policy: PolicyDocument; roles: readonly string[] } => {
  const parsed = policySchema.parse(value);
  return { policy: parsed.PolicyDocument, roles: parsed.Roles };
};
