import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import * as z from 'zod';
import type { EventSourceModel, QueueModel, ScheduleModel } from '../../../local/assembly/model.ts';
import { type Storage, startStorage } from '../../../local/engines/storage/storage.ts';
import { type Gateway, startGateway } from '../../../local/gateway/gateway.ts';
import { Principals } from '../../../local/gateway/principals.ts';
import { authorizeByPolicies } from '../../../local/iam/authorize.ts';
import { parsePolicy } from '../../../local/iam/policy.ts';
import { type InvokeResult, ThrottledError } from '../../../local/runtime/pool.ts';
import type { DeliveryOptions } from '../../../local/triggers/delivery.ts';
import { EventRules } from '../../../local/triggers/event-rules.ts';
import { Schedules } from '../../../local/triggers/schedules.ts';
import { SqsSource } from '../../../local/triggers/sqs-source.ts';

const ALL_SQS = parsePolicy({ Statement: [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }] });
const principals = new Principals();
let storage: Storage;
let gateway: Gateway;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  storage = await startStorage();
  gateway = await startGateway({
    principals,
    authorize: authorizeByPolicies((role) => (role === 'allowed' ? [ALL_SQS] : [])),
    engines: { sqsUrl: storage.sqsUrl },
  });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await gateway.close();
  await storage.close();
});

const clientOf = (role: string) =>
  new SQSClient({
    endpoint: gateway.url,
    region: 'us-east-1',
    credentials: principals.register(role),
    maxAttempts: 1,
  });

let queues = 0;
const makeQueue = (attributes: Record<string, string> = {}): QueueModel => {
  queues += 1;
  const name = `queue-${queues}.fifo`;
  const queue = {
    name,
    url: `${gateway.url}/000000000000/${name}`,
    arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
    fifo: true,
    attributes: { FifoQueue: 'true', VisibilityTimeout: '1', ...attributes },
  };
  storage.ensureQueue(queue);
  return queue;
};

const send = async (queue: QueueModel, group: string, ...bodies: string[]) => {
  const client = clientOf('allowed');
  for (const body of bodies) {
    await client.send(
      new SendMessageCommand({
        QueueUrl: queue.url,
        MessageBody: body,
        MessageGroupId: group,
        MessageDeduplicationId: `${group}-${body}`,
      }),
    );
  }
  client.destroy();
};

const ok = (value: unknown = null): InvokeResult => ({
  ok: true,
  requestId: 'r',
  payload: JSON.stringify(value),
});
const failed: InvokeResult = { ok: false, requestId: 'r', error: { errorType: 'E', errorMessage: 'no' } };

const batchSchema = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      body: z.string(),
      attributes: z.object({ MessageGroupId: z.string().optional() }),
    }),
  ),
});
type Batch = z.infer<typeof batchSchema>;

const listen = (
  queue: QueueModel,
  handle: (batch: Batch) => Promise<InvokeResult>,
  role = 'allowed',
  client = clientOf(role),
) => {
  const problems: string[] = [];
  const source: EventSourceModel = {
    id: 'source',
    functionName: 'deliver',
    queueArn: queue.arn,
    batchSize: 10,
    windowSeconds: 0,
    maxConcurrency: 2,
    reportsItemFailures: true,
    enabled: true,
  };
  open.push(
    new SqsSource({
      source,
      queueUrl: queue.url,
      client,
      invoke: (_name, event) => handle(batchSchema.parse(event)),
      onProblem: (message) => problems.push(message),
    }),
  );
  return problems;
};

const emptied = (queue: QueueModel) =>
  vi.waitFor(() => expect(storage.queueDepth(queue.name)).toEqual({ visible: 0, inFlight: 0, delayed: 0 }), {
    timeout: 20_000,
    interval: 100,
  });

test('messages of a group arrive in order, and those dealt with are deleted', async () => {
  const queue = makeQueue();
  await send(queue, 'a', '1', '2', '3');
  await send(queue, 'b', '1', '2');
  const seen: string[] = [];
  listen(queue, async ({ Records }) => {
    seen.push(...Records.map(({ body, attributes }) => `${attributes.MessageGroupId}${body}`));
    return ok();
  });
  await emptied(queue);
  expect(seen.filter((each) => each.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
  expect(seen.filter((each) => each.startsWith('b'))).toEqual(['b1', 'b2']);
});

// Its visibility time-out would hold the group up for ten minutes.
const LONG = { VisibilityTimeout: '600' };

test('a batch whose function has no instance free is offered again, and does not wait for its time-out', async () => {
  const queue = makeQueue(LONG);
  await send(queue, 'a', '1', '2');
  const seen: string[] = [];
  let refusals = 2;
  listen(queue, async ({ Records }) => {
    refusals -= 1;
    if (refusals >= 0) throw new ThrottledError('busy');
    seen.push(...Records.map(({ body }) => body));
    return ok();
  });
  await emptied(queue);
  expect(seen).toEqual(['1', '2']);
});

test('a deletion that fails is made again, and nothing is handed out twice', async () => {
  const queue = makeQueue(LONG);
  await send(queue, 'a', '1', '2');
  const client = clientOf('allowed');
  let failures = 2;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === 'DeleteMessageBatchCommand' && failures > 0) {
          failures -= 1;
          throw new Error('the connection broke');
        }
        return next(args);
      },
    { step: 'initialize' },
  );
  const seen: string[] = [];
  listen(
    queue,
    async ({ Records }) => {
      seen.push(...Records.map(({ body }) => body));
      return ok();
    },
    'allowed',
    client,
  );
  await emptied(queue);
  expect(failures).toBe(0);
  expect(seen).toEqual(['1', '2']);
});

