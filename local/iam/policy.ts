import * as z from 'zod';
import { OPERATORS, splitOperator } from './conditions.ts';

// Policy variables are not substituted here; taken literally, one would silently decide wrongly.
const plain = z.string().refine((value) => !value.includes('${'), {
  error: 'policy variables are not evaluated locally',
});

const oneOrMany = z.union([plain, z.array(plain)]).transform((value) => [value].flat());

const conditionValues = z
  .union([plain, z.boolean(), z.number(), z.array(z.union([plain, z.boolean(), z.number()]))])
  .transform((value) => [value].flat().map(String));

const operatorName = z.string().refine((name) => splitOperator(name).operator in OPERATORS, {
  error: (issue) => `condition operator ${String(issue.input)} is not evaluated locally`,
});

const statement = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(['Allow', 'Deny']),
    Action: oneOrMany.optional(),
    NotAction: oneOrMany.optional(),
    Resource: oneOrMany.optional(),
    NotResource: oneOrMany.optional(),
    Condition: z.record(operatorName, z.record(z.string(), conditionValues)).optional(),
  })
  .refine((value) => (value.Action === undefined) !== (value.NotAction === undefined), {
    error: 'a statement has either Action or NotAction',
  })
  .refine((value) => (value.Resource === undefined) !== (value.NotResource === undefined), {
    error: 'a statement has either Resource or NotResource',
  });

const policyDocument = z.object({
  Version: z.string().optional(),
  Statement: z
    .union([statement, z.array(statement)])
    .transform((value): z.output<typeof statement>[] => [value].flat()),
});

export type Statement = z.output<typeof statement>;

/** An identity policy, checked and with every one-or-many element as a list. */
export type PolicyDocument = z.output<typeof policyDocument>;

/**
 * Reads an identity policy document with all intrinsics resolved. Throws a ZodError that names the path
 * for anything that the evaluator would have to guess about: an unknown operator, an unknown element,
 * an intrinsic that was left in.
 */
export const parsePolicy = (document: unknown): PolicyDocument => {
  return policyDocument.parse(document);
};
