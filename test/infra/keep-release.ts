/**
 * Keeps today's templates of prod as those of the release before (release-before.json), for upgrade.test.ts. To be run
 * when a release is made: `node test/infra/keep-release.ts [folder of a cloud assembly]`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf } from '../../infra/environments.ts';
import { root, synthesize } from './synthesized.ts';
import { templateSchema } from './upgrade.ts';

/** Long, and no part of the judgement. */
const LEFT_OUT = [
  'Code',
  'ContainerDefinitions',
  'DashboardBody',
  'Description',
  'Environment',
  'PolicyDocument',
  'Policies',
  'AssumeRolePolicyDocument',
  'Tags',
];

const [given] = process.argv.slice(2);
const made = given === undefined ? await synthesize(environmentOf('prod')) : undefined;
const release = Object.fromEntries(
  ['data', 'network', 'app'].map((stack) => {
    const path = join(given ?? made?.folder ?? '', `berth-prod-${stack}.template.json`);
    const { Resources, Outputs } = templateSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    const imports = JSON.stringify(Resources).matchAll(/\{"Fn::ImportValue":"[^"]+"\}/g);
    const kept = Object.entries(Resources).map(([id, { Type, Properties }]) => [
      id,
      {
        Type,
        Properties: Object.fromEntries(
          Object.entries(Properties).filter(([name]) => !LEFT_OUT.includes(name)),
        ),
      },
    ]);
    // The templates' imports, in one place: the judgment needs them.
    const all = [...new Set([...imports].map(([text]) => text))].sort().map((text) => JSON.parse(text));
    const noted = { Type: 'imports', Properties: { all } };
    const outputs = Object.entries(Outputs).filter(([, { Export }]) => Export !== undefined);
    return [
      stack,
      {
        Resources: { ...Object.fromEntries(kept), ...(all.length > 0 && { imports: noted }) },
        Outputs: Object.fromEntries(outputs.map(([id, { Export }]) => [id, { Export }])),
      },
    ];
  }),
);
writeFileSync(join(root, 'test', 'infra', 'release-before.json'), `${JSON.stringify(release, null, 1)}\n`);
made?.remove();
