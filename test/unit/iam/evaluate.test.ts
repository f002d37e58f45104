import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorizeByPolicies } from '../../../local/iam/authorize.ts';
import type { RequestContext } from '../../../local/iam/conditions.ts';
import { evaluate } from '../../../local/iam/evaluate.ts';
import { matchesArn, matchesPattern } from '../../../local/iam/pattern.ts';
import { parsePolicy } from '../../../local/iam/policy.ts';
import { AccessRecorder } from '../../../local/iam/recorder.ts';

const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/berth';

const policy = (...statements: object[]) => [parsePolicy({ Version: '2012-10-17', Statement: statements })];
const allow = (rest: object = {}) => ({ Effect: 'Allow', Action: '*', Resource: '*', ...rest });
const deny = (rest: object = {}) => ({ Effect: 'Deny', Action: '*', Resource: '*', ...rest });
const decide = (
  policies: ReturnType<typeof policy>,
  action = 'dynamodb:GetItem',
  resource = TABLE,
  context: RequestContext = {},
) => evaluate(policies, { action, resource, context });

describe('evaluate', () => {
  it('denies implicitly what no statement allows', () => {
    expect(decide([])).toBe('implicitDeny');
    expect(decide(policy(allow({ Action: 'dynamodb:PutItem' })))).toBe('implicitDeny');
    expect(decide(policy(allow({ Resource: `${TABLE}-other` })))).toBe('implicitDeny');
  });

  it('allows what a statement names, actions in any case, resources in their own', () => {
    expect(decide(policy(allow({ Action: ['s3:*', 'DynamoDB:getitem'], Resource: TABLE })))).toBe('allow');
    expect(decide(policy(allow({ Resource: TABLE.toUpperCase() })))).toBe('implicitDeny');
  });

  it('lets an explicit deny win in any order', () => {
    expect(decide(policy(allow(), deny()))).toBe('explicitDeny');
    expect(decide(policy(deny(), allow()))).toBe('explicitDeny');
    expect(decide([...policy(allow()), ...policy(deny({ Action: 'dynamodb:Get*' }))])).toBe('explicitDeny');
  });

  it('reads NotAction and NotResource as everything else', () => {
    const notPut = policy({ Effect: 'Allow', NotAction: 'dynamodb:Put*', Resource: '*' });
    expect(decide(notPut)).toBe('allow');
    expect(decide(notPut, 'dynamodb:PutItem')).toBe('implicitDeny');
    const notTable = policy({ Effect: 'Deny', Action: '*', NotResource: TABLE }, allow());
    expect(decide(notTable)).toBe('allow');
    expect(decide(notTable, 'dynamodb:GetItem', `${TABLE}/index/byUser`)).toBe('explicitDeny');
  });

  it('treats an index as a separate resource', () => {
    expect(decide(policy(allow({ Resource: TABLE })), 'dynamodb:Query', `${TABLE}/index/byUser`)).toBe(
      'implicitDeny',
    );
    expect(
      decide(
        policy(allow({ Resource: [TABLE, `${TABLE}/index/*`] })),
        'dynamodb:Query',
        `${TABLE}/index/byUser`,
      ),
    ).toBe('allow');
  });

  it.each<[condition: object, context: RequestContext, holds: boolean]>([
    [
      { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
      { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
      true,
    ],
    [
      { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
      { 'iam:PassedToService': 'lambda.amazonaws.com' },
      false,
    ],
    [{ StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } }, {}, false],
    [{ StringEqualsIfExists: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } }, {}, true],
    [{ StringEquals: { 'S3:Prefix': ['a', 'b'] } }, { 's3:prefix': 'b' }, true],
    [{ StringNotEquals: { 's3:prefix': ['a', 'b'] } }, { 's3:prefix': 'b' }, false],
    [{ StringNotEquals: { 's3:prefix': ['a', 'b'] } }, {}, true],
    [{ StringLike: { 's3:prefix': 'auth/*' } }, { 's3:prefix': 'auth/x' }, true],
    [{ StringLike: { 's3:prefix': 'auth/*' } }, { 's3:prefix': 'media/x' }, false],
    [
      { ArnEquals: { 'ecs:cluster': 'arn:aws:ecs:*:*:cluster/berth' } },
      { 'ecs:cluster': 'arn:aws:ecs:us-east-1:000000000000:cluster/berth' },
      true,
    ],
    [
      { ArnLike: { 'ecs:cluster': 'arn:aws:ecs:*:*:cluster/berth' } },
      { 'ecs:cluster': 'arn:aws:ecs:us-east-1:000000000000:cluster/x' },
      false,
    ],
    [{ Bool: { 'aws:SecureTransport': 'false' } }, { 'aws:SecureTransport': 'true' }, false],
    [{ Bool: { 'aws:SecureTransport': true } }, { 'aws:SecureTransport': 'true' }, true],
    [{ NumericLessThanEquals: { 's3:max-keys': 10 } }, { 's3:max-keys': '10' }, true],
    [{ NumericLessThan: { 's3:max-keys': '10' } }, { 's3:max-keys': '10' }, false],
    [
      { DateGreaterThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } },
      { 'aws:CurrentTime': '2026-06-01T00:00:00Z' },
      true,
    ],
    [{ Null: { 'dynamodb:LeadingKeys': 'true' } }, {}, true],
    [{ Null: { 'dynamodb:LeadingKeys': 'false' } }, {}, false],
    [
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'USER#*' } },
      { 'dynamodb:LeadingKeys': ['USER#1', 'USER#2'] },
      true,
    ],
    [
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'USER#*' } },
      { 'dynamodb:LeadingKeys': ['USER#1', 'GLOBAL'] },
      false,
    ],
    [
      { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': 'USER#*' } },
      { 'dynamodb:LeadingKeys': ['USER#1', 'GLOBAL'] },
      true,
    ],
    [{ 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': 'USER#*' } }, {}, false],
    [
      { StringLike: { 's3:prefix': '*' }, Bool: { 'aws:SecureTransport': 'true' } },
      { 's3:prefix': 'x' },
      false,
    ],
  ])('holds a statement to its condition: %j in %j is %s', (Condition, context, holds) => {
    const decision = decide(policy(allow({ Condition })), 'dynamodb:GetItem', TABLE, context);
    expect(decision).toBe(holds ? 'allow' : 'implicitDeny');
  });

  it('never allows anything through an added deny, and never denies explicitly without one', () => {
    const action = fc.constantFrom('s3:GetObject', 's3:PutObject', 'dynamodb:GetItem', 's3:*', '*', '*:Get*');
    const resource = fc.constantFrom('*', TABLE, `${TABLE}*`, 'arn:aws:s3:::b/*', 'arn:aws:s3:::b/k');
    const statement = fc.record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      Action: fc.array(action, { minLength: 1 }),
      Resource: fc.array(resource, { minLength: 1 }),
    });
    const request = fc.record({
      action: fc.constantFrom('s3:GetObject', 's3:PutObject', 'dynamodb:GetItem'),
      resource: fc.constantFrom(TABLE, 'arn:aws:s3:::b/k'),
    });
    fc.assert(
      fc.property(fc.array(statement), statement, request, (statements, extra, { action, resource }) => {
        const before = decide(policy(...statements), action, resource);
        const after = decide(policy(...statements, { ...extra, Effect: 'Deny' }), action, resource);
        expect(after === 'allow' && before !== 'allow').toBe(false);
        if (!statements.some(({ Effect }) => Effect === 'Deny')) {
          expect(before).not.toBe('explicitDeny');
        }
        expect(decide(policy(...statements.toReversed()), action, resource)).toBe(before);
      }),
    );
  });
});

