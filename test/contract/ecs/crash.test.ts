import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DescribeTasksCommand, ListTasksCommand, RunTaskCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { identityOf, processTable } from '../../../local/engines/ecs/process-table.ts';
import { taskProcesses } from '../../../local/engines/ecs/process-tree.ts';
import { taskRecordSchema } from '../../../local/engines/ecs/task.ts';
import { Fixture, runTask, SOON, standIn } from './fixture.ts';
import { CLUSTER } from './options.ts';

const STACK = fileURLToPath(new URL('./stack.ts', import.meta.url));
/** Longer than any test takes: what ends earlier was ended. */
const NEVER = 600_000;

let fixture: Fixture;
let stack: ChildProcess | undefined;
beforeEach(() => {
  fixture = new Fixture();
});
afterEach(async () => {
  stack?.kill('SIGKILL');
  // Processes that a failed test left count as leftovers too.
  await fixture.stop();
  await fixture.start();
  await fixture.ecs.clearLeftovers({ graceMs: 0 });
  await fixture.dispose();
});

const answerSchema = z.object({ tasks: z.array(z.object({ taskArn: z.string() })).length(1) });

/** Starts a stack in its own process with one task; resolves when the task is ready. */
const startStack = async (
  variables: Readonly<Record<string, string>>,
  orphanGraceMs: number,
  clientToken = 'one',
) => {
  const input = JSON.stringify(runTask(variables, { clientToken }));
  const child = spawn(process.execPath, [STACK, fixture.directory, String(orphanGraceMs), input], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stack = child;
  const [line] = await once(createInterface(child.stdout), 'line');
  const taskArn = answerSchema.parse(JSON.parse(String(line))).tasks[0]?.taskArn ?? '';
  const task = await standIn(fixture.directory);
  return {
    taskArn,
    taskId: taskArn.split('/').at(-1) ?? '',
    task,
    kill: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
};

const parentOf = (pid: number): number =>
  z.int().parse(processTable().find((entry) => entry.pid === pid)?.parent);

const left = (taskId: string) => taskProcesses({ taskId, root: undefined });

describe('SIGKILL of the local stack', () => {
  test('leaves nothing: its tasks notice and end by themselves', async () => {
    const { taskId, taskArn, kill } = await startStack({ STAND_IN: 'graceful' }, NEVER);
    expect(left(taskId)).not.toEqual([]);
    await kill();
    await expect.poll(() => left(taskId), SOON).toEqual([]);
    const log = readFileSync(join(fixture.directory, 'logs', `${taskArn.split('/').at(-1)}.log`), 'utf8');
    expect(log).toContain('asked to end');
  });

  test.each([
    ['a task that ignores SIGTERM', 'stubborn'],
    ['a grandchild that ignores SIGTERM', 'tree'],
  ])('leaves nothing of %s', async (_what, kind) => {
    const { taskId, kill } = await startStack({ STAND_IN: kind }, 0);
    await kill();
    await expect.poll(() => left(taskId), SOON).toEqual([]);
  });

  test('leaves nothing though the container agent was killed as well: the next start finds and ends it', async () => {
    const { taskId, taskArn, task, kill } = await startStack({ STAND_IN: 'tree' }, NEVER);
    const agent = parentOf(task.pid);
    await kill();
    process.kill(agent, 'SIGKILL');
    await fixture.start();
    expect(await fixture.ecs.clearLeftovers({ graceMs: 0 })).toBe(1);
    expect(left(taskId)).toEqual([]);
    expect(identityOf(task.grandchild ?? 0)).toBeUndefined();
    expect((await fixture.untilStopped(taskArn)).detail).toMatchObject({ lastStatus: 'STOPPED' });
  });
});

describe('a container agent', () => {
  test('that is killed: its tasks end as if they had been killed, and the next task runs', async () => {
    await fixture.start();
    const run = async (name: string, kind: string) => {
      const variables = { STAND_IN: kind, STAND_IN_NAME: name };
      const { tasks } = await fixture.client.send(new RunTaskCommand(runTask(variables)));
      return { taskArn: tasks?.[0]?.taskArn, ...(await fixture.standIn(name)) };
    };
    const one = await run('one', 'tree');
    const two = await run('two', 'stubborn');
    expect(parentOf(two.pid)).toBe(parentOf(one.pid));
    process.kill(parentOf(one.pid), 'SIGKILL');
    for (const { taskArn } of [one, two]) {
      const { detail } = await fixture.untilStopped(taskArn);
      expect(detail).toMatchObject({
        stopCode: 'EssentialContainerExited',
        containers: [{ exitCode: 137 }],
      });
    }
    for (const pid of [one.pid, one.grandchild ?? 0, two.pid]) expect(identityOf(pid)).toBeUndefined();
    expect(fixture.lines).toContainEqual({
      level: 'error',
      message: 'The container agent ended',
      fields: { code: null, signal: 'SIGKILL' },
    });
    const three = await run('three', 'graceful');
    expect(identityOf(three.pid)).toBeDefined();
  });

  test('that hangs: it is killed once it owes an answer, its tasks end, and the next task runs', async () => {
    await fixture.start({ answerLimitMs: 5_000 });
    const { tasks } = await fixture.client.send(new RunTaskCommand(runTask({ STAND_IN_NAME: 'one' })));
    const one = await fixture.standIn('one');
    process.kill(parentOf(one.pid), 'SIGSTOP');
    const { tasks: late } = await fixture.client.send(
      new RunTaskCommand(runTask({ STAND_IN_NAME: 'two' }, { clientToken: 'two' })),
    );
    for (const task of [tasks?.[0], late?.[0]]) {
      const { detail } = await fixture.untilStopped(task?.taskArn);
      expect(detail).toMatchObject({ containers: [{ exitCode: 137 }] });
    }
    expect(identityOf(one.pid)).toBeUndefined();
    expect(fixture.lines.map(({ message }) => message)).toContain(
      'The container agent does not answer: killed',
    );
    await fixture.client.send(
      new RunTaskCommand(runTask({ STAND_IN_NAME: 'three' }, { clientToken: 'three' })),
    );
    await fixture.standIn('three');
  });
});

describe('the next start', () => {
  test('kills a leftover that ignores SIGTERM and reports that its task stopped', async () => {
    const { taskId, taskArn, kill } = await startStack({ STAND_IN: 'stubborn' }, NEVER);
    await kill();
    await fixture.start();
    expect(left(taskId)).not.toEqual([]);
    expect(await fixture.ecs.clearLeftovers({ graceMs: 0 })).toBe(1);
    expect(left(taskId)).toEqual([]);
    const { detail } = await fixture.untilStopped(taskArn);
    expect(detail).toMatchObject({
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'The local stack ended without stopping this task',
    });
    const { tasks } = await fixture.client.send(
      new DescribeTasksCommand({ cluster: CLUSTER, tasks: [taskArn] }),
    );
    expect(tasks).toMatchObject([{ lastStatus: 'STOPPED' }]);
    expect((await fixture.client.send(new ListTasksCommand({ cluster: CLUSTER }))).taskArns).toEqual([]);
    expect(await fixture.ecs.clearLeftovers({ graceMs: 0 })).toBe(0);
  });

  test('has reported what it ended when it says so', async () => {
    const { kill } = await startStack({ STAND_IN: 'stubborn' }, NEVER);
    await kill();
    const taken: unknown[] = [];
    const emit = async ({ detail }: { detail: { lastStatus?: unknown } }) => {
      await setImmediate();
      taken.push(detail.lastStatus);
    };
    await fixture.start({ emit });
    await fixture.ecs.clearLeftovers({ graceMs: 0 });
    expect(taken.at(-1)).toBe('STOPPED');
  });

  test('recognizes the client token of the run before', async () => {
    const { taskArn, kill } = await startStack({}, NEVER, 'epoch-7');
    await kill();
    await fixture.start();
    await fixture.ecs.clearLeftovers({ graceMs: NEVER });
    const { tasks } = await fixture.client.send(new RunTaskCommand(runTask({}, { clientToken: 'epoch-7' })));
    expect(tasks?.[0]?.taskArn).toBe(taskArn);
  });

  test('spares a process that has the pid of a former task but is not it', async () => {
    const { kill } = await startStack({}, 0);
    await kill();
    const [record] = recordsOnDisk();
    if (record?.process === undefined) throw new Error('no process was recorded');
    await expect.poll(() => left(record.id), SOON).toEqual([]);
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60000)'], { stdio: 'ignore' });
    try {
      const reused = { ...record.process, pid: stranger.pid ?? 0 };
      writeFileSync(recordPath(record.id), JSON.stringify({ ...record, process: reused }));
      await fixture.start();
      expect(await fixture.ecs.clearLeftovers({ graceMs: 0 })).toBe(1);
      expect(identityOf(reused.pid)).toBeDefined();
      expect(stranger.signalCode).toBeNull();
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  test('announces an end again that no consumer accepted', async () => {
    await fixture.start({ emit: () => Promise.reject(new Error('the rules are not there')) });
    const { tasks } = await fixture.client.send(new RunTaskCommand(runTask({ STAND_IN: 'crash' })));
    const taskArn = tasks?.[0]?.taskArn;
    await expect.poll(() => recordsOnDisk()[0]?.lastStatus, SOON).toBe('STOPPED');
    await fixture.stop();
    await fixture.start();
    expect(await fixture.ecs.clearLeftovers()).toBe(0);
    await fixture.untilStopped(taskArn);
    expect(fixture.statusesOf(taskArn)).toEqual(['STOPPED']);
    await expect.poll(() => recordsOnDisk()[0]?.endAnnounced, SOON).toBe(true);
  });

  test('puts a record aside that cannot be read, and says so', async () => {
    mkdirSync(join(fixture.directory, 'state', 'tasks'), { recursive: true });
    writeFileSync(recordPath('0'.repeat(32)), '{"id":');
    await fixture.start();
    expect(fixture.lines).toMatchObject([{ level: 'error' }]);
    expect((await fixture.client.send(new ListTasksCommand({ cluster: CLUSTER }))).taskArns).toEqual([]);
  });
});

test('what is kept of a task is for its owner’s eyes only', async () => {
  await fixture.start();
  await fixture.client.send(new RunTaskCommand(runTask()));
  await fixture.standIn();
  const [record] = recordsOnDisk();
  expect(statSync(recordPath(record?.id ?? '')).mode & 0o077).toBe(0);
  expect(statSync(join(fixture.directory, 'logs', `${record?.id}.log`)).mode & 0o077).toBe(0);
});

const recordPath = (id: string): string => join(fixture.directory, 'state', 'tasks', `${id}.json`);

const recordsOnDisk = () => {
  const directory = join(fixture.directory, 'state', 'tasks');
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => taskRecordSchema.parse(JSON.parse(readFileSync(join(directory, name), 'utf8'))));
};
