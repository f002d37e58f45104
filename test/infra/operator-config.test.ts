/** The operator's own file: what it may say, how it is found, and that an upgrade of the source can't touch it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, describe, expect, it } from 'vitest';
import { addPlaceholder, createApp } from '../../infra/berth.ts';
import { checkAccount, environmentOf } from '../../infra/environments.ts';
import { CONFIG_FILES, loadOperatorConfig } from '../../infra/operator-config.ts';
import { NetworkStack } from '../../infra/stacks/network.ts';
import { root } from './synthesized.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const write = (text: string, ending = 'json'): string => {
  const path = join(folder, `${++files}.${ending}`);
  writeFileSync(path, text);
  return path;
};
const load = (environments: object) => loadOperatorConfig(folder, write(JSON.stringify({ environments })));
const environment = async (environments: object, name = 'prod') =>
  environmentOf(name, { config: await load(environments) });

describe('the operator’s file', () => {
  it('changes single values of a preset and keeps the others', async () => {
    const prod = await environment({
      prod: {
        account: '123456789012',
        region: 'eu-central-1',
        settings: { globalLimit: 200 },
        task: { architecture: 'ARM64' },
        api: { cors: { origins: ['https://app.example.com'] } },
        tags: { team: 'chat' },
      },
    });
    const preset = environmentOf('prod');
    expect(prod).toEqual({
      ...preset,
      account: '123456789012',
      region: 'eu-central-1',
      settings: { ...preset.settings, globalLimit: 200 },
      task: { ...preset.task, architecture: 'ARM64' },
      api: { ...preset.api, cors: { origins: ['https://app.example.com'] } },
      tags: { team: 'chat' },
    });
  });

  it('adds environments that extend a preset, under their own names', async () => {
    const environments = { 'prod-us': { extends: 'prod', region: 'us-east-1' } };
    expect(await environment(environments, 'prod-us')).toMatchObject({
      name: 'prod-us',
      region: 'us-east-1',
      protected: true,
      settings: { environment: 'prod-us' },
    });
    await expect(environment({ qa: {} }, 'qa')).rejects.toThrow(
      /environments\.qa must say which preset it extends: local, dev, staging, prod\.$/,
    );
    await expect(environment(environments, 'prod-eu')).rejects.toThrow(
      'Unknown environment "prod-eu": expected one of local, dev, staging, prod, prod-us.',
    );
  });

  it('may be a module of TypeScript', async () => {
    const text = `const region: string = 'eu-west-1';\nexport default { environments: { dev: { region } } };\n`;
    const config = await loadOperatorConfig(folder, write(text, 'ts'));
    expect(environmentOf('dev', { config }).region).toBe('eu-west-1');
  });

  it('is found beside cdk.json; a named one is relative to that folder', async () => {
    expect((await loadOperatorConfig(folder)).environments).toEqual({});
    const path = join(folder, 'berth.config.json');
    writeFileSync(path, '{"environments":{"dev":{"region":"eu-west-1"}}}');
    expect((await loadOperatorConfig(folder)).path).toBe(path);
    expect((await loadOperatorConfig(folder, 'berth.config.json')).path).toBe(path);
  });

  it('is ignored by git under every name that is looked for, so that an upgrade of the source can’t touch it', () => {
    const patterns = readFileSync(join(root, '.gitignore'), 'utf8').split('\n');
    expect(patterns).toContain('berth.config.*');
    expect(patterns.filter((pattern) => /^!.*berth\.config/.test(pattern))).toEqual([]);
    expect(CONFIG_FILES.every((name) => /^berth\.config\.\w+$/.test(name))).toBe(true);
  });

  it.each([
    ['no JSON', '{"environments":', /can't be read: /],
    ['no environments', '{}', /^\S+: Bad value for environments: /],
    ['a key of no meaning', '{"environments":{},"regoin":"x"}', /: Unknown key regoin\.$/],
    ['a bad name', '{"environments":{"Prod":{}}}', /environments\.Prod: .*/],
    ['an environment that is no object', '{"environments":{"prod":7}}', /environments\.prod: /],
    ['local', '{"environments":{"local":{}}}', /environments\.local is what npm start runs/],
  ])('says what is wrong with %s', async (_case, text, message) => {
    await expect(loadOperatorConfig(folder, write(text))).rejects.toThrow(message);
  });

  it.each([
    [{ account: 123456789012 }, 'Bad value for account: '],
    [{ account: '1234' }, 'Bad value for account: must be the 12 digits'],
    [{ region: 'Frankfurt' }, 'Bad value for region: must be a region of AWS'],
    [{ regoin: 'eu-central-1' }, 'Unknown key regoin.'],
    [{ task: { memory: 1 } }, 'Unknown key task.memory.'],
    [{ task: { memoryMiB: 1000 } }, 'Bad value for task.memoryMiB: Fargate has no task'],
    [{ network: { cidr: '10.0.0.0/8' } }, 'Bad value for network.cidr: must be an IPv4 block of /16 to /22'],
    [{ network: { cidr: '10.42.1.0/16' } }, 'Bad value for network.cidr: is not the first address'],
    [{ network: { cidr: '10.0.0.0/22' } }, 'Bad value for settings.globalLimit: must not be above 118'],
    [{ network: { zones: 0 } }, 'Bad value for network.zones: '],
    [
      { region: 'eu-central-1', network: { zones: ['us-east-1a'] } },
      'Bad value for network.zones: us-east-1a is no zone of the region eu-central-1',
    ],
    [
      {
        network: {
          zones: 3,
          vpc: { id: 'vpc-01234567', taskSubnets: ['subnet-0123456a'], commandSubnets: ['subnet-0123456b'] },
        },
      },
      'Bad value for network.zones: is of the VPC that Berth makes',
    ],
    [
      { api: { cors: { origins: ['app.example.com'] } } },
      'Bad value for api.cors.origins.0: must be an origin',
    ],
    [
      {
        region: 'eu-central-1',
        domain: {
          name: 'api.example.com',
          certificateArn: `arn:aws:acm:us-east-1:123456789012:certificate/a`,
        },
      },
      'Bad value for domain.certificateArn: is of the region us-east-1',
    ],
  ])('names the file, the environment and the value that is bad: %j', async (values, message) => {
    const settings = { globalLimit: 200 };
    await expect(environment({ prod: { settings, ...values } })).rejects.toThrow(
      `, environments.prod: ${message}`,
    );
  });

  it('says that a named file is not there, or is no such file', async () => {
    await expect(loadOperatorConfig(folder, 'none.json')).rejects.toThrow(
      `There is no config file ${folder}/none.json.`,
    );
    await expect(loadOperatorConfig(folder, write('', 'yaml'))).rejects.toThrow(
      'ends with .json, .ts or .mjs',
    );
    await expect(loadOperatorConfig(folder, '')).rejects.toThrow('must be the path of a file');
  });
});

