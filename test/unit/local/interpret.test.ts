import { describe, expect, test } from 'vitest';
import { interpret } from '../../../local/assembly/interpret.ts';
import type { CloudAssembly, Template } from '../../../local/assembly/read.ts';

const WORLD = { endpoint: 'http://127.0.0.1:4566', apiUrl: () => 'http://127.0.0.1:3000' };

type Resource = { Type: string; Properties?: Record<string, unknown>; Condition?: string };

const BASE: Record<string, Resource> = {
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {},
      Policies: [
        {
          PolicyName: 'own',
          PolicyDocument: {
            Statement: [
              { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': ['Queue', 'Arn'] } },
            ],
          },
        },
      ],
    },
  },
  Attached: {
    Type: 'AWS::IAM::Policy',
    Properties: {
      PolicyName: 'attached',
      Roles: [{ Ref: 'Role' }],
      PolicyDocument: { Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' } },
    },
  },
  Queue: {
    Type: 'AWS::SQS::Queue',
    Properties: {
      VisibilityTimeout: 60,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 3 },
    },
  },
  Dead: { Type: 'AWS::SQS::Queue' },
  Fn: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: 'berth-local-hello',
      Code: { S3Bucket: 'assets', S3Key: 'abc.zip' },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Timeout: 29,
      Environment: { Variables: { QUEUE: { Ref: 'Queue' } } },
    },
  },
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP', Name: 'api' } },
  Stage: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: {
      ApiId: { Ref: 'Api' },
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 },
      RouteSettings: { 'GET /hello/{name}': { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 } },
    },
  },
  Integration: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: {
      ApiId: { Ref: 'Api' },
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': ['Fn', 'Arn'] },
      PayloadFormatVersion: '2.0',
    },
  },
  Route: {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ApiId: { Ref: 'Api' },
      RouteKey: 'GET /hello/{name}',
      Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
    },
  },
};

const assemblyOf = (resources: Record<string, Resource>): CloudAssembly => {
  const template: Template = {
    Resources: Object.fromEntries(
      Object.entries(resources).map(([id, { Type, Properties = {}, Condition }]) => [
        id,
        { Type, Properties, Condition },
      ]),
    ),
    Parameters: {},
    Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
    Mappings: {},
    Outputs: {},
  };
  return { stacks: [{ name: 'app', template }], assets: new Map([['abc', '/assets/abc']]) };
};

const modelOf = (extra: Record<string, Resource> = {}) => interpret(assemblyOf({ ...BASE, ...extra }), WORLD);

describe('interpreting an assembly', () => {
  test('a function gets its bundle, its resolved environment and its role', () => {
    expect(modelOf().functions).toMatchObject([
      {
        name: 'berth-local-hello',
        label: 'hello',
        assetDir: '/assets/abc',
        handler: 'index.handler',
        environment: { QUEUE: 'http://127.0.0.1:4566/000000000000/app-Queue' },
        timeoutSeconds: 29,
        role: 'app-Role',
      },
    ]);
  });

  test('a role has its inline policies and those attached to it', () => {
    const [role] = modelOf().roles;
    expect(role?.policies.flatMap(({ Statement }) => Statement)).toMatchObject([
      { Action: ['sqs:SendMessage'], Resource: ['arn:aws:sqs:us-east-1:000000000000:app-Queue'] },
      { Action: ['s3:GetObject'] },
    ]);
  });

  test('a route leads to its function', () => {
    expect(modelOf().apis[0]?.throttles).toEqual({
      byDefault: { rate: 100, burst: 200 },
      byRoute: { 'GET /hello/{name}': { rate: 5, burst: 10 } },
    });
    expect(modelOf().apis[0]?.routes).toMatchObject([
      { method: 'GET', path: '/hello/{name}', functionName: 'berth-local-hello', timeoutMs: 30_000 },
    ]);
  });

  test('a redrive policy names the dead-letter queue', () => {
    const queue = modelOf().queues.find(({ name }) => name === 'app-Queue');
    expect(JSON.parse(queue?.attributes.RedrivePolicy ?? '')).toEqual({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:app-Dead',
      maxReceiveCount: 3,
    });
  });

  test('what has no local meaning is listed with its reason', () => {
    const model = modelOf({ Vpc: { Type: 'AWS::EC2::VPC' } });
    expect(model.withoutMeaning).toEqual([
      { resource: 'app.Vpc', type: 'AWS::EC2::VPC', reason: 'everything is on loopback' },
    ]);
  });

  test('a resource whose condition does not hold is not there', () => {
    const model = modelOf({ Off: { Type: 'AWS::Magic::Thing', Condition: 'Never' } });
    expect(model.withoutMeaning).toEqual([]);
  });

  test.each<[string, Record<string, Resource>, RegExp]>([
    [
      'an unknown resource type',
      { X: { Type: 'AWS::Magic::Thing' } },
      /app\.X: local mode does not interpret AWS::Magic::Thing/,
    ],
    [
      'an unknown property',
      { X: { Type: 'AWS::SQS::Queue', Properties: { Flavour: 'mint' } } },
      /app\.X \(AWS::SQS::Queue\): .*Flavour/s,
    ],
    [
      'a bundle that the assembly does not have',
      {
        X: {
          Type: 'AWS::Lambda::Function',
          Properties: { Code: { S3Key: 'zzz.zip' }, Handler: 'i.h', Runtime: 'nodejs24.x', Role: 'r' },
        },
      },
      /app\.X .*no asset zzz/s,
    ],
    [
      'a route to a function that is not there',
      {
        Integration: {
          Type: 'AWS::ApiGatewayV2::Integration',
          Properties: {
            ApiId: 'x',
            IntegrationType: 'AWS_PROXY',
            IntegrationUri: 'arn:aws:lambda:us-east-1:0:function:gone',
            PayloadFormatVersion: '2.0',
          },
        },
      },
      /names the function gone, which the assembly does not have/,
    ],
    [
      'a second HTTP API at the address of the first',
      {
        Two: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP', Name: 'api' } },
        StageOfTwo: {
          Type: 'AWS::ApiGatewayV2::Stage',
          Properties: { ApiId: { Ref: 'Two' }, StageName: '$default' },
        },
      },
      /two HTTP APIs of the assembly would listen at http:/,
    ],
    [
      'an HTTP API without a stage',
      { Two: { Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: 'HTTP' } } },
      /the API \w+ has no stage/,
    ],
    [
      'a managed policy of AWS whose content is not known',
      {
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
        },
      },
      /AdministratorAccess allows is not known locally/,
    ],
  ])('%s stops the start and is named', (_name, extra, message) => {
    expect(() => modelOf(extra)).toThrow(message);
  });
});
