/** The README's examples, as a user of the published package runs them. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type PackedProject, packedProject } from '../../helpers/packed.ts';
import { readPng } from '../../helpers/read-qr.ts';
import type { System } from '../../helpers/system.ts';

const ACCOUNT = '491700000007';
const CONTACT = '491712223333@c.us';
const NAME = 'by-example';
const PATIENCE = { timeout: 60_000, interval: 100 };

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

export const packedClient = (systemOf: () => System): void => {
  let project: PackedProject;
  let system: System;
  let env: Record<string, string>;
  beforeAll(async () => {
    system = systemOf();
    project = await packedProject();
    env = { BERTH_URL: system.stack.url, BERTH_API_KEY: system.adminKey };
  });
  afterAll(() => project?.remove());

  const sent = async () => (await system.phone.inbox({ account: ACCOUNT, sent: true })).messages;

  test('the packed types are those of the examples, without the sources', async () => {
    const options = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2024',
      types: ['node'],
      // The package's own declarations are checked as well.
      skipLibCheck: false,
      exactOptionalPropertyTypes: true,
    };
    const files = ['link-account.ts', 'bot.ts', 'resume.ts'];
    await writeFile(
      join(project.folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files }),
    );
    const compiler = join(import.meta.dirname, '..', '..', '..', 'node_modules', 'typescript', 'bin', 'tsc');
    expect(await project.run([compiler, '-p', project.folder])).toBe('');
  });

  test('the package brings what a caller needs and nothing of what runs the system', async () => {
    const { dependencies } = JSON.parse(
      readFileSync(join(project.folder, 'node_modules', 'berth', 'package.json'), 'utf8'),
    );
    expect(Object.keys(dependencies)).toEqual([
      '@modelcontextprotocol/server',
      'commander',
      'mime',
      'qrcode',
      'zod',
    ]);
  });

  test("the client's own package brings one dependency and calls the system", async () => {
    const manifest = join(project.folder, 'node_modules', 'berth-client', 'package.json');
    expect(Object.keys(JSON.parse(readFileSync(manifest, 'utf8')).dependencies)).toEqual(['zod']);
    const rows = join(manifest, '..', 'dist', 'contract', 'operations', 'chats.js');
    // A text of the document only.
    expect(readFileSync(rows, 'utf8')).not.toContain('Chats, most recent first');
    const program = `
      import { createClient } from 'berth-client';
      const { BERTH_URL: baseUrl, BERTH_API_KEY: apiKey } = process.env;
      console.log((await createClient({ baseUrl, apiKey }).limits.get()).global.limit);`;
    expect(await project.run(['--input-type=module', '--eval', program], env)).toBe('50\n');
  });

  test('the packed command line runs without the sources', async () => {
    const bin = join('node_modules', 'berth', 'cli', 'bin.mjs');
    expect(await project.run([bin, 'limits', 'get'], env)).toMatch(/^global +\d+ of 50 in use$/m);
  });

  test('link an account', async () => {
    const linking = project.start(['link-account.ts', NAME], env);
    const picture = join(project.folder, 'qr.png');
    // The picture may be half written, or its code just replaced.
    await vi.waitFor(async () => {
      const code = readPng(readFileSync(picture)) ?? '';
      await system.phone.scan({ code, account: ACCOUNT });
    }, PATIENCE);
    expect(await linking.ended, linking.output()).toBe(0);
    expect(linking.output()).toContain(`Linked ${ACCOUNT}@c.us`);
  });

  test('a bot that answers', async () => {
    const bot = project.start(['bot.ts', NAME], { ...env, PORT: String(await freePort()) });
    await expect.poll(bot.output, PATIENCE).toContain('Answering');
    await system.phone.send({ account: ACCOUNT, from: CONTACT, text: 'is anybody there?' });
    await expect.poll(async () => (await sent()).length, PATIENCE).toBe(1);
    expect((await sent())[0]).toMatchObject({ body: 'You said: is anybody there?' });
    await bot.stop();
  });

  test('resume after idle', async () => {
    await system.berth.sessions.stop(NAME);
    await system.berth.sessions.waitForStatus(NAME, ['STOPPED', 'FAILED']);
    expect(await project.run(['resume.ts', NAME, CONTACT, 'We are back.'], env)).toMatch(
      /^by-example is STOPPED \(user\)\nSent true_\d+@lid_/,
    );
    expect((await sent()).map(({ body }) => body)).toContain('We are back.');
    await system.berth.sessions.delete(NAME);
  });
};
