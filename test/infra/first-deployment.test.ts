/** The order of a first deployment of the templates of prod, before any lock: judged as CloudFormation would. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ROUTES_AT_ONCE } from '../../infra/constructs/pace-routes.ts';
import { environmentOf } from '../../infra/environments.ts';
import { BUILD_MS, protectionsOf, type Synthesized, synthesize } from './synthesized.ts';

let prod: Synthesized;
beforeAll(async () => {
  prod = await synthesize(environmentOf('prod'));
}, BUILD_MS);
afterAll(() => prod.remove());

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DeletionPolicy: z.string().optional(),
  DependsOn: z.union([z.string(), z.array(z.string())]).default([]),
});
const resources = () =>
  [prod.data, prod.network, prod.app].flatMap((template) =>
    Object.entries(
      z.object({ Resources: z.record(z.string(), resourceSchema) }).parse(template.toJSON()).Resources,
    ).map(([id, resource]) => ({ id, ...resource })),
  );

/** The property by which a resource of this type takes a name that only one can have in an account and region. */
const NAME_PROPERTY: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::CompositeAlarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::ECS::Cluster': 'ClusterName',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Scheduler::Schedule': 'Name',
  'AWS::Scheduler::ScheduleGroup': 'Name',
};

let all: Map<string, ReturnType<typeof resources>[number]> | undefined;

/** All resources that this one waits for, directly or through others of its stack. */
const awaited = (id: string): Set<string> => {
  all ??= new Map(resources().map((resource) => [resource.id, resource]));
  const found = new Set<string>();
  const visit = (current: string): void => {
    const resource = all?.get(current);
    if (!resource || found.has(current)) return;
    found.add(current);
    const text = JSON.stringify(resource.Properties);
    const named = [...text.matchAll(/"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/g)].flatMap(([, name]) => name ?? []);
    for (const next of [...[resource.DependsOn].flat(), ...named]) visit(next);
  };
  visit(id);
  found.delete(id);
  return found;
};

const idsOf = (type: string) => resources().flatMap((each) => (each.Type === type ? [each.id] : []));

describe('a first deployment that fails', () => {
  it('leaves no resource with a fixed name behind', () => {
    const named = resources().filter(
      ({ Type, Properties }) => Properties[NAME_PROPERTY[Type] ?? ''] !== undefined,
    );
    expect(named.length).toBeGreaterThan(50);
    const kept = named.filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain');
    expect(kept.map(({ id }) => id)).toEqual([]);
  });

  it('keeps what holds data or logs once it was created, in every later operation', () => {
    const types = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup'];
    const byStack = new Set(['BackgroundDeadLetters', 'Refused']);
    const holding = resources().filter(
      ({ Type, id }) => types.includes(Type) && ![...byStack].some((prefix) => id.startsWith(prefix)),
    );
    expect(holding.map(({ id, DeletionPolicy }) => [id, DeletionPolicy])).toEqual(
      holding.map(({ id }) => [id, 'RetainExceptOnCreate']),
    );
  });

  it('can be deleted and tried again: neither stack nor table refuses before the environment is locked', () => {
    expect(protectionsOf(prod)).toEqual([false, false, false]);
    prod.data.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
  });
});

describe('the order of creation', () => {
  it('associates the capacity providers only after the slow resources: ECS’s service-linked role exists by then', () => {
    const [association = ''] = idsOf('AWS::ECS::ClusterCapacityProviderAssociations');
    const before = awaited(association);
    for (const type of ['AWS::Lambda::EventSourceMapping', 'AWS::Scheduler::Schedule'])
      for (const id of idsOf(type)) expect([...before], id).toContain(id);
    const functions = idsOf('AWS::Lambda::Function').filter((id) => before.has(id));
    expect(functions.length).toBeGreaterThanOrEqual(3);
  });

  it('creates few routes at a time, since API Gateway throttles changes', () => {
    const routes = idsOf('AWS::ApiGatewayV2::Route');
    const before = new Map(
      routes.map((id) => [id, [...awaited(id)].filter((each) => routes.includes(each)).length]),
    );
    expect(routes.length).toBeGreaterThan(50);
    // As many chains as may run side by side: routes that wait for the same number of others.
    for (const count of new Set(before.values()))
      expect([...before.values()].filter((each) => each === count).length).toBeLessThanOrEqual(
        ROUTES_AT_ONCE,
      );
  });

  it('creates a schedule after the group that it names', () => {
    const [group = ''] = idsOf('AWS::Scheduler::ScheduleGroup');
    for (const schedule of idsOf('AWS::Scheduler::Schedule')) expect([...awaited(schedule)]).toContain(group);
  });
});
