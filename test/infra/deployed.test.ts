import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { BACKGROUND_HANDLERS, COMMAND_HANDLERS, OPERATIONS } from '../../contract/routes.ts';
import { LIST_PROJECTION } from '../../core/items.ts';
import { parseSettings } from '../../core/settings.ts';
import { environmentOf } from '../../infra/environments.ts';
import { FUNCTIONS } from '../../infra/functions.ts';
import { HANDLERS } from '../../infra/handlers.ts';
import { BUILD_MS, functionsDir, protectionsOf, type Synthesized, synthesize } from './synthesized.ts';

/** As it is after its first deployment. */
const environment = { ...environmentOf('prod'), locked: true };
let prod: Synthesized;
beforeAll(async () => {
  prod = await synthesize(environment);
}, BUILD_MS);
afterAll(() => prod.remove());

const functionProperties = z.object({
  FunctionName: z.string(),
  Timeout: z.number(),
  Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
  VpcConfig: z.unknown().optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
});

/** The functions of the template by handler. */
const functions = () =>
  new Map(
    Object.values(prod.app.findResources('AWS::Lambda::Function')).map((resource) => {
      const properties = functionProperties.parse(resource.Properties);
      return [properties.FunctionName.replace(/^berth-prod-/, ''), properties] as const;
    }),
  );

const statementSchema = z.object({
  Effect: z.string(),
  Action: z.union([z.string(), z.array(z.string())]).transform((action) => [action].flat()),
  Resource: z.unknown(),
  Condition: z.unknown().optional(),
});

/** Every statement of every policy in the templates, with the policy's logical id. */
const statements = () =>
  [prod.data, prod.network, prod.app].flatMap((template) =>
    ['AWS::IAM::Role', 'AWS::IAM::Policy'].flatMap((type) =>
      Object.entries(template.findResources(type)).flatMap(([id, { Properties }]) =>
        [
          Properties.PolicyDocument,
          ...(Properties.Policies ?? []).map((p: Record<string, unknown>) => p.PolicyDocument),
        ]
          .filter((document) => document !== undefined)
          .flatMap((document) => z.object({ Statement: z.array(statementSchema) }).parse(document).Statement)
          .map((statement) => ({ id, ...statement })),
      ),
    ),
  );

/** The statements of a handler's role. */
const allowed = (handler: string) => {
  const role = functions().get(handler)?.Role['Fn::GetAtt'][0];
  return statements().filter(({ id, Effect }) => id === role && Effect === 'Allow');
};

describe('functions', () => {
  it('deploys every handler that routes or background work name, and no other', () => {
    expect([...functions().keys()].sort()).toEqual(HANDLERS);
    expect(Object.keys(FUNCTIONS).sort()).toEqual(HANDLERS);
  });

  it('deploys every handler file', () => {
    const files = readdirSync(functionsDir)
      .filter((file) => file.endsWith('.ts'))
      .filter((file) =>
        /^export (const|async function|function) handler\b/m.test(
          readFileSync(join(functionsDir, file), 'utf8'),
        ),
      )
      .map((file) => file.replace(/\.ts$/, ''));
    expect(files.sort()).toEqual(HANDLERS);
  });

  it('bundles the client of an AWS service if a function may use that service, and in no other bundle', () => {
    const clients = (handler: string) =>
      prod.bundles
        .find((bundle) => bundle.handler === handler)
        ?.packages.filter((p) => p.startsWith('@aws-sdk/client-'));
    const expected = (handler: string) => {
      const needs = FUNCTIONS[handler];
      return [
        ...(needs?.servesLive ? ['@aws-sdk/client-apigatewaymanagementapi'] : []),
        ...(needs?.table || needs?.indexes ? ['@aws-sdk/client-dynamodb'] : []),
        ...(needs?.tasks ? ['@aws-sdk/client-ecs'] : []),
        ...(needs?.callsWorkers ? ['@aws-sdk/client-lambda'] : []),
        ...(needs?.bucket || needs?.probesBucket || needs?.media || needs?.builds || needs?.erases
          ? ['@aws-sdk/client-s3']
          : []),
        ...(needs?.queue || needs?.wakesLive || needs?.servesLive ? ['@aws-sdk/client-sqs'] : []),
      ];
    };
    expect(HANDLERS.map((handler) => [handler, clients(handler)])).toEqual(
      HANDLERS.map((handler) => [handler, expected(handler)]),
    );
  });

  it('hands every function settings that it can parse, and no secret', () => {
    for (const [handler, { Environment }] of functions()) {
      const { BERTH_SETTINGS, ...others } = Environment.Variables;
      expect(parseSettings(z.string().parse(BERTH_SETTINGS)), handler).toEqual({
        ...environment.settings,
        mostDeliveriesPerUser: Math.floor(environment.concurrency.deliveries / 2),
      });
      expect(Object.keys(others).filter((name) => /SECRET|TOKEN|PASSWORD|API_?KEY/i.test(name))).toEqual([]);
    }
  });

  it('ends API functions before the gateway gives up at 30 s', () => {
    const api = new Set(OPERATIONS.map((route) => route.handler));
    for (const [handler, { Timeout }] of functions())
      if (api.has(handler)) expect(Timeout, handler).toBeLessThan(30);
  });

  it('puts the command functions, and only those, into the network', () => {
    const inside = [...functions()].filter(([, { VpcConfig }]) => VpcConfig !== undefined);
    expect(inside.map(([handler]) => handler).sort()).toEqual([...COMMAND_HANDLERS].sort());
  });
});

