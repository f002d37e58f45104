/** What `cdk destroy` meets in an unprotected environment: it has to leave nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentOf } from '../../infra/environments.ts';
import { BUILD_MS, type Synthesized, synthesize } from './synthesized.ts';

let dev: Synthesized;
beforeAll(async () => {
  dev = await synthesize(environmentOf('dev'));
}, BUILD_MS);
afterAll(() => dev.remove());

describe('an environment that is not protected', () => {
  it('keeps no resource when its stacks are deleted', () => {
    const kept = [dev.data, dev.network, dev.app].flatMap((template) =>
      Object.entries(template.toJSON().Resources as Record<string, { DeletionPolicy?: string }>).filter(
        ([, { DeletionPolicy }]) => (DeletionPolicy ?? 'Delete') !== 'Delete',
      ),
    );
    expect(kept.map(([id]) => id)).toEqual([]);
  });

  it('empties its bucket before it is deleted, and the function that does so leaves no log', () => {
    dev.data.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
    const [emptier] = Object.values(dev.data.findResources('AWS::Lambda::Function'));
    const group = emptier?.Properties.LoggingConfig.LogGroup.Ref;
    expect(Object.keys(dev.data.findResources('AWS::Logs::LogGroup'))).toContain(group);
    for (const role of Object.values(dev.data.findResources('AWS::IAM::Role')))
      expect(role.Properties).not.toHaveProperty('ManagedPolicyArns');
  });

  it('keeps the revision that is replaced by an upgrade all the same', () => {
    dev.app.hasResource('AWS::ECS::TaskDefinition', {
      UpdateReplacePolicy: 'Retain',
      DeletionPolicy: 'Delete',
    });
  });
});
