/** Many tasks at once: a bounded number of them starts at a time, the others wait as PENDING. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { DescribeTasksCommand, RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StartTask } from '../../../local/engines/ecs/program.ts';
import { Fixture, runTask, SOON } from './fixture.ts';
import { CLUSTER, ecsOptions } from './options.ts';

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});
afterEach(() => fixture.dispose());

/** Says that it is up once the file is there; `crash` ends instead. */
const SLOW_START = `
  const { existsSync, renameSync, writeFileSync } = require('node:fs');
  const { STAND_IN_DIR: dir, STAND_IN_NAME: name, STAND_IN } = process.env;
  // Whole once it is there.
  writeFileSync(dir + '/' + name + '.pid', String(process.pid));
  renameSync(dir + '/' + name + '.pid', dir + '/' + name + '.began');
  process.on('SIGTERM', () => process.exit(0));
  const look = setInterval(() => {
    if (!existsSync(dir + '/' + name + '.go')) return;
    clearInterval(look);
    if (STAND_IN === 'crash') process.exit(3);
    process.stdout.write('it is ');
    setTimeout(() => process.stdout.write('UP now'), 20);
    setInterval(() => {}, 60_000);
  }, 10);`;

const start = (mostMs: number) => {
  const { startTask } = ecsOptions(fixture.directory);
  const slow: StartTask = (container) => ({
    ...(startTask ?? (() => ({ command: '', args: [], env: {} })))(container),
    args: ['-e', SLOW_START],
    upWhen: 'is UP',
  });
  return fixture.start({ startTask: slow, startLimit: { atOnce: 2, mostMs } });
};

const run = async (name: string, variables: Readonly<Record<string, string>> = {}): Promise<string> => {
  const input = runTask({ STAND_IN_NAME: name, ...variables });
  const { tasks } = await fixture.client.send(new RunTaskCommand(input));
  return tasks?.[0]?.taskArn ?? '';
};
const path = (name: string, what: 'began' | 'go') => join(fixture.directory, `${name}.${what}`);
const began = (...names: string[]) => names.filter((name) => existsSync(path(name, 'began')));
const go = (name: string) => writeFileSync(path(name, 'go'), '');
const statuses = async (...arns: string[]) => {
  const { tasks } = await fixture.client.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks: arns }));
  return arns.map((arn) => tasks?.find(({ taskArn }) => taskArn === arn)?.lastStatus);
};

test('the next one starts when one is up, in the order in which they came; the others are PENDING', async () => {
  await start(60_000);
  const names = ['one', 'two', 'three', 'four'];
  const arns: string[] = [];
  for (const name of names) arns.push(await run(name));
  await expect.poll(() => began(...names), SOON).toEqual(['one', 'two']);
  await expect.poll(() => statuses(...arns), SOON).toEqual(['RUNNING', 'RUNNING', 'PENDING', 'PENDING']);
  go('two');
  await expect.poll(() => began(...names), SOON).toEqual(['one', 'two', 'three']);
  expect(await statuses(...arns)).toEqual(['RUNNING', 'RUNNING', expect.any(String), 'PENDING']);
  go('one');
  await expect.poll(() => began(...names), SOON).toEqual(names);
  await expect.poll(() => statuses(...arns), SOON).toEqual(Array(4).fill('RUNNING'));
});

test('a task that ends before it is up, or is stopped while it waits, delays no other task', async () => {
  await start(60_000);
  const [, , third] = [
    await run('one', { STAND_IN: 'crash' }),
    await run('two'),
    await run('three'),
    await run('four'),
  ];
  await expect.poll(() => began('one', 'two'), SOON).toEqual(['one', 'two']);
  await fixture.client.send(new StopTaskCommand({ cluster: CLUSTER, task: third }));
  await fixture.untilStopped(third);
  go('one');
  await expect.poll(() => began('three', 'four'), SOON).toEqual(['four']);
});

test('one that never says that it is up holds up the others only so long', async () => {
  await start(200);
  for (const name of ['one', 'two', 'three']) await run(name);
  await expect.poll(() => began('one', 'two', 'three'), SOON).toEqual(['one', 'two', 'three']);
  await expect
    .poll(() => fixture.lines.map(({ message }) => message), SOON)
    .toContain('A task takes long to come up; the next one starts');
});

test('a task runs at a lower priority than the local system', async () => {
  await start(60_000);
  await run('one');
  await expect.poll(() => began('one'), SOON).toEqual(['one']);
  const pid = Number(readFileSync(path('one', 'began'), 'utf8'));
  expect(getPriority(pid)).toBeGreaterThan(getPriority());
  // It leads a session of setsid(2), whose share of the CPU Linux takes from here (sched(7)). Absent: it has no autogroups.
  const autogroup = `/proc/${pid}/autogroup`;
  if (existsSync(autogroup))
    await expect.poll(() => readFileSync(autogroup, 'latin1'), SOON).toMatch(/ nice 10$/m);
});