describe('API', () => {
  const apiId = (name: string): string => {
    const [id = ''] = Object.keys(
      prod.app.findResources('AWS::ApiGatewayV2::Api', { Properties: { Name: name } }),
    );
    return id;
  };
  const routesOf = (name: string) => {
    const id = apiId(name);
    return Object.values(prod.app.findResources('AWS::ApiGatewayV2::Route'))
      .map(({ Properties }) =>
        z
          .object({
            ApiId: z.object({ Ref: z.string() }),
            RouteKey: z.string(),
            AuthorizationType: z.string(),
            Target: z.unknown(),
          })
          .parse(Properties),
      )
      .filter(({ ApiId }) => ApiId.Ref === id);
  };
  const routes = () => routesOf('berth-prod');
  const keysOf = (operations: readonly { method: string; path: string }[]) =>
    operations.map(({ method, path }) => `${method} ${path}`).sort();

  it('has every route of the table, each with an integration', () => {
    expect(
      routes()
        .map((route) => route.RouteKey)
        .sort(),
    ).toEqual(['$default', ...OPERATIONS.map((route) => `${route.method} ${route.path}`)].sort());
    expect(routes().every((route) => JSON.stringify(route.Target).includes('integrations/'))).toBe(true);
  });

  it('asks the authorizer on every route but those of the public and of workers', () => {
    const open = routes().filter((route) => route.AuthorizationType !== 'CUSTOM');
    expect(open.map((route) => route.RouteKey).sort()).toEqual(
      [
        '$default',
        ...OPERATIONS.filter((route) => route.auth === 'none' || route.auth === 'worker').map(
          (route) => `${route.method} ${route.path}`,
        ),
      ].sort(),
    );
  });

  it('asks the authorizer at every request, with a key or without, so that a revoked key ends at once', () => {
    prod.app.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerResultTtlInSeconds: 0,
      EnableSimpleResponses: true,
      AuthorizerPayloadFormatVersion: '2.0',
      IdentitySource: [],
    });
  });

  it.each([
    ['berth-prod', 100, 200],
    ['berth-prod-workers', 500, 300],
  ])('%s throttles, and logs neither path nor query', (name, ThrottlingRateLimit, ThrottlingBurstLimit) => {
    prod.app.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      ApiId: { Ref: apiId(name) },
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingBurstLimit, ThrottlingRateLimit },
      AccessLogSettings: { Format: Match.not(Match.stringLikeRegexp('path|querystring|header')) },
    });
  });

  it('gives workers their own API, with the routes that they call and no other', () => {
    const own = routesOf('berth-prod-workers');
    expect(own.map(({ RouteKey }) => RouteKey).sort()).toEqual(
      keysOf(OPERATIONS.filter(({ auth }) => auth === 'worker')),
    );
    expect(own.map(({ AuthorizationType }) => AuthorizationType)).toEqual(own.map(() => 'NONE'));
    const [definition] = Object.values(prod.app.findResources('AWS::ECS::TaskDefinition'));
    const environment = z
      .array(z.object({ Name: z.string(), Value: z.unknown() }))
      .parse(definition?.Properties.ContainerDefinitions[0].Environment);
    expect(environment.find(({ Name }) => Name === 'BERTH_WORKER_API_URL')?.Value).toEqual({
      'Fn::GetAtt': [apiId('berth-prod-workers'), 'ApiEndpoint'],
    });
  });

  it('has a WebSocket API whose connect is authorized and throttled, and whose messages are answered', () => {
    const id = apiId('berth-prod-live');
    prod.app.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      Name: 'berth-prod-live',
      ProtocolType: 'WEBSOCKET',
    });
    prod.app.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      ApiId: { Ref: id },
      StageName: 'ws',
      DefaultRouteSettings: { ThrottlingBurstLimit: 100, ThrottlingRateLimit: 50 },
      AccessLogSettings: Match.absent(),
    });
    expect(
      routesOf('berth-prod-live').map(({ RouteKey, AuthorizationType }) => [RouteKey, AuthorizationType]),
    )
      // Only $connect can have an authorizer.
      .toEqual([
        ['$connect', 'CUSTOM'],
        ['$disconnect', 'NONE'],
        ['$default', 'NONE'],
      ]);
    prod.app.hasResourceProperties('AWS::ApiGatewayV2::RouteResponse', { ApiId: { Ref: id } });
  });

  it('lets one function post to connections and close them, and do nothing else with the API', () => {
    const managing = statements().filter(({ Action }) =>
      Action.some((each) => each.startsWith('execute-api')),
    );
    expect(managing.map(({ Action }) => Action)).toEqual([['execute-api:ManageConnections']]);
    const resources = JSON.stringify(managing[0]?.Resource);
    const methods = [...resources.matchAll(/\/ws\/(\w+)\/@connections\/\*/g)].map(([, method]) => method);
    expect(methods.sort()).toEqual(['DELETE', 'POST']);
    expect(allowed('live-events')).toEqual(expect.arrayContaining(managing));
  });

  it('reserves executions for what heartbeats and sweeps need, and bounds those of deliveries', () => {
    const reserved = Object.values(prod.app.findResources('AWS::Lambda::Function')).flatMap(
      ({ Properties: { FunctionName, ReservedConcurrentExecutions: count } }) =>
        count === undefined ? [] : [[FunctionName, count]],
    );
    expect(Object.fromEntries(reserved)).toEqual({
      'berth-prod-authorizer': 200,
      'berth-prod-worker-api': 300,
      'berth-prod-reaper': 2,
    });
    prod.app.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      ScalingConfig: { MaximumConcurrency: 100 },
    });
  });
});