describe('parsePolicy', () => {
  it.each([
    ['an intrinsic left in', { Effect: 'Allow', Action: '*', Resource: { 'Fn::GetAtt': ['T', 'Arn'] } }],
    [
      'an operator that is not evaluated',
      allow({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }),
    ],
    ['a policy variable', allow({ Resource: `arn:aws:s3:::b/\${aws:username}` })],
    ['both Action and NotAction', allow({ NotAction: 's3:*' })],
    ['a statement without resources', { Effect: 'Allow', Action: '*' }],
    ['an unknown element', allow({ Principal: '*' })],
  ])('refuses %s', (_what, statement) => {
    expect(() => policy(statement)).toThrow();
  });
});

describe('patterns', () => {
  it('match themselves with any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(matchesPattern(text, text)).toBe(true);
        expect(matchesPattern(`${text}*`, `${text}anything`)).toBe(true);
        expect(matchesPattern('*', text)).toBe(true);
      }),
    );
  });

  it('take every character but * and ? literally', () => {
    expect(matchesPattern('a.c', 'abc')).toBe(false);
    expect(matchesPattern('a?c', 'abc')).toBe(true);
    expect(matchesPattern('a?c', 'ac')).toBe(false);
    expect(matchesPattern('a+(b)[c]{1}', 'a+(b)[c]{1}')).toBe(true);
  });

  it('never reach from one part of an ARN into the next', () => {
    expect(matchesArn('arn:aws:sqs:*:queue', 'arn:aws:sqs:us-east-1:000000000000:queue')).toBe(false);
    expect(matchesArn('arn:aws:sqs:*:*:queue*', 'arn:aws:sqs:us-east-1:000000000000:queue.fifo')).toBe(true);
    expect(matchesArn('arn:aws:s3:::b/*', 'arn:aws:s3:::b/a/b:c')).toBe(true);
    expect(matchesArn('arn:aws:s3:::b', 'arn:aws:s3:::b/k')).toBe(false);
  });
});

describe('authorizeByPolicies', () => {
  it('needs every resource allowed, names the one that is not, and records both', () => {
    const recorder = new AccessRecorder();
    const authorize = authorizeByPolicies(() => policy(allow({ Resource: 'arn:aws:s3:::a/*' })), recorder);
    const request = { principal: 'role', action: 's3:GetObject', context: {} };
    expect(authorize({ ...request, resources: ['arn:aws:s3:::a/1', 'arn:aws:s3:::a/1'] })).toEqual({
      decision: 'allow',
    });
    expect(authorize({ ...request, resources: ['arn:aws:s3:::a/1', 'arn:aws:s3:::b/1'] })).toEqual({
      decision: 'implicitDeny',
      resource: 'arn:aws:s3:::b/1',
    });
    expect(recorder.used()).toEqual([{ role: 'role', action: 's3:GetObject', resource: 'arn:aws:s3:::a/1' }]);
    expect(recorder.denied()).toEqual([
      { role: 'role', action: 's3:GetObject', resource: 'arn:aws:s3:::b/1' },
    ]);
  });
});

it('a function that may write the table is denied the partitions of API keys, in transactions as well', () => {
  const role = policy(
    allow({ Action: ['dynamodb:PutItem', 'dynamodb:UpdateItem'] }),
    deny({
      Action: ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
      Condition: { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': ['KEYS', 'KEY#*'] } },
    }),
  );
  const write = (...keys: string[]) =>
    evaluate(role, {
      action: 'dynamodb:PutItem',
      resource: TABLE,
      context: { 'dynamodb:LeadingKeys': keys },
    });
  expect(write('SESSION#ann#shop')).toBe('allow');
  for (const keys of [['KEYS'], [`KEY#${'a'.repeat(64)}`], ['SESSION#ann#shop', 'KEYS']])
    expect(write(...keys)).toBe('explicitDeny');
});
