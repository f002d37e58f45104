/** The rules over a database in memory and parts whose every answer a test decides. */
import { hash } from 'node:crypto';
import type { Deps } from '../../../core/deps.ts';
import type { Delivery, LaunchResult, Task } from '../../../core/ports.ts';
import { type Settings, settingsSchema } from '../../../core/settings.ts';
import type { Store } from '../../../core/store.ts';
import { directStore, Table } from '../../simulation/model/table.ts';

export const NOW = Date.UTC(2026, 0, 1);

export type TestSystem = {
  readonly deps: Deps;
  readonly table: Table;
  readonly settings: Settings;
  /** By taskArn; `stopped` ones stay describable. */
  readonly tasks: Map<string, Task>;
  readonly objects: Map<string, number>;
  readonly queue: Delivery[];
  /** Topics of live events, by each wake. */
  readonly woken: string[];
  readonly stopCalls: string[];
  readonly launchCalls: string[];
  /** Launches that leave hosts out, as in `launchCalls`. */
  readonly launchedOffHosts: string[];
  /** Launches for which any browser fits. */
  readonly fittingAnyBrowser: string[];
  now: number;
  revision: string;
  /** Which host a task runs on, by taskArn. */
  readonly hosts: Map<string, string>;
  launchResult: (taskArn: string) => LaunchResult | Error;
  stopError: Error | undefined;
  /** Runs before each call of the store; what it does to the table happens in between two calls of a rule. */
  meanwhile: (call: string) => void;
  removeError: Error | undefined;
};

export const testSystem = (settings: Partial<Settings> = {}): TestSystem => {
  const table = new Table({ now: () => made.now - NOW, lag: () => 0 });
  let count = 0;
  const direct = directStore(table);
  const store: Store = {
    get: (key) => before(`get ${key.pk}`, () => direct.get(key)),
    getMany: (keys) => before('getMany', () => direct.getMany(keys)),
    write: (write) => before(`write ${write.key.pk}`, () => direct.write(write)),
    transact: (writes, token) => before('transact', () => direct.transact(writes, token)),
    query: (query) => before(`query ${query.partition}`, () => direct.query(query)),
    scan: (request) => before(`scan ${request.index}`, () => direct.scan(request)),
  };
  const before = async <T>(call: string, run: () => Promise<T>): Promise<T> => {
    made.meanwhile(call);
    return run();
  };
  const byToken = new Map<string, string>();
  const parsed = settingsSchema.parse(settings);
  const made: TestSystem = {
    table,
    settings: parsed,
    tasks: new Map(),
    objects: new Map(),
    queue: [],
    woken: [],
    stopCalls: [],
    launchCalls: [],
    launchedOffHosts: [],
    fittingAnyBrowser: [],
    now: NOW,
    revision: 'worker:1',
    hosts: new Map(),
    launchResult: (taskArn) => ({ ok: true, taskArn }),
    stopError: undefined,
    meanwhile: () => {},
    removeError: undefined,
    deps: {
      store,
      tasks: {
        launch: async ({ sessionId, epoch, clientToken, avoidsHosts, fitsAnyBrowser }) => {
          made.launchCalls.push(`${sessionId}:${epoch}`);
          if (avoidsHosts) made.launchedOffHosts.push(`${sessionId}:${epoch}`);
          if (fitsAnyBrowser) made.fittingAnyBrowser.push(`${sessionId}:${epoch}`);
          const taskArn = byToken.get(clientToken) ?? `task-${byToken.size + 1}`;
          const result = made.launchResult(taskArn);
          if (result instanceof Error) throw result;
          if (!result.ok) return result;
          byToken.set(clientToken, taskArn);
          if (!made.tasks.has(taskArn)) {
            const { now: createdAt, revision } = made;
            made.tasks.set(taskArn, { taskArn, sessionId, epoch, createdAt, stopped: false, revision });
          }
          return result;
        },
        launchStandby: async ({ standbyId, clientToken }) => {
          made.launchCalls.push(standbyId);
          const taskArn = byToken.get(clientToken) ?? `task-${byToken.size + 1}`;
          const result = made.launchResult(taskArn);
          if (result instanceof Error) throw result;
          if (!result.ok) return result;
          byToken.set(clientToken, taskArn);
          const known = { taskArn, sessionId: undefined, epoch: undefined, standbyId };
          if (!made.tasks.has(taskArn))
            made.tasks.set(taskArn, { ...known, createdAt: made.now, stopped: false });
          return result;
        },
        get revision() {
          return made.revision;
        },
        stop: async (taskArn) => {
          made.stopCalls.push(taskArn);
          if (made.stopError) throw made.stopError;
        },
        newestRevisions: () => [made.revision],
        listOnHost: async (host) =>
          [...made.tasks.values()].filter((task) => !task.stopped && made.hosts.get(task.taskArn) === host),
        describe: async (taskArn) => made.tasks.get(taskArn),
        list: async (launchedFor) =>
          [...made.tasks.values()].filter(
            (task) =>
              !task.stopped &&
              (launchedFor === undefined || [task.sessionId, task.standbyId].includes(launchedFor)),
          ),
      },
      auth: {
        restoreUrl: async (key) => `https://storage.invalid/${key}`,
        beginUpload: async (key) => ({
          uploadId: `upload of ${key}`,
          partBytes: 1,
          parts: ['https://storage.invalid/1'],
        }),
        completeUpload: async (key) => {
          const bytes = made.objects.get(key) ?? 10;
          made.objects.set(key, bytes);
          return { bytes };
        },
        remove: async (keys) => {
          if (made.removeError) throw made.removeError;
          for (const key of keys) made.objects.delete(key);
        },
      },
      builds: {
        put: async (key, html) => {
          made.objects.set(key, html.length);
          return html.length;
        },
        remove: async (key) => void made.objects.delete(key),
        url: async (key) => `https://storage.invalid/${key}`,
      },
      events: {
        send: async (deliveries) => void made.queue.push(...deliveries),
        wake: async (topic) => void made.woken.push(topic),
      },
      workers: { run: async () => ({ ok: true, result: {} }) },
      metrics: { count: () => {} },
      clock: () => made.now,
      sleep: async (ms) => {
        made.now += Math.ceil(ms);
      },
      ids: {
        sessionId: () => `ses_${++count}`,
        eventId: () => `evt_${String(++count).padStart(26, '0')}`,
        secret: () => String(++count).padEnd(43, 'x'),
        random: () => 0.5,
      },
      sha256: (text) => hash('sha256', text),
      settings: parsed,
      log: { info: () => {}, warn: () => {}, error: () => {} },
    },
  };
  return made;
};
