/**
 * An upgrade from the release before to what is here: nothing that holds data, or that running tasks hold, is replaced.
 *
 * `release-before.json` has the templates of prod as of the release before, without what the judgement does not look
 * at. After a release: `node test/infra/keep-release.ts`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { environmentOf } from '../../infra/environments.ts';
import { BUILD_MS, root, type Synthesized, synthesize } from './synthesized.ts';
import { type Release, templateSchema, type UpgradeTemplate, upgradeFaults } from './upgrade.ts';

const before = z
  .record(z.string(), templateSchema)
  .parse(JSON.parse(readFileSync(join(root, 'test', 'infra', 'release-before.json'), 'utf8')));

let prod: Synthesized;
let now: Release;
beforeAll(async () => {
  prod = await synthesize(environmentOf('prod'));
  now = Object.fromEntries(
    Object.entries({ data: prod.data, network: prod.network, app: prod.app }).map(([name, template]) => [
      name,
      templateSchema.parse(template.toJSON()),
    ]),
  );
}, BUILD_MS);
afterAll(() => prod.remove());

/** A copy of a release, with one change. */
const changed = (release: Release, change: (release: Record<string, UpgradeTemplate>) => void): Release => {
  const copy = { ...structuredClone(release) };
  change(copy);
  return copy;
};
const idOf = (release: Release, stack: string, type: string): string => {
  const found = Object.entries(release[stack]?.Resources ?? {}).find(([, { Type }]) => Type === type);
  if (!found) throw new Error(`no ${type} in ${stack}`);
  return found[0];
};

/** As with `oldIndexes` in the operator's file, which keeps an index of the release before. */
const withIndex = (name: string): Release => {
  const indexesOf = ({ data }: Release) =>
    z
      .array(z.looseObject({ IndexName: z.string() }))
      .parse(data?.Resources[idOf(now, 'data', 'AWS::DynamoDB::Table')]?.Properties.GlobalSecondaryIndexes);
  return changed(now, (release) => {
    const table = release.data?.Resources[idOf(now, 'data', 'AWS::DynamoDB::Table')];
    const kept = indexesOf(before).filter(({ IndexName }) => IndexName === name);
    Object.assign(table?.Properties ?? {}, { GlobalSecondaryIndexes: [...indexesOf(now), ...kept] });
  });
};

describe('an upgrade', () => {
  it('replaces and deletes nothing that holds data, and takes no name that is in use', () => {
    expect(upgradeFaults(before, withIndex('byUser'))).toEqual([]);
  });

  it('to another projection of the list of sessions takes two updates: the new index, then the end of the old one', () => {
    expect(upgradeFaults(before, now)).toEqual([
      expect.stringMatching(/2 indexes come or go in one update$/),
    ]);
    expect(upgradeFaults(withIndex('byUser'), now)).toEqual([]);
  });

  it('reports no change if nothing changed', () => {
    expect(upgradeFaults(now, now)).toEqual([]);
  });

  it.each([
    [
      'a table with other keys',
      'data',
      'AWS::DynamoDB::Table',
      { KeySchema: [] },
      /would be replaced, by its KeySchema$/,
    ],
    [
      'a bucket that gets a name',
      'data',
      'AWS::S3::Bucket',
      { BucketName: 'berth' },
      /would be replaced, by its BucketName$/,
    ],
    [
      'a queue that is no FIFO any more',
      'data',
      'AWS::SQS::Queue',
      { FifoQueue: false },
      /by its FifoQueue$/,
    ],
    [
      'a network of other addresses',
      'network',
      'AWS::EC2::VPC',
      { CidrBlock: '10.1.0.0/16' },
      /by its CidrBlock$/,
    ],
    [
      'a cluster of another name',
      'app',
      'AWS::ECS::Cluster',
      { ClusterName: 'other' },
      /by its ClusterName$/,
    ],
    [
      'a table without its indexes',
      'data',
      'AWS::DynamoDB::Table',
      { GlobalSecondaryIndexes: [] },
      /2 indexes come or go/,
    ],
  ])('with %s is found', (_, stack, type, properties, fault) => {
    const next = changed(now, (release) => {
      Object.assign(release[stack]?.Resources[idOf(now, stack, type)]?.Properties ?? {}, properties);
    });
    expect(upgradeFaults(now, next).filter((each) => fault.test(each))).not.toEqual([]);
  });

  it('that changes an index’s projection is found', () => {
    const next = changed(now, (release) => {
      const table = release.data?.Resources[idOf(now, 'data', 'AWS::DynamoDB::Table')];
      const [first, ...others] = z.array(z.looseObject({})).parse(table?.Properties.GlobalSecondaryIndexes);
      const index = { ...first, Projection: { ProjectionType: 'KEYS_ONLY' } };
      Object.assign(table?.Properties ?? {}, { GlobalSecondaryIndexes: [index, ...others] });
    });
    expect(upgradeFaults(now, next)).toEqual([expect.stringMatching(/the index ofUser can't be changed$/)]);
  });

  it('that moves a resource to another logical id is found, by what it deletes and by the name that it takes', () => {
    const next = changed(now, (release) => {
      const id = idOf(now, 'app', 'AWS::Logs::LogGroup');
      const { [id]: moved, ...others } = release.app?.Resources ?? {};
      if (!moved || !release.app) throw new Error(`no ${id}`);
      release.app = { ...release.app, Resources: { ...others, Other: moved } };
    });
    expect(upgradeFaults(now, next)).toEqual([
      expect.stringMatching(/would be deleted$/),
      expect.stringMatching(/^Other .* would take the name that \w+ still has$/),
    ]);
  });

  it('that takes an export away which the stack before imports is found', () => {
    const next = changed(now, (release) => {
      if (release.data) release.data = { ...release.data, Outputs: {} };
    });
    expect(upgradeFaults(now, next)).toContainEqual(expect.stringMatching(/and app still imports it$/));
  });
});
