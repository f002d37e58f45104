import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemTime } from '../../../container/base/time.ts';
import { ownTask } from '../../../container/metadata.ts';

let server: Server;
let asked: string[] = [];
let StartedAt = '2026-11-29T12:00:32.1Z';
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(
      JSON.stringify({
        Cluster: 'berth',
        TaskARN: 'arn:task/1',
        Family: 'worker',
        PullStartedAt: '2026-11-29T12:00:10.016053330Z',
        PullStoppedAt: '2026-11-29T12:00:31.592684631Z',
        Containers: [
          { Name: '~internal~ecs~pause', Type: 'CNI_PAUSE', StartedAt: '2026-11-29T12:00:05Z' },
          { Name: 'worker', Type: 'NORMAL', StartedAt },
        ],
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => void server.close());

test('a task reads from ECS which one it is, and when its image was pulled; an unreadable time is left out', async () => {
  asked = [];
  const { port } = server.address() as AddressInfo;
  const ECS_CONTAINER_METADATA_URI_V4 = `http://127.0.0.1:${port}/v4/abc`;
  expect(await ownTask({ ECS_CONTAINER_METADATA_URI_V4 }, systemTime)).toEqual({
    arn: 'arn:task/1',
    pullStarted: Date.parse('2026-11-29T12:00:10.016Z'),
    imagePulled: Date.parse('2026-11-29T12:00:31.592Z'),
    containerStarted: Date.parse('2026-11-29T12:00:32.1Z'),
  });
  StartedAt = 'no time';
  expect(await ownTask({ ECS_CONTAINER_METADATA_URI_V4 }, systemTime)).toMatchObject({
    arn: 'arn:task/1',
    containerStarted: undefined,
  });
  expect(new Set(asked)).toEqual(new Set(['/v4/abc/task']));
});

test('a configured ARN comes first, and a developer’s machine is no task', async () => {
  expect(await ownTask({ BERTH_TASK_ARN: 'arn:task/2' }, systemTime)).toEqual({ arn: 'arn:task/2' });
  expect(await ownTask({}, systemTime)).toBeUndefined();
});