describe('permissions', () => {
  it('gives a task none', () => {
    const definition = Object.values(prod.app.findResources('AWS::ECS::TaskDefinition'))[0];
    const role = z
      .object({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) })
      .parse(definition?.Properties.TaskRoleArn)['Fn::GetAtt'][0];
    const properties = prod.app.findResources('AWS::IAM::Role')[role]?.Properties;
    expect(properties).toBeDefined();
    expect(properties).not.toHaveProperty('Policies');
    expect(properties).not.toHaveProperty('ManagedPolicyArns');
    for (const policy of Object.values(prod.app.findResources('AWS::IAM::Policy')))
      expect(JSON.stringify(policy.Properties.Roles)).not.toContain(role);
  });

  it('allows no action by wildcard', () => {
    expect(
      statements()
        .flatMap(({ Action }) => Action)
        .filter((action) => action.includes('*')),
    ).toEqual([]);
  });

  it('allows on all resources only what AWS does not narrow', () => {
    const everywhere = statements().filter(({ Effect, Resource }) => Effect === 'Allow' && Resource === '*');
    const services = new Set(
      everywhere.flatMap(({ Action }) => Action).map((action) => action.split(':')[0]),
    );
    expect([...services].sort()).toEqual(['ec2', 'ecr', 'ecs']);
    expect(
      everywhere
        .flatMap(({ Action, Condition }) => (Condition ? [] : Action))
        .filter((a) => a.startsWith('ecs:')),
    ).toEqual([]);
  });

  it('uses no managed policy', () => {
    for (const template of [prod.data, prod.network, prod.app])
      for (const role of Object.values(template.findResources('AWS::IAM::Role')))
        expect(role.Properties).not.toHaveProperty('ManagedPolicyArns');
  });

  it('passes only the roles of the task, and only to ECS', () => {
    const passing = statements().filter(({ Action }) => Action.includes('iam:PassRole'));
    expect(passing.length).toBeGreaterThan(0);
    for (const statement of passing)
      expect(statement.Condition).toEqual({
        StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
      });
  });

  it('launches in the own cluster only', () => {
    const running = allowed('sessions-admit').filter(({ Action }) => Action.includes('ecs:RunTask'));
    expect(running).toHaveLength(1);
    expect(running[0]?.Condition).toMatchObject({ ArnEquals: { 'ecs:cluster': expect.anything() } });
    expect(JSON.stringify(running[0]?.Resource)).toContain(':task-definition/berth-prod-worker:*');
  });

  it('lets S3 answer a worker that its auth state is gone (404) instead of forbidding it (403)', () => {
    // Without s3:ListBucket of the one who signed, S3 hides absence, and the worker takes that for a fault of storage.
    const listing = allowed('worker-api').filter(({ Action }) => Action.includes('s3:ListBucket'));
    expect(listing).toHaveLength(1);
    expect(listing[0]?.Condition, 'a condition on the prefix never holds for GetObject').toBeUndefined();
    expect(JSON.stringify(listing[0]?.Resource)).toMatch(/AuthBucket\w+Arn/);
  });

  it('denies the writing of API keys to every function but those that make them', () => {
    const denied = HANDLERS.filter((handler) => {
      const role = functions().get(handler)?.Role['Fn::GetAtt'][0];
      return statements().some(
        ({ id, Effect, Condition }) =>
          id === role &&
          Effect === 'Deny' &&
          JSON.stringify(Condition) ===
            JSON.stringify({ 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': ['KEYS', 'KEY#*'] } }),
      );
    });
    const writing = HANDLERS.filter((handler) =>
      allowed(handler).some(
        ({ Action, Condition }) =>
          Condition === undefined &&
          ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'].some((a) => Action.includes(a)),
      ),
    );
    expect(writing.filter((handler) => !denied.includes(handler)).sort()).toEqual(['keys', 'keys-bootstrap']);
  });

  it('keeps reading functions from writing, and lets one sign uploads, to its own place in the bucket', () => {
    // Waits are counted in items with their own partitions.
    const onWaits = {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['WAITS#*'] },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    };
    const reading = allowed('sessions-read').filter(
      ({ Condition }) => JSON.stringify(Condition) !== JSON.stringify(onWaits),
    );
    expect(
      reading
        .flatMap(({ Action }) => Action)
        .filter((a) => a.startsWith('dynamodb:'))
        .sort(),
    ).toEqual(['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Query', 'dynamodb:Scan']);
    const uploads = (handler: string) =>
      allowed(handler).filter(({ Action }) => Action.includes('s3:PutObject'));
    expect(HANDLERS.filter((handler) => uploads(handler).length > 0)).toEqual(['engine', 'worker-api']);
    const places = JSON.stringify(uploads('worker-api').map(({ Resource }) => Resource));
    expect([...places.matchAll(/"([^"]*\*)"/g)].map(([, context]) => context).sort()).toEqual([
      '/auth/*',
      '/media/*',
    ]);
    expect(JSON.stringify(uploads('engine').map(({ Resource }) => Resource))).toContain('/builds/*');
  });
});

