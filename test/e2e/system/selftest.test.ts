/** `berth selftest`, as a person with a spare phone runs it, on the simulator: what it says it saw is held against the phone. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { type BuildName, buildNames } from '../../../contract/phone/behavior.ts';
import { linkSession, type System, startSystem } from '../../helpers/system.ts';
import { type Ended, runCli } from '../../unit/cli/run-cli.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000081';
const SECOND = '491700000082';

const opened = async (build: BuildName): Promise<System> => {
  const system = await startSystem({ build });
  await linkSession(system, { name: 'spare' }, ACCOUNT);
  await linkSession(system, { name: 'second' }, SECOND);
  return system;
};

const reportSchema = z.object({
  ok: z.boolean(),
  me: z.object({ id: z.string() }),
  steps: z.array(z.object({ step: z.string(), result: z.string(), seen: z.string(), ms: z.number() })),
});

const selftest = (system: System, ...args: string[]): Promise<Ended> =>
  runCli(['selftest', ...args], {
    env: { BERTH_URL: system.stack.url, BERTH_API_KEY: system.adminKey },
    timeoutMs: 280_000,
  });

describe.sequential.each(buildNames)('over the build of %s', (build) => {
  let system: System;
  beforeAll(async () => {
    system = await opened(build);
  });
  afterAll(() => system?.stop());

  test('everything that Berth offers works, and is at the phone', async () => {
    const { code, stdout, stderr } = await selftest(system, 'spare', '--to-session', 'second', '--json');
    const report = reportSchema.parse(JSON.parse(stdout));
    expect(
      report.steps.filter(({ result }) => result !== 'ok'),
      stderr,
    ).toEqual([]);
    expect([code, report.ok]).toEqual([0, true]);

    const { messages } = await system.phone.inbox({ account: ACCOUNT, sent: true });
    const kinds = new Set(messages.map(({ type }) => type));
    for (const kind of ['chat', 'image', 'video', 'ptt', 'document', 'location', 'vcard', 'poll_creation'])
      expect(kinds).toContain(kind);
    const received = await system.phone.inbox({ account: ACCOUNT });
    expect(received.messages.filter(({ fromMe, file }) => !fromMe && file)).toHaveLength(1);
  });

  test('a WhatsApp that refuses what is sent fails the steps that send, and the exit code says so', async () => {
    await system.phone.setFaults({ refuseSend: true });
    try {
      const { code, stdout } = await selftest(system, 'spare', '--no-restart');
      expect(code).toBe(1);
      expect(stdout).toMatch(/^text +failed/m);
      expect(stdout).toMatch(/^restart +skipped/m);
      expect(stdout).toMatch(/^groups +skipped +- +needs a second number/m);
      expect(stdout).toMatch(/^contacts +ok/m);
    } finally {
      await system.phone.setFaults({ refuseSend: false });
    }
  });
});
