import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkEnvironment, ENVIRONMENT_NAMES, environmentOf, lockedOf } from '../../infra/environments.ts';
import { BUILD_MS, root, synthesize } from './synthesized.ts';

const run = promisify(execFile);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-environments-'));
}, BUILD_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As the CDK command line runs it. */
const synth = (context: Record<string, unknown>, outdir: string) =>
  run(process.execPath, ['infra/app.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context) },
  });

describe('environments', () => {
  it('stops without an environment, naming the choices', () => {
    expect(() => environmentOf(undefined)).toThrow('Name an environment: -c env=<local|dev|staging|prod>.');
  });

  it.each(['production', '', 'toString', '__proto__', 7])('stops at the unknown environment %j', (name) => {
    expect(() => environmentOf(name)).toThrow(
      `Unknown environment ${JSON.stringify(name)}: expected one of local, dev, staging, prod.`,
    );
  });

  it('names the setting that is bad', () => {
    expect(() => environmentOf('dev', { settings: '{"globalLimit":-1}' })).toThrow(
      /^Bad value for settings\.globalLimit: /,
    );
    expect(() => environmentOf('dev', { settings: '{"globalLimt":1}' })).toThrow(/globalLimt/);
    expect(() => environmentOf('dev', { settings: 'globalLimit=1' })).toThrow(
      'The context value "settings" must be a JSON object.',
    );
  });

  it('takes single settings from the command line and keeps the others', () => {
    const { settings } = environmentOf('local', { settings: '{"globalLimit":3}' });
    expect(settings).toMatchObject({ globalLimit: 3, allowLoopbackWebhooks: true, environment: 'local' });
  });

  it('is locked if the context says so, and by nothing else', () => {
    expect(environmentOf('prod').locked).toBe(false);
    expect([true, 'true', false, 'false', undefined].map((given) => lockedOf(given, true))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(() => lockedOf('yes', false)).toThrow('The context value "locked" must be true or false.');
  });

  it('checks throttles, reservations and the limit on sessions against each other', () => {
    const prod = environmentOf('prod');
    const refused = (changes: object) => () => checkEnvironment({ ...prod, ...changes });
    const { concurrency, api, settings } = prod;
    expect(refused({ concurrency: { ...concurrency, account: 600 } })).toThrow(
      'Bad value for concurrency.reserved: reserves 502 of the 600 executions in concurrency.account, and Lambda demands that 100 stay unreserved',
    );
    expect(refused({ concurrency: { ...concurrency, account: 602, deliveries: 50 } })).not.toThrow();
    expect(refused({ concurrency: { ...concurrency, account: 602 } })).toThrow(
      'Bad value for concurrency.deliveries: must not be above 50',
    );
    expect(refused({ concurrency: { ...concurrency, live: 125 } })).toThrow(
      'Bad value for concurrency.live: must not be above 124',
    );
    const small = { account: 10, reserved: false, live: 2 };
    expect(refused({ concurrency: { ...small, deliveries: 6 } })).toThrow('must not be above 5');
    expect(refused({ concurrency: { ...small, deliveries: 5 } })).not.toThrow();
    expect(refused({ api: { ...api, burstLimit: 201 } })).toThrow(
      'Bad value for concurrency.reserved.authorizer: must not be below api.burstLimit (201)',
    );
    expect(refused({ api: { ...api, workers: { rateLimit: 500, burstLimit: 301 } } })).toThrow(
      'Bad value for concurrency.reserved.worker-api: must not be below api.workers.burstLimit (301)',
    );
    expect(refused({ api: { ...api, workers: { rateLimit: 1, burstLimit: 300 } } })).toThrow(
      'Bad value for api.workers.rateLimit: must not be below 2, what 50 sessions with a heartbeat every 60 s ask for',
    );
    expect(refused({ settings: { ...settings, globalLimit: 15_001 } })).toThrow(/api\.workers\.rateLimit/);
  });

  it('reserves in no account that has nothing to reserve: dev fits a new one', () => {
    expect(environmentOf('dev').concurrency).toEqual({
      account: 10,
      reserved: false,
      deliveries: 2,
      live: 2,
    });
  });

  it('refuses a task size that Fargate does not have', () => {
    const dev = environmentOf('dev');
    expect(() => checkEnvironment({ ...dev, task: { ...dev.task, cpu: 512, memoryMiB: 8192 } })).toThrow(
      'Bad value for task.memoryMiB: Fargate has no task of 512 CPU units with 8192 MiB',
    );
    const sizes = { ...dev.task.sizes, large: { cpu: 4096, memoryMiB: 8192 } };
    expect(() => checkEnvironment({ ...dev, task: { ...dev.task, sizes } })).toThrow(
      'Bad value for task.sizes.large: Fargate has no task of 4096 CPU units here',
    );
  });

  it('refuses times that would end sessions for one lost heartbeat, or stop tasks still being admitted', () => {
    expect(() => environmentOf('dev', { settings: { heartbeatSeconds: 60 } })).toThrow(
      /heartbeatTimeoutSeconds/,
    );
    expect(() =>
      environmentOf('dev', { settings: { heartbeatSeconds: 121, heartbeatTimeoutSeconds: 300 } }),
    ).toThrow(/heartbeatSeconds/);
    expect(() => environmentOf('dev', { settings: { orphanGraceSeconds: 5 } })).toThrow(/orphanGraceSeconds/);
  });

  it('refuses more standby tasks than are allowed, and more than sessions can run', () => {
    const standby = (plan: object) => () => environmentOf('dev', { settings: { standby: plan } });
    expect(standby({ target: 1, hours: [{ from: 7, to: 19, target: 4 }], max: 3 })).toThrow(
      /settings\.standby\.target: 4 standby tasks are more than max, which is 3/,
    );
    expect(standby({ target: 11, max: 20 })).toThrow(
      /settings\.standby\.target: must not be above settings\.globalLimit, 10/,
    );
  });

  it('sweeps at least every five minutes', () => {
    expect(() => checkEnvironment({ ...environmentOf('prod'), sweepMinutes: 6 })).toThrow(/sweepMinutes/);
  });

  it('refuses alarms in the wrong order, and a mail address, a certificate or a tag that is none', () => {
    const dev = environmentOf('dev');
    const { alarms } = dev;
    const bad: [string, object][] = [
      ['alarms.criticalPercent', { alarms: { ...alarms, criticalPercent: 80 } }],
      ['alarms.email', { alarms: { ...alarms, email: 'ops' } }],
      ['domain.certificateArn', { domain: { name: 'api.example.com', certificateArn: 'arn:aws:iam::1:x' } }],
      ['tags.team', { tags: { team: 7 } }],
    ];
    for (const [path, change] of bad)
      expect(() => checkEnvironment({ ...dev, ...change })).toThrow(`Bad value for ${path}: `);
  });

  it('delivers to loopback addresses in local mode only, and keeps data in prod', () => {
    const environments = ENVIRONMENT_NAMES.map((name) => environmentOf(name));
    expect(environments.filter((e) => e.settings.allowLoopbackWebhooks).map((e) => e.name)).toEqual([
      'local',
    ]);
    expect(environments.filter((e) => e.protected).map((e) => e.name)).toEqual(['prod']);
    expect(environments.every((e) => e.settings.environment === e.name)).toBe(true);
  });
});

describe('synth', () => {
  it('ends with one sentence and no stack trace at an unknown environment', async () => {
    const failure = await synth({ env: 'qa' }, join(folder, 'qa')).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'Unknown environment "qa": expected one of local, dev, staging, prod.\n',
    });
  });

  it('names the required Node if this one cannot run TypeScript, instead of failing at the file', async () => {
    const { app } = JSON.parse(await readFile(join(root, 'cdk.json'), 'utf8'));
    expect(app).toBe('node infra/run.mjs app.ts');
    // As Node 20 is, which macOS and ARM machines may have.
    const failure = await run(
      process.execPath,
      ['--no-experimental-strip-types', 'infra/run.mjs', 'app.ts'],
      {
        cwd: root,
      },
    ).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^Node \S+ can't run TypeScript\. Install Node 22\.18 or newer/),
    });
  });

  it.each(ENVIRONMENT_NAMES)(
    'makes %s without asking AWS, with no finding of AwsSolutions or of the validator',
    async (env) => {
      // Throws at a finding.
      const { folder: assembly, remove } = await synthesize(environmentOf(env));
      const templates = readdirSync(assembly).filter((file) => file.endsWith('.template.json'));
      remove();
      expect(templates).toEqual(
        ['app', 'data', 'network'].map((stack) => `berth-${env}-${stack}.template.json`),
      );
    },
    BUILD_MS,
  );
});