describe('storage', () => {
  it('keeps the table on demand, with recovery, both indexes and a time to live', () => {
    prod.data.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expireAt', Enabled: true },
        GlobalSecondaryIndexes: [
          Match.objectLike({
            IndexName: 'ofUser',
            KeySchema: [
              { AttributeName: 'listUser', KeyType: 'HASH' },
              { AttributeName: 'listName', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...LIST_PROJECTION] },
          }),
          Match.objectLike({
            IndexName: 'due',
            KeySchema: [
              { AttributeName: 'dueBucket', KeyType: 'HASH' },
              { AttributeName: 'nextDeadlineAt', KeyType: 'RANGE' },
            ],
            Projection: {
              ProjectionType: 'INCLUDE',
              NonKeyAttributes: ['listUser', 'listName', 'expectedEndAt'],
            },
          }),
        ],
        AttributeDefinitions: Match.arrayWith([{ AttributeName: 'nextDeadlineAt', AttributeType: 'N' }]),
      },
    });
  });

  it('expires unused auth states after 30 days, replaced ones after 7, received files and broken uploads after 1', () => {
    prod.data.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        LifecycleConfiguration: {
          Rules: [
            Match.objectLike({ Prefix: 'auth/', ExpirationInDays: 30, Status: 'Enabled' }),
            Match.objectLike({
              Prefix: 'media/',
              ExpirationInDays: 1,
              NoncurrentVersionExpiration: { NoncurrentDays: 1 },
              Status: 'Enabled',
            }),
            Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 7 }, Status: 'Enabled' }),
            Match.objectLike({
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
              Status: 'Enabled',
            }),
          ],
        },
      },
    });
  });

  it('keeps the bucket private, encrypted and on TLS', () => {
    prod.data.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: Match.anyValue(),
    });
    prod.data.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
    const statementsOf = Object.values(prod.data.findResources('AWS::S3::BucketPolicy')).flatMap(
      ({ Properties }) =>
        z.object({ Statement: z.array(z.object({ Effect: z.string() })) }).parse(Properties.PolicyDocument)
          .Statement,
    );
    expect(statementsOf.filter(({ Effect }) => Effect !== 'Deny')).toEqual([]);
  });

  it('keeps events in order, each group with its own throughput, and moves failed ones to the dead-letter queue', () => {
    prod.data.allResourcesProperties('AWS::SQS::Queue', {
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
    });
    prod.data.hasResourceProperties('AWS::SQS::Queue', {
      FifoQueue: true,
      RedrivePolicy: { maxReceiveCount: 1000, deadLetterTargetArn: Match.anyValue() },
    });
    prod.app.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });
});

