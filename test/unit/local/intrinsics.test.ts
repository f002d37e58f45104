import { describe, expect, test } from 'vitest';
import { createIdentify } from '../../../local/assembly/identity.ts';
import { createResolver } from '../../../local/assembly/intrinsics.ts';
import type { CloudAssembly, Stack, Template } from '../../../local/assembly/read.ts';

const stack = (name: string, template: Partial<Template>): Stack => ({
  name,
  template: { Resources: {}, Parameters: {}, Conditions: {}, Mappings: {}, Outputs: {}, ...template },
});

const resolverOf = (...stacks: Stack[]) => {
  const assembly: CloudAssembly = { stacks, assets: new Map() };
  return createResolver(
    assembly,
    createIdentify({ endpoint: 'http://127.0.0.1:4566', apiUrl: () => 'http://127.0.0.1:3000' }),
  );
};

const queue = (properties = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: properties,
  Condition: undefined,
});

const resolveIn = (own: Stack, value: unknown, ...others: Stack[]) =>
  resolverOf(own, ...others).resolve(own, value, [own.name, 'Thing']);

describe('intrinsics', () => {
  const own = stack('app', {
    Resources: { Queue: queue({ QueueName: 'events.fifo', FifoQueue: true }), Plain: queue() },
    Parameters: { Stage: { Type: 'String', Default: 'blue' }, Open: { Type: 'String' } },
    Conditions: {
      IsBlue: { 'Fn::Equals': [{ Ref: 'Stage' }, 'blue'] },
      IsRed: { 'Fn::Not': [{ Condition: 'IsBlue' }] },
      Both: { 'Fn::And': [{ Condition: 'IsBlue' }, { Condition: 'IsRed' }] },
    },
    Mappings: { Sizes: { small: { cpu: 512 } } },
  });

  test.each<[string, unknown, unknown]>([
    ['Ref of a resource', { Ref: 'Queue' }, 'http://127.0.0.1:4566/000000000000/events.fifo'],
    ['Ref of a parameter gives its default', { Ref: 'Stage' }, 'blue'],
    ['an attribute', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:us-east-1:000000000000:events.fifo'],
    ['an attribute, dotted', { 'Fn::GetAtt': 'Queue.QueueName' }, 'events.fifo'],
    ['a name made of stack and logical id', { 'Fn::GetAtt': ['Plain', 'QueueName'] }, 'app-Plain'],
    [
      'Sub with a resource, an attribute, a variable and a literal',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
      { 'Fn::Sub': ['${AWS::Region} ${Queue.QueueName} ${own} ${!kept}', { own: { Ref: 'Stage' } }] },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own syntax
      'us-east-1 events.fifo blue ${kept}',
    ],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }]] }, 'a-blue'],
    ['Select of Split', { 'Fn::Select': [1, { 'Fn::Split': ['/', 'a/b'] }] }, 'b'],
    ['If', { 'Fn::If': ['IsRed', 'red', { Ref: 'Stage' }] }, 'blue'],
    ['NoValue removes a property', { kept: 1, gone: { Ref: 'AWS::NoValue' } }, { kept: 1 }],
    ['NoValue removes an element', [1, { 'Fn::If': ['IsRed', 2, { Ref: 'AWS::NoValue' }] }], [1]],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', 'small', 'cpu'] }, 512],
    [
      'a policy Condition is no intrinsic',
      { Condition: { Bool: { x: 'true' } } },
      { Condition: { Bool: { x: 'true' } } },
    ],
  ])('%s', (_name, value, expected) => {
    expect(resolveIn(own, value)).toEqual(expected);
  });

  test('an import finds the export of another stack', () => {
    const data = stack('data', {
      Resources: { Queue: queue() },
      Outputs: { Out: { Value: { 'Fn::GetAtt': ['Queue', 'Arn'] }, Export: { Name: 'data:queue' } } },
    });
    expect(resolveIn(own, { 'Fn::ImportValue': 'data:queue' }, data)).toBe(
      'arn:aws:sqs:us-east-1:000000000000:data-Queue',
    );
  });

  test('conditions combine', () => {
    const resolver = resolverOf(own);
    expect(['IsBlue', 'IsRed', 'Both'].map((name) => resolver.holds(own, name))).toEqual([
      true,
      false,
      false,
    ]);
  });

  test.each<[string, unknown, RegExp]>([
    [
      'an unknown function',
      { a: { 'Fn::Magic': 1 } },
      /^app\.Thing\.a: Fn::Magic is not interpreted locally/,
    ],
    [
      'an unknown resource',
      { a: [{ Ref: 'Nothing' }] },
      /^app\.Thing\.a\.0: there is no resource or parameter Nothing/,
    ],
    ['an unknown attribute', { 'Fn::GetAtt': ['Queue', 'Weight'] }, /attribute Weight of a AWS::SQS::Queue/],
    ['a parameter without a default', { Ref: 'Open' }, /parameter Open has no default/],
    ['an import without an export', { 'Fn::ImportValue': 'x' }, /no stack exports x/],
  ])('%s is an error that names the path', (_name, value, message) => {
    expect(() => resolveIn(own, value)).toThrow(message);
  });
});
