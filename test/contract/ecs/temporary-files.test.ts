import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { afterEach, expect, test, vi } from 'vitest';
import { Fixture, runTask } from './fixture.ts';

const full = vi.hoisted(() => ({ isRefused: false }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    rm: async (...args: Parameters<typeof real.rm>) => {
      if (full.isRefused) throw Object.assign(new Error('directory not empty'), { code: 'ENOTEMPTY' });
      await real.rm(...args);
    },
  };
});

let fixture: Fixture | undefined;
afterEach(async () => {
  full.isRefused = false;
  await fixture?.dispose();
});

test('a task whose temporary files cannot be removed has stopped all the same, and the log says so', async () => {
  fixture = await new Fixture().start();
  full.isRefused = true;
  const { tasks } = await fixture.client.send(new RunTaskCommand(runTask({ STAND_IN: 'crash' })));
  const { detail } = await fixture.untilStopped(tasks?.[0]?.taskArn);
  expect(detail).toMatchObject({ lastStatus: 'STOPPED', containers: [{ exitCode: 3 }] });
  expect(fixture.lines).toContainEqual(
    expect.objectContaining({ level: 'error', message: expect.stringContaining('left temporary files') }),
  );
});