describe('the account', () => {
  it('refuses credentials of another one, and says whose they are', async () => {
    const prod = await environment({ prod: { account: '111111111111' } });
    expect(() => checkAccount(prod, '222222222222')).toThrow(
      'prod belongs to the AWS account 111111111111, and the credentials are of 222222222222. Nothing was changed.',
    );
    checkAccount(prod, '111111111111');
    checkAccount(prod, undefined);
    checkAccount(environmentOf('prod'), '222222222222');
  });
});

describe('the architecture', () => {
  it('is this machine’s in dev, and what the command line says', () => {
    expect(environmentOf('dev').task.architecture).toBe(process.arch === 'arm64' ? 'ARM64' : 'X86_64');
    for (const [arch, expected] of [
      ['arm64', 'ARM64'],
      ['ARM64', 'ARM64'],
      ['x86_64', 'X86_64'],
      ['amd64', 'X86_64'],
    ] as const)
      expect(environmentOf('prod', { arch }).task).toMatchObject({ architecture: expected, cpu: 256 });
    expect(() => environmentOf('prod', { arch: 'mips' })).toThrow(
      'Unknown architecture "mips": expected ARM64 or X86_64.',
    );
  });
});

describe('the network', () => {
  const network = async (values: object): Promise<Template> => {
    const stack = new NetworkStack(createApp(folder), 'Network', {
      environment: await environment({ prod: values }),
      env: { account: '123456789012', region: 'eu-central-1' },
    });
    return Template.fromStack(stack);
  };
  const zonesOf = (template: Template) => [
    ...new Set(
      Object.values(template.findResources('AWS::EC2::Subnet')).map(({ Properties }) =>
        JSON.stringify(Properties.AvailabilityZone),
      ),
    ),
  ];

  it('has the configured block and number of zones, without asking AWS which there are', async () => {
    const template = await network({ network: { cidr: '172.20.0.0/18', zones: 3 } });
    template.hasResourceProperties('AWS::EC2::VPC', { CidrBlock: '172.20.0.0/18' });
    template.resourceCountIs('AWS::EC2::Subnet', 6);
    const blocks = Object.values(template.findResources('AWS::EC2::Subnet')).map(
      ({ Properties }) => Properties.CidrBlock.split('/')[1],
    );
    expect(blocks.sort()).toEqual(['22', '22', '22', '24', '24', '24']);
    expect(zonesOf(template)).toHaveLength(3);
    expect(zonesOf(template)[0]).toContain('Fn::GetAZs');
  });

  it('has the zones that are named', async () => {
    const zones = ['eu-central-1a', 'eu-central-1c'];
    expect(zonesOf(await network({ network: { zones } }))).toEqual(zones.map((zone) => JSON.stringify(zone)));
  });

  it('makes nothing but security groups in a VPC that is there', async () => {
    const vpc = {
      id: 'vpc-01234567',
      taskSubnets: ['subnet-0123456a', 'subnet-0123456b', 'subnet-0123456c'],
      commandSubnets: ['subnet-0123456d'],
    };
    const template = await network({ network: { vpc } });
    const types = Object.values(template.toJSON().Resources).map(
      (resource) => (resource as { Type: string }).Type,
    );
    expect(new Set(types)).toEqual(
      new Set(['AWS::EC2::SecurityGroup', 'AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress']),
    );
    template.allResourcesProperties('AWS::EC2::SecurityGroup', { VpcId: 'vpc-01234567' });
  });
});

describe('without an environment', () => {
  it('there is one stack, which nothing can deploy: bootstrapping needs an app with a stack', () => {
    const app = createApp(join(folder, 'placeholder'));
    addPlaceholder(app, ['dev', 'prod']);
    const { stacks } = app.synth();
    expect(stacks.map(({ stackName }) => stackName)).toEqual(['berth']);
    expect(stacks[0]?.messages).toMatchObject([
      { level: 'error', entry: { data: 'Name an environment: -c env=<dev|prod>.' } },
    ]);
  });
});