test('a failed invocation gets the same message again, before any later one of its group', async () => {
  const queue = makeQueue();
  await send(queue, 'a', '1', '2');
  const seen: string[] = [];
  listen(queue, async ({ Records }) => {
    seen.push(...Records.map(({ body }) => body));
    return seen.length === 1 ? failed : ok();
  });
  await emptied(queue);
  expect(seen).toEqual(['1', '1', '2']);
});

test('a reported item failure keeps only that message, until its receives are used up and it is a dead letter', async () => {
  const dead = makeQueue();
  const queue = makeQueue({
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 }),
  });
  await send(queue, 'a', 'bad');
  await send(queue, 'b', 'good');
  const seen: string[] = [];
  listen(queue, async ({ Records }) => {
    seen.push(...Records.map(({ body }) => body));
    return ok({
      batchItemFailures: Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({
        itemIdentifier: messageId,
      })),
    });
  });
  await vi.waitFor(() => expect(storage.queueDepth(dead.name)?.visible).toBe(1), {
    timeout: 20_000,
    interval: 100,
  });
  expect(seen.toSorted()).toEqual(['bad', 'bad', 'good']);
});

test('a function whose role may not receive gets nothing, and that is said', async () => {
  const queue = makeQueue();
  await send(queue, 'a', '1');
  const handle = vi.fn(async () => ok());
  const problems = listen(queue, handle, 'nobody');
  await vi.waitFor(() => expect(problems.join()).toMatch(/not authorized to perform: sqs:ReceiveMessage/));
  expect(handle).not.toHaveBeenCalled();
});

const delivery = (changes: Partial<DeliveryOptions> = {}): DeliveryOptions => ({
  invoke: async () => ok(),
  functionArn: (name) => `arn:${name}`,
  permissions: [{ functionName: 'fn', principal: 'events.amazonaws.com', sourceArn: undefined }],
  authorize: () => ({ decision: 'allow' }),
  sendToDeadLetters: async () => {},
  clock: Date.now,
  onProblem: () => {},
  ...changes,
});
const target = {
  functionName: 'fn',
  role: 'role',
  input: undefined,
  deadLetterArn: undefined,
  retries: 0,
  maxAgeSeconds: 60,
};
const schedule: ScheduleModel = {
  name: 'sweep',
  logicalId: 'Sweep',
  arn: 'arn:sweep',
  expression: 'rate(1 minute)',
  enabled: true,
  targets: [target],
  kind: 'scheduler',
};

test('all schedules run once at the start, and again by the clock, never two runs of one at once', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    let running = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    const invoke = vi.fn(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      return ok();
    });
    const schedules = new Schedules([schedule], delivery({ invoke }));
    schedules.start({ catchUp: true });
    expect(invoke).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(180_000);
    expect(invoke).toHaveBeenCalledTimes(1);
    ends.splice(0).forEach((end) => {
      end();
    });
    await vi.waitFor(() => {
      vi.advanceTimersByTime(60_000);
      expect(invoke).toHaveBeenCalledTimes(2);
    });
    expect(most).toBe(1);
    ends.splice(0).forEach((end) => {
      end();
    });
    await schedules.close();
  } finally {
    vi.useRealTimers();
  }
});

test('a schedule can be run now, and a run that failed is reported', async () => {
  const answers = [ok(), failed];
  const schedules = new Schedules([schedule], delivery({ invoke: async () => answers.shift() ?? failed }));
  await schedules.trigger('sweep');
  await expect(schedules.trigger('sweep')).rejects.toThrow(/sweep did not run/);
  await expect(schedules.trigger('other')).rejects.toThrow(/there is no schedule other; there are sweep/);
  await schedules.close();
});

const rule = {
  name: 'stopped',
  arn: 'arn:aws:events:us-east-1:000000000000:rule/stopped',
  pattern: { source: ['aws.ecs'] },
  enabled: true,
  targets: [{ ...target, role: undefined, retries: 10 }],
};

test('an event goes to the rules that match it, in EventBridge’s envelope', async () => {
  const invoke = vi.fn(async () => ok());
  const rules = new EventRules([rule], delivery({ invoke }));
  await rules.put({ source: 'aws.ecs', 'detail-type': 'x', detail: { a: 1 } });
  await rules.put({ source: 'aws.ec2', 'detail-type': 'x', detail: {} });
  expect(invoke).toHaveBeenCalledTimes(1);
  expect(invoke).toHaveBeenCalledWith(
    'fn',
    expect.objectContaining({ version: '0', account: '000000000000', source: 'aws.ecs', detail: { a: 1 } }),
  );
  await rules.close();
});

test('once the end is near, an event that is not taken is given back at once instead of being retried', async () => {
  const invoke = vi.fn(async () => failed);
  const rules = new EventRules([rule], delivery({ invoke }));
  const put = rules.put({ source: 'aws.ecs', 'detail-type': 'x', detail: {} });
  rules.hurry();
  await expect(put).rejects.toThrow();
  await rules.close();
  await expect(rules.put({ source: 'aws.ecs', 'detail-type': 'x', detail: {} })).rejects.toThrow(/closed/);
});
