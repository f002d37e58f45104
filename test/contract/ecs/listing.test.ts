import {
  DescribeClustersCommand,
  DescribeTasksCommand,
  ListClustersCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
  type ListTasksCommandInput,
  paginateListTasks,
  RunTaskCommand,
  StopTaskCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fixture, runTask } from './fixture.ts';
import { CLUSTER } from './options.ts';

let fixture: Fixture;
let now: number;
beforeEach(async () => {
  now = Date.UTC(2026, 0, 1);
  fixture = await new Fixture().start({ clock: () => now });
  // These tasks need no process: they do not move.
  fixture.ecs.faults.holdStarts(100);
});
afterEach(() => fixture.dispose());

const run = async (count: number, startedBy?: string): Promise<string[]> => {
  const { tasks } = await fixture.client.send(
    new RunTaskCommand(runTask({}, { count, ...(startedBy === undefined ? {} : { startedBy }) })),
  );
  return (tasks ?? []).map(({ taskArn }) => taskArn ?? '').sort();
};
const list = async (input: ListTasksCommandInput = {}) =>
  ((await fixture.client.send(new ListTasksCommand({ cluster: CLUSTER, ...input }))).taskArns ?? []).sort();
const describeTasks = (tasks: string[]) =>
  fixture.client.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks }));

const stopped = async (taskArn: string): Promise<void> => {
  await fixture.client.send(new StopTaskCommand({ cluster: CLUSTER, task: taskArn }));
  await fixture.untilStopped(taskArn);
};

describe('ListTasks', () => {
  test('pages through all tasks, each once, though tasks come and go in between', async () => {
    const arns = await run(5);
    const seen: string[] = [];
    for await (const page of paginateListTasks(
      { client: fixture.client, pageSize: 2 },
      { cluster: CLUSTER },
    )) {
      expect(page.taskArns?.length).toBeLessThanOrEqual(2);
      seen.push(...(page.taskArns ?? []));
      await run(1);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(arns));
  });

  test('filters by who started them, by family and by wanted status', async () => {
    const [mine, others] = [await run(2, 'mine'), await run(1, 'others')];
    expect(await list({ startedBy: 'mine' })).toEqual(mine);
    expect(await list({ family: 'berth-worker' })).toEqual([...mine, ...others].sort());
    expect(await list({ family: 'another' })).toEqual([]);
    const [gone = ''] = others;
    await stopped(gone);
    expect(await list()).toEqual(mine);
    expect(await list({ desiredStatus: 'STOPPED' })).toEqual([gone]);
  });

  test.each([
    ['a page of more than 100', { maxResults: 101 }],
    ['a token that it did not give', { nextToken: 'made-up' }],
    ['startedBy besides a family', { startedBy: 'a', family: 'b' }],
  ])('refuses %s', async (_what, input) => {
    await expect(list(input)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('DescribeTasks', () => {
  test('reports what it does not know as MISSING', async () => {
    const [known = ''] = await run(1);
    const unknown = `arn:aws:ecs:us-east-1:000000000000:task/berth/${'0'.repeat(32)}`;
    const { tasks, failures } = await describeTasks([known, unknown]);
    expect(tasks?.map(({ taskArn }) => taskArn)).toEqual([known]);
    expect(failures).toEqual([{ arn: unknown, reason: 'MISSING' }]);
  });

  test.each([0, 101])('refuses %i tasks', async (count) => {
    await expect(describeTasks(Array.from({ length: count }, () => 'x'))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  test('shows a stopped task for an hour', async () => {
    const [taskArn = ''] = await run(1);
    await stopped(taskArn);
    now += 59 * 60_000;
    expect((await describeTasks([taskArn])).tasks).toHaveLength(1);
    now += 60_000;
    expect((await describeTasks([taskArn])).failures).toEqual([{ arn: taskArn, reason: 'MISSING' }]);
  });
});

test('a client token is remembered for 24 hours, longer than its stopped task is shown', async () => {
  const input = new RunTaskCommand(runTask({}, { clientToken: 'one' }));
  const first = (await fixture.client.send(input)).tasks?.[0]?.taskArn ?? '';
  await stopped(first);
  now += 24 * 60 * 60_000 - 1;
  expect((await describeTasks([first])).tasks).toEqual([]);
  expect((await fixture.client.send(input)).tasks?.[0]).toMatchObject({
    taskArn: first,
    lastStatus: 'STOPPED',
  });
  now += 1;
  expect((await fixture.client.send(input)).tasks?.[0]?.taskArn).not.toBe(first);
});

describe('tags', () => {
  const tagsOf = async (resourceArn: string) =>
    (await fixture.client.send(new ListTagsForResourceCommand({ resourceArn }))).tags;

  test('are added, replaced and removed', async () => {
    const [resourceArn = ''] = await run(1);
    const tag = (key: string, value: string) =>
      fixture.client.send(new TagResourceCommand({ resourceArn, tags: [{ key, value }] }));
    await tag('orphan', '1');
    await tag('session', 'ses_1');
    await tag('orphan', '2');
    expect(await tagsOf(resourceArn)).toEqual([
      { key: 'orphan', value: '2' },
      { key: 'session', value: 'ses_1' },
    ]);
    await fixture.client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['orphan'] }));
    expect(await tagsOf(resourceArn)).toEqual([{ key: 'session', value: 'ses_1' }]);
  });

  test('of a stopped task cannot be set', async () => {
    const [resourceArn = ''] = await run(1);
    await stopped(resourceArn);
    await expect(
      fixture.client.send(new TagResourceCommand({ resourceArn, tags: [{ key: 'a', value: 'b' }] })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

test('DescribeClusters counts tasks and reports unknown clusters as MISSING', async () => {
  await run(2);
  const { clusters, failures } = await fixture.client.send(
    new DescribeClustersCommand({ clusters: ['berth', 'other'] }),
  );
  expect(clusters).toMatchObject([
    { clusterArn: CLUSTER, clusterName: 'berth', status: 'ACTIVE', pendingTasksCount: 2 },
  ]);
  expect(failures).toEqual([{ arn: 'other', reason: 'MISSING' }]);
});

test('an operation that is not there is refused by its name', async () => {
  await expect(fixture.client.send(new ListClustersCommand({}))).rejects.toMatchObject({
    name: 'UnsupportedOperationException',
    message: 'The local ECS does not support ListClusters.',
  });
});