describe('network and tasks', () => {
  it('has nothing that costs while nothing runs', () => {
    for (const type of [
      'AWS::EC2::NatGateway',
      'AWS::EC2::EIP',
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      'AWS::ECS::Service',
    ])
      for (const template of [prod.network, prod.app]) template.resourceCountIs(type, 0);
  });

  it('admits to a task the command functions on the command port, and nothing else', () => {
    prod.network.resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
    prod.network.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      FromPort: 8080,
      ToPort: 8080,
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^CommandSecurityGroup'), 'GroupId'] },
    });
    for (const { Properties } of Object.values(prod.network.findResources('AWS::EC2::SecurityGroup')))
      expect(Properties).not.toHaveProperty('SecurityGroupIngress');
  });

  it('runs the worker without root, without capabilities, on a read-only file system, with two minutes to end', () => {
    prod.app.hasResourceProperties('AWS::ECS::TaskDefinition', {
      RuntimePlatform: { CpuArchitecture: 'X86_64' },
      ContainerDefinitions: [
        Match.objectLike({
          Name: 'worker',
          HealthCheck: Match.objectLike({ Command: ['CMD', 'node', 'container/health-check.mjs'] }),
          Image: { 'Fn::Sub': Match.stringLikeRegexp('dkr\\.ecr') },
          User: Match.not('0'),
          ReadonlyRootFilesystem: true,
          StopTimeout: 120,
          LinuxParameters: { InitProcessEnabled: true, Capabilities: { Drop: ['ALL'] } },
          LogConfiguration: Match.objectLike({ LogDriver: 'awslogs' }),
        }),
      ],
    });
  });

  it('keeps the revision that the version before launches with, and that a rollback needs', () => {
    prod.app.hasResource('AWS::ECS::TaskDefinition', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { Family: 'berth-prod-worker' },
    });
  });

  it('names no secret in the task', () => {
    const names = Object.values(prod.app.findResources('AWS::ECS::TaskDefinition')).flatMap(
      ({ Properties }) =>
        z
          .array(z.object({ Environment: z.array(z.object({ Name: z.string() })) }))
          .parse(Properties.ContainerDefinitions)
          .flatMap((container) => container.Environment.map(({ Name }) => Name)),
    );
    expect(names.sort()).toEqual([
      'BERTH_COMMAND_PORT',
      'BERTH_WORKER_API_URL',
      'BERTH_WORK_DIR',
      'LOG_LEVEL',
    ]);
  });
});

