/** The ports of the rules over the simulation's table and a virtual clock; every call is entered in a ledger. */
import { hash } from 'node:crypto';
import type { Deps } from '../../core/deps.ts';
import type { Delivery, Task } from '../../core/ports.ts';
import { type Settings, settingsSchema } from '../../core/settings.ts';
import type { Store } from '../../core/store.ts';
import { Random } from '../simulation/kernel/random.ts';
import { Table } from '../simulation/model/table.ts';
import { Ledger } from './ledger.ts';

export const BEGIN = Date.UTC(2026, 0, 1);

/** A page of DynamoDB's BatchGetItem, and of ECS's ListTasks and DescribeTasks. */
const HUNDRED = 100;
const pages = (count: number): number => Math.max(1, Math.ceil(count / HUNDRED));

export type Cloud = {
  readonly deps: Deps;
  readonly table: Table;
  readonly ledger: Ledger;
  readonly settings: Settings;
  readonly random: Random;
  /** By ARN, those that run. */
  readonly tasks: Map<string, Task>;
  /** Sent and not delivered yet. */
  readonly queue: Delivery[];
  /** ms since the epoch. */
  now: number;
};

/** @param settings what differs from the defaults */
export const countingCloud = (settings: Partial<Settings>, seed = 1): Cloud => {
  const random = new Random(seed);
  let ids = 0;
  const ledger = new Ledger(() => Math.floor((cloud.now - BEGIN) / 60_000));
  const table = new Table({ now: () => cloud.now - BEGIN, lag: () => 0 });
  const cloud: Cloud = {
    table,
    ledger,
    random,
    settings: settingsSchema.parse(settings),
    tasks: new Map(),
    queue: [],
    now: BEGIN,
    deps: undefined as never,
  };
  const deps: Deps = {
    store: countingStore(table, ledger),
    tasks: {
      launch: async ({ sessionId, epoch }) => {
        ledger.add('ECS RunTask');
        ids += 1;
        const taskArn = `arn:aws:ecs:us-east-1:123456789012:task/berth-prod/${String(ids).padStart(32, '0')}`;
        cloud.tasks.set(taskArn, { taskArn, sessionId, epoch, createdAt: cloud.now, stopped: false });
        return { ok: true, taskArn };
      },
      stop: async (taskArn) => {
        ledger.add('ECS StopTask');
        cloud.tasks.delete(taskArn);
      },
      describe: async (taskArn) => {
        ledger.add('ECS DescribeTasks');
        return cloud.tasks.get(taskArn);
      },
      // The settings keep no standby task: a fleet pays for them by the hour (berth cost --standby).
      launchStandby: async () => ({ ok: false, retryable: false, detail: 'no standby task is kept' }),
      listOnHost: async () => [],
      newestRevisions: () => [],
      revision: 'berth-prod:1',
      list: async (sessionId) => {
        const found = [...cloud.tasks.values()].filter(
          (task) => sessionId === undefined || task.sessionId === sessionId,
        );
        ledger.add('ECS ListTasks', pages(found.length));
        if (found.length > 0) ledger.add('ECS DescribeTasks', pages(found.length));
        return found;
      },
    },
    auth: {
      restoreUrl: async (key) => `https://storage.invalid/${key}`,
      beginUpload: async (key) => {
        // The one that the worker makes.
        ledger.add('S3 PUT');
        return { partBytes: 8_388_608, parts: [`https://storage.invalid/${key}`] };
      },
      completeUpload: async () => {
        ledger.add('S3 GET');
        return { bytes: SNAPSHOT_BYTES };
      },
      remove: async () => ledger.add('S3 DELETE'),
    },
    builds: { put: async (_, html) => html.length, remove: async () => {}, url: async (key) => key },
    events: {
      send: async (deliveries) => {
        ledger.add('SQS SendMessage', deliveries.length);
        cloud.queue.push(...deliveries);
      },
      // Only while live events are followed: the cost model counts followers apart.
      wake: async () => ledger.add('SQS SendMessage'),
    },
    workers: { run: async () => ({ ok: true, result: {} }) },
    metrics: { count: () => {} },
    clock: () => cloud.now,
    // A restart waits for its back-off before its task is launched.
    sleep: async (ms) => {
      cloud.now += ms;
    },
    ids: {
      sessionId: () => `ses_${String(++ids).padStart(26, '0')}`,
      eventId: () => `evt_${String(++ids).padStart(26, '0')}`,
      secret: () => `${String(++ids).padEnd(20, 'x')}${random.text(23)}`,
      random: () => random.next(),
    },
    sha256: (text) => hash('sha256', text),
    settings: cloud.settings,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  };
  return Object.assign(cloud, { deps });
};

export const SNAPSHOT_BYTES = 4_000_000;

const countingStore = (table: Table, ledger: Ledger): Store => ({
  get: async (key) => {
    const item = table.get(key);
    ledger.read('GetItem', [item]);
    return item;
  },
  getMany: async (keys) => {
    const items = table.getMany(keys);
    if (keys.length > 0)
      ledger.read(
        'BatchGetItem',
        [...items, ...Array(keys.length - items.length).fill(undefined)],
        1,
        pages(keys.length),
      );
    return items;
  },
  write: async (write) => {
    const { result, changes } = table.write(write);
    const operation = { put: 'PutItem', update: 'UpdateItem', delete: 'DeleteItem' }[write.kind];
    ledger.write(operation, changes, result.ok ? 0 : 1);
    return result;
  },
  transact: async (writes, token) => {
    const { result, changes } = table.transact(writes, token);
    ledger.write('TransactWriteItems', changes, result.ok ? 0 : writes.length, 2);
    return result;
  },
  query: async (query) => {
    const page = table.query(query);
    ledger.read('Query', page.items, query.index ? 0.5 : 1);
    return page;
  },
  scan: async (request) => {
    const page = table.scan(request);
    ledger.read('Scan', page.items, 0.5);
    return page;
  },
});
