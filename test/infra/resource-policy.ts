/** Decides on resource policies as AWS does for a service that acts for an account. */
import * as z from 'zod';
import { type AccessRequest, type Decision, evaluate } from '../../local/iam/evaluate.ts';
import { parsePolicy } from '../../local/iam/policy.ts';

export const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';

const intrinsic = z.union([
  z.strictObject({ Ref: z.string() }).transform(({ Ref }) => PSEUDO[Ref] ?? `arn:test:${Ref}`),
  z
    .strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) })
    .transform(({ 'Fn::GetAtt': [id] }) => `arn:test:${id}`),
  z
    .strictObject({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) })
    .transform(({ 'Fn::Join': [by, parts] }) => parts.map(resolved).join(by)),
]);

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::URLSuffix': 'amazonaws.com',
};

/** A template's value with its intrinsics resolved; a resource becomes `arn:test:<logical id>`. */
export const resolved = (value: unknown): unknown => {
  const known = intrinsic.safeParse(value);
  if (known.success) return known.data;
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolved(each)]));
};

const statementSchema = z.looseObject({
  Principal: z.union([
    z.literal('*'),
    z.strictObject({
      AWS: z.union([z.string(), z.array(z.string())]).optional(),
      Service: z.union([z.string(), z.array(z.string())]).optional(),
    }),
  ]),
});

/**
 * The policy's decision for a service principal. A service has no identity policy in the account, so the resource's
 * policy alone decides.
 */
export const decideForService = (document: unknown, service: string, request: AccessRequest): Decision => {
  const { Statement } = z.object({ Statement: z.array(statementSchema) }).parse(resolved(document));
  const applying = Statement.filter(
    ({ Principal }) => Principal === '*' || [Principal.Service ?? []].flat().includes(service),
  ).map(({ Principal: _, ...rest }) => rest);
  return evaluate([parsePolicy({ Statement: applying })], request);
};