describe('what runs by itself', () => {
  it('sweeps every minute, and sets aside a sweep that could not start', () => {
    prod.app.resourceCountIs('AWS::Scheduler::Schedule', 3);
    prod.app.allResourcesProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Target: Match.objectLike({
        DeadLetterConfig: { Arn: Match.anyValue() },
        RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 },
      }),
    });
  });

  it('receives an event for every task of its cluster that stopped', () => {
    prod.app.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.ecs'],
        'detail-type': ['ECS Task State Change'],
        detail: {
          lastStatus: ['STOPPED'],
          clusterArn: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('^Cluster'), 'Arn'] }],
        },
      },
    });
  });

  it('starts the sweeps, the listener, the deliverer and the live events, and nothing else', () => {
    const started = [
      'AWS::Scheduler::Schedule',
      'AWS::Events::Rule',
      'AWS::Lambda::EventSourceMapping',
    ].flatMap((type) =>
      Object.values(prod.app.findResources(type)).map(({ Properties }) => JSON.stringify(Properties)),
    );
    const ids = Object.entries(prod.app.findResources('AWS::Lambda::Function')).map(
      ([id, { Properties }]) =>
        [id, functionProperties.parse(Properties).FunctionName.replace(/^berth-prod-/, '')] as const,
    );
    const starters = ids
      .filter(([id]) => started.some((text) => text.includes(`"${id}"`)))
      .map(([, handler]) => handler);
    const byOthers = ['authorizer', 'keys-bootstrap', 'live-connections', 'no-route', 'worker-call'];
    expect(starters.sort()).toEqual(
      BACKGROUND_HANDLERS.filter((handler) => !byOthers.includes(handler)).sort(),
    );
  });
});

describe('observability', () => {
  it('has the alarms and the dashboard, and a mail address only if the environment names one', () => {
    prod.app.resourceCountIs('AWS::CloudWatch::Alarm', 25);
    prod.app.resourceCountIs('AWS::CloudWatch::CompositeAlarm', 2);
    prod.app.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
    prod.app.resourceCountIs('AWS::SNS::Subscription', 0);
  });
});

describe('best practice', () => {
  it('passes AwsSolutions and the validator of the CDK, each exception with its reason', () => {
    const violation = z.object({ ruleName: z.string(), reason: z.string().optional() });
    const report = z
      .object({
        pluginReports: z.array(
          z.object({
            pluginName: z.string(),
            violations: z.array(violation),
            suppressedViolations: z.array(violation).default([]),
          }),
        ),
      })
      .parse(JSON.parse(readFileSync(join(prod.folder, 'validation-report.json'), 'utf8')));
    expect(report.pluginReports.map(({ pluginName }) => pluginName)).toContain('AwsSolutions');
    expect(report.pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
    const reasons = report.pluginReports.flatMap(({ suppressedViolations }) => suppressedViolations);
    expect(reasons.filter(({ reason }) => !reason)).toEqual([]);
  });

  it('protects the stacks of prod from deletion', () => {
    expect(protectionsOf(prod)).toEqual([true, true, true]);
  });
});
