/**
 * Runs preflight against moto, an imitation of AWS: its protocols and errors in place of mocks. Needs moto_server in
 * PATH (pip install 'moto[server]'). Bound to loopback; nothing is kept.
 *
 *   npm run preflight:moto
 *
 * In an empty account the bootstrap and the service-linked role are missing; once they are made, they are not. The
 * parts that moto does not imitate (Fargate's quotas, Lambda's account settings) must come out as unknown, with a
 * reason.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ACMClient, DescribeCertificateCommand, RequestCertificateCommand } from '@aws-sdk/client-acm';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';

const ROOT = join(import.meta.dirname, '..');
const REGION = 'eu-central-1';
const START_MS = 60_000;

const reportSchema = z.object({
  verdict: z.string(),
  account: z.string(),
  findings: z.array(z.object({ id: z.string(), status: z.string(), message: z.string() })),
});
type Report = z.infer<typeof reportSchema>;

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const port = await freePort();
const endpoint = `http://127.0.0.1:${port}`;
const moto = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
  stdio: 'ignore',
  // A certificate is issued a second after it was requested.
  env: { ...process.env, MOTO_ACM_VALIDATION_WAIT: '1' },
});
moto.on('error', () => {
  console.error("preflight:moto: there is no moto_server; pip install 'moto[server]'");
  process.exit(2);
});

const started = async (): Promise<void> => {
  const until = performance.now() + START_MS;
  while (performance.now() < until) {
    if (moto.exitCode !== null) throw new Error(`moto_server ended with ${moto.exitCode}`);
    const answered = await fetch(`${endpoint}/moto-api/`, { signal: AbortSignal.timeout(2_000) }).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await sleep(200);
  }
  throw new Error('moto_server did not answer within a minute');
};

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const variables = {
  ...process.env,
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
  NO_PROXY: '127.0.0.1',
  no_proxy: '127.0.0.1',
};

const preflight = async (...more: readonly string[]): Promise<Report> => {
  const args = ['infra/run.mjs', 'preflight/main.ts', '--env', 'dev', '--json', ...more];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, env: variables }).catch(
    // Something is always missing here.
    (error: unknown) => z.object({ stdout: z.string() }).parse(error),
  );
  return reportSchema.parse(JSON.parse(stdout));
};

const expectStatus = ({ findings }: Report, statuses: Readonly<Record<string, string>>): void => {
  for (const [id, status] of Object.entries(statuses)) {
    const found = findings.filter((finding) => finding.id === id);
    console.log(
      `  ${found.map((each) => each.status).join()}  ${id}  ${found.map((each) => each.message).join(' ')}`,
    );
    if (found.length !== 1 || found[0]?.status !== status)
      throw new Error(`${id} is ${found[0]?.status}, expected ${status}`);
  }
};

/** The same in both accounts. */
const ALWAYS = {
  credentials: 'ok',
  region: 'ok',
  account: 'note',
  'network-interfaces': 'ok',
  zones: 'ok',
  stacks: 'ok',
  'fargate-vcpu': 'unknown',
  'lambda-concurrency': 'unknown',
};

try {
  await started();
  console.log('An empty account:');
  expectStatus(await preflight(), { ...ALWAYS, bootstrap: 'missing', 'ecs-role': 'missing' });

  const config = { region: REGION, endpoint, credentials };
  // moto's CreateServiceLinkedRole names it "AWSServiceRoleForecs"; AWS's own name is this.
  await new IAMClient(config).send(
    new CreateRoleCommand({
      RoleName: 'AWSServiceRoleForECS',
      Path: '/aws-service-role/ecs.amazonaws.com/',
      AssumeRolePolicyDocument: '{}',
    }),
  );
  await new SSMClient(config).send(
    new PutParameterCommand({ Name: '/cdk-bootstrap/hnb659fds/version', Value: '30', Type: 'String' }),
  );
  console.log('With the role and the bootstrap:');
  expectStatus(await preflight(), { ...ALWAYS, bootstrap: 'ok', 'ecs-role': 'ok' });

  const acm = new ACMClient(config);
  const { CertificateArn: certificateArn = '' } = await acm.send(
    new RequestCertificateCommand({ DomainName: '*.example.com', ValidationMethod: 'DNS' }),
  );
  const isIssued = async () =>
    (await acm.send(new DescribeCertificateCommand({ CertificateArn: certificateArn }))).Certificate
      ?.Status === 'ISSUED';
  for (const until = performance.now() + START_MS; !(await isIssued()); await sleep(200))
    if (performance.now() > until) throw new Error('the certificate was not issued within a minute');
  const folder = await mkdtemp(join(tmpdir(), 'berth-preflight-'));
  const withDomain = async (name: string, arn: string): Promise<Report> => {
    const file = join(folder, 'berth.config.json');
    await writeFile(
      file,
      JSON.stringify({ environments: { dev: { domain: { name, certificateArn: arn } } } }),
    );
    return preflight('--config', file);
  };
  try {
    console.log('With a certificate for the name, for another one, and without one:');
    expectStatus(await withDomain('api.example.com', certificateArn), { certificate: 'ok' });
    expectStatus(await withDomain('api.example.org', certificateArn), { certificate: 'missing' });
    const absent = certificateArn.replace(/[\w-]+$/, '00000000-0000-0000-0000-000000000000');
    expectStatus(await withDomain('api.example.com', absent), { certificate: 'missing' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
} finally {
  moto.kill();
}
