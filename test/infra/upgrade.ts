/**
 * CloudFormation's actions on the resources of one release's templates when it is given the next release's: which of
 * them it would replace or delete, and at which it would stop. Judged from the templates alone.
 */
import * as z from 'zod';

const resourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
export const templateSchema = z.object({
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), z.object({ Export: z.object({ Name: z.unknown() }).optional() })).default({}),
});
export type UpgradeTemplate = z.infer<typeof templateSchema>;
/** The templates of a release, by stack. */
export type Release = Readonly<Record<string, UpgradeTemplate>>;

/**
 * By type, the properties whose change makes CloudFormation create a new resource and delete the old one ("Update
 * requires: Replacement" in its resource reference), as far as Berth sets them. The first one of `name` is the name
 * that only one resource of an account and region can have.
 */
const RULES: Readonly<
  Record<string, { readonly stateful?: true; readonly name?: string; readonly replacing?: readonly string[] }>
> = {
  'AWS::DynamoDB::Table': {
    stateful: true,
    name: 'TableName',
    replacing: ['KeySchema', 'LocalSecondaryIndexes'],
  },
  'AWS::S3::Bucket': { stateful: true, name: 'BucketName' },
  'AWS::SQS::Queue': { stateful: true, name: 'QueueName', replacing: ['FifoQueue'] },
  'AWS::SNS::Topic': { stateful: true, name: 'TopicName', replacing: ['FifoTopic'] },
  'AWS::KMS::Key': { stateful: true, replacing: ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'] },
  'AWS::Logs::LogGroup': { stateful: true, name: 'LogGroupName', replacing: ['LogGroupClass'] },
  // Running tasks and functions hold these by their ids: replaced, they can't be deleted, or the tasks lose them.
  'AWS::EC2::VPC': { stateful: true, replacing: ['CidrBlock'] },
  'AWS::EC2::Subnet': { stateful: true, replacing: ['VpcId', 'CidrBlock', 'AvailabilityZone'] },
  'AWS::EC2::SecurityGroup': { stateful: true, name: 'GroupName', replacing: ['VpcId', 'GroupDescription'] },
  'AWS::ECS::Cluster': { stateful: true, name: 'ClusterName' },
  'AWS::ECS::ClusterCapacityProviderAssociations': { stateful: true, replacing: ['Cluster'] },
  // Its address is in the tasks that run and with the callers.
  'AWS::ApiGatewayV2::Api': { stateful: true, replacing: ['ProtocolType'] },
  'AWS::Lambda::Function': { name: 'FunctionName', replacing: ['PackageType'] },
  'AWS::Scheduler::ScheduleGroup': { name: 'Name' },
  'AWS::Scheduler::Schedule': { name: 'Name' },
  'AWS::CloudWatch::Alarm': { name: 'AlarmName' },
  'AWS::CloudWatch::CompositeAlarm': { name: 'AlarmName' },
  'AWS::CloudWatch::Dashboard': { name: 'DashboardName' },
  'AWS::Events::Rule': { name: 'Name' },
  'AWS::IAM::Role': { name: 'RoleName' },
};

/** Types that share one space of names. */
const SPACE: Readonly<Record<string, string>> = {
  'AWS::CloudWatch::CompositeAlarm': 'AWS::CloudWatch::Alarm',
};

type Found = {
  readonly stack: string;
  readonly id: string;
  readonly type: string;
  readonly properties: Record<string, unknown>;
};

const resourcesOf = (release: Release): Found[] =>
  Object.entries(release).flatMap(([stack, { Resources }]) =>
    Object.entries(Resources).map(([id, { Type, Properties }]) => ({
      stack,
      id,
      type: Type,
      properties: Properties,
    })),
  );

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const nameOf = ({ type, properties }: Found): string | undefined => {
  const name = properties[RULES[type]?.name ?? ''];
  return name === undefined ? undefined : `${SPACE[type] ?? type} ${JSON.stringify(name)}`;
};

const replacedBy = (before: Found, after: Found): string[] => {
  const { name, replacing = [] } = RULES[before.type] ?? {};
  return [...(name === undefined ? [] : [name]), ...replacing].filter(
    (property) => !same(before.properties[property], after.properties[property]),
  );
};

const indexesSchema = z
  .array(z.looseObject({ IndexName: z.string(), KeySchema: z.unknown(), Projection: z.unknown() }))
  .default([]);

/** DynamoDB changes an index only by deleting it and making another, and takes one such change at a time. */
const indexFaults = (before: Found, after: Found): string[] => {
  if (before.type !== 'AWS::DynamoDB::Table') return [];
  const [old, now] = [before, after].map(({ properties }) =>
    indexesSchema.parse(properties.GlobalSecondaryIndexes),
  );
  const named = (indexes = old) => new Map(indexes?.map((index) => [index.IndexName, index]));
  const changed = [...named(old)].filter(([name, { KeySchema, Projection }]) => {
    const next = named(now).get(name);
    return next !== undefined && !(same(next.KeySchema, KeySchema) && same(next.Projection, Projection));
  });
  const moved = [
    ...[...named(old).keys()].filter((name) => !named(now).has(name)),
    ...[...named(now).keys()].filter((name) => !named(old).has(name)),
  ];
  return [
    ...changed.map(([name]) => `${before.id}: the index ${name} can't be changed`),
    ...(moved.length > 1 ? [`${before.id}: ${moved.length} indexes come or go in one update`] : []),
  ];
};

const importsOf = ({ Resources }: UpgradeTemplate): string[] => [
  ...new Set(
    [...JSON.stringify(Resources).matchAll(/"Fn::ImportValue":"([^"]+)"/g)].flatMap(([, name]) => name ?? []),
  ),
];

const exportsOf = ({ Outputs }: UpgradeTemplate): string[] =>
  Object.values(Outputs).flatMap(({ Export }) => (typeof Export?.Name === 'string' ? [Export.Name] : []));

/** The problems of an upgrade from one release to the next; empty if there are none. */
export const upgradeFaults = (before: Release, after: Release): string[] => {
  const next = new Map(resourcesOf(after).map((resource) => [`${resource.stack} ${resource.id}`, resource]));
  const faults: string[] = [];
  const kept = new Set<string>();
  for (const old of resourcesOf(before)) {
    const now = next.get(`${old.stack} ${old.id}`);
    const { stateful } = RULES[old.type] ?? {};
    if (now === undefined || now.type !== old.type) {
      if (stateful) faults.push(`${old.id} (${old.type}) would be deleted`);
      continue;
    }
    kept.add(`${now.stack} ${now.id}`);
    const properties = replacedBy(old, now);
    if (properties.length > 0 && stateful)
      faults.push(`${old.id} (${old.type}) would be replaced, by its ${properties.join(', ')}`);
    else if (properties.length > 0 && nameOf(old) !== undefined && nameOf(old) === nameOf(now))
      faults.push(`${old.id} (${old.type}) would be replaced under a name that it has itself`);
    faults.push(...indexFaults(old, now));
  }
  // A new resource is created before any old one is deleted.
  const taken = new Map(resourcesOf(before).flatMap((old) => (nameOf(old) ? [[nameOf(old), old.id]] : [])));
  for (const resource of resourcesOf(after)) {
    const owner = nameOf(resource) === undefined ? undefined : taken.get(nameOf(resource));
    if (owner !== undefined && !kept.has(`${resource.stack} ${resource.id}`))
      faults.push(`${resource.id} (${resource.type}) would take the name that ${owner} still has`);
  }
  // Stacks are updated one after the other: what the old version of one imports must not go from another before.
  const exported = new Set(Object.values(after).flatMap(exportsOf));
  for (const [stack, template] of Object.entries(before))
    for (const name of importsOf(template))
      if (!exported.has(name))
        faults.push(`${name} would be no export any more, and ${stack} still imports it`);
  return faults;
};
