/**
 * The whole local system: synthesizes the CDK app, interprets the assembly, and starts an engine for each part of it.
 * Only connections that the template declares are made. The parts end in reverse order, after the last worker has
 * ended.
 */
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '../contract/clock.ts';
import type { BuildName } from '../contract/phone/behavior.ts';
import type { PhoneClient } from '../contract/phone/client.ts';
import { ensureAdminKey } from './admin-key.ts';
import { ChangesUnderWay } from './api/changes-under-way.ts';
import { openOnKeptPort } from './api/kept-port.ts';
import { serveApis } from './api/serve.ts';
import { openApi } from './api/server.ts';
import type { Throttle } from './api/throttle.ts';
import { interpret } from './assembly/interpret.ts';
import type { Model } from './assembly/model.ts';
import { readAssembly } from './assembly/read.ts';
import { Closers } from './closers.ts';
import { openDataDir } from './data-dir.ts';
import { openEndpoint } from './endpoint.ts';
import type { HostControl } from './engines/ecs/ecs.ts';
import type { Faults } from './faults.ts';
import type { AccessRecorder } from './iam/recorder.ts';
import { prepare } from './prepare.ts';
import { createEngineLogger } from './runtime/engine-log.ts';
import type { Warning } from './runtime/function-log.ts';
import { Functions } from './runtime/functions.ts';
import { LogFile } from './runtime/log-file.ts';
import { MetricStore } from './runtime/metrics.ts';
import type { InvokeResult } from './runtime/pool.ts';
import { withSettings } from './settings.ts';
import { startTaskEngine } from './task-engine.ts';
import { createDeadLetters } from './triggers/dead-letters.ts';
import type { DeliveryOptions } from './triggers/delivery.ts';
import { startEventSources } from './triggers/event-sources.ts';
import { Schedules } from './triggers/schedules.ts';
import { serveSocketApis } from './websocket/serve.ts';
import type { WhatsAppMode } from './whatsapp.ts';

export type LocalOptions = {
  /** 0: any free port. */
  readonly port: number;
  /** Everything that survives a restart. */
  readonly dataDir: string;
  /** Undefined: real WhatsApp if it answers, else the simulator. */
  readonly whatsapp?: WhatsAppMode;
  /** The build of WhatsApp Web that the simulator shows; the newest by default. */
  readonly build?: BuildName;
  /** Begin with empty tables, buckets and queues. */
  readonly reset?: boolean;
  readonly clock?: Clock;
  /** Values of `Settings` that replace the environment's, as `-c settings=` does at a deploy. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Workers at once; above it RunTask answers that there is no capacity. */
  readonly maxTasks?: number;
  /** Hosts that sessions share, by the memory of each (MiB), before Fargate: the template is then that of `EC2,FARGATE`. */
  readonly hosts?: readonly number[];
  /**
   * Concurrent executions of the AWS account that the local system imitates; 1,000 by default, 10 in a new account.
   */
  readonly accountConcurrency?: number;
  /** In place of the template's throttle on callers; false: no throttle, for measuring this machine. */
  readonly throttle?: Throttle | false;
  /** Run schedules by the clock and once at the start; without it only `trigger` runs them. */
  readonly schedules?: boolean;
  readonly onProgress?: (message: string) => void;
  /** The part of the functions' and engines' logs that a person should see. */
  readonly onWarning?: (warning: Warning) => void;
};

export type LocalStack = {
  readonly url: string;
  /** Of the API that workers call. */
  readonly workerUrl: string;
  /** Undefined if a key was made before and its file is gone. */
  readonly adminKey: string | undefined;
  /** The key was made by this start. */
  readonly adminKeyIsNew: boolean;
  readonly whatsapp: WhatsAppMode;
  /** Drives the simulator's phone; undefined with real WhatsApp. */
  readonly phone: PhoneClient | undefined;
  /** The simulator's page for people. */
  readonly phoneUrl: string | undefined;
  /** Switches that lead a browser to the simulator as web.whatsapp.com; none with real WhatsApp. */
  readonly chromiumArgs: readonly string[];
  /** The version of the workers' browser. */
  readonly browser: string;
  /** How many tasks of an earlier, killed run were ended at the start. */
  readonly leftovers: number;
  readonly model: Model;
  readonly metrics: MetricStore;
  /** The database itself, behind the gateway: no permission is checked there. For tests that look into it. */
  readonly databaseUrl: string;
  /** The storage itself, likewise. */
  readonly storageUrl: string;
  /** Deletes what the buckets' lifecycle rules expire as of a time, ms. */
  expireObjects(atMs: number): void;
  /** Which permissions were used and which were refused. */
  readonly access: AccessRecorder;
  /** The hosts of `LocalOptions.hosts`. */
  readonly hosts: HostControl;
  readonly faults: Faults;
  /** Runs a scheduled function now and waits for it: `reaper`, `reconciler`. */
  trigger(schedule: string): Promise<void>;
  /**
   * Deploys the worker again, as a deployment does: a new revision of its task definition, from the sources as they are.
   * Running sessions keep theirs until a rollout moves them. Returns the ARNs that launches use from now on.
   */
  deployWorker(): Promise<readonly string[]>;
  /** Invokes a function by its name or handler. */
  invoke(functionName: string, event: unknown): Promise<InvokeResult>;
  /**
   * Ends everything, workers gracefully: they save their state and send their final reports while API and engines are
   * still there. No process is left. @param graceMs for the workers; past it they are killed
   */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  /** Kills the workers and ends at once. */
  abort(): Promise<void>;
};

const STOP_GRACE_MS = 30_000;
/** For requests and deliveries under way once the workers are gone. */
const CLOSE_GRACE_MS = 3_000;
/** For a create and its code: always loaded, so that no person waits for them. The others load meanwhile. */
const ALWAYS_LOADED = ['authorizer', 'sessions-admit', 'worker-api', 'linking'];

/**
 * Starts the local system. If a step fails, the parts that were started are stopped again.
 *
 * @throws the system's EADDRINUSE if the port is taken; DataDirInUse; BrowserMissing; WhatsAppUnreachable;
 * UninterpretedError and SchemaChanged for a template that does not fit
 */
export const startLocal = async (options: LocalOptions): Promise<LocalStack> => {
  const closers = new Closers();
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.run().catch(() => {
      // The first error is the one to report.
    });
    throw error;
  }
};

const start = async (options: LocalOptions, closers: Closers): Promise<LocalStack> => {
  const { whatsapp, maxTasks, clock = systemClock, onProgress = () => {}, onWarning = () => {} } = options;
  const listener = await openApi(options.port);
  closers.add(() => listener.close(CLOSE_GRACE_MS));
  const dir = openDataDir(resolve(options.dataDir), { reset: options.reset ?? false });
  closers.add(dir.release);
  const workerListener = await openOnKeptPort(dir.workerPort);
  closers.add(() => workerListener.close(CLOSE_GRACE_MS));

  const { assembly, browser, whatsApp, startTask, agent, rebuildWorker } = await prepare({
    whatsapp,
    build: options.build,
    ...(options.hosts === undefined ? {} : { capacity: 'EC2,FARGATE' }),
    dir,
    clock,
    closers,
    onProgress,
  });
  const engineLog = new LogFile(join(dir.logs, 'engines.log'));
  const logger = createEngineLogger(engineLog, clock, onWarning);
  closers.add(() => engineLog.close());
  const onProblem = (message: string) => logger.warn(message);

  onProgress('Starting the engines …');
  const endpoint = await openEndpoint({ dir, clock, logger, closers });
  const model = withSettings(
    interpret(readAssembly(assembly), {
      endpoint: endpoint.url,
      apiUrl: (name) => (isWorkerApi(name) ? workerListener : listener).url,
    }),
    {
      refusedPorts: portsOf(workerListener.url, endpoint.databaseUrl, endpoint.sqsUrl, whatsApp.phoneUrl),
      ...options.settings,
      whatsapp: whatsApp.mode,
    },
  );
  await endpoint.deploy(model);

  const metrics = new MetricStore(clock);
  const functions = new Functions({
    models: model.functions,
    endpoint: endpoint.url,
    principals: endpoint.principals,
    metrics,
    logDir: join(dir.logs, 'functions'),
    clock,
    onWarning,
    ...(options.accountConcurrency === undefined ? {} : { accountConcurrency: options.accountConcurrency }),
  });
  const invoke = (name: string, event: unknown, signal?: AbortSignal) =>
    functions.invoke(name, event, signal);
  endpoint.serveLambda(invoke);
  closers.add(() => functions.close());

  const deadLetters = createDeadLetters(endpoint.sqsUrl);
  closers.add(() => deadLetters.close());
  const delivery: DeliveryOptions = {
    invoke,
    functionArn: (name) => functions.model(name).arn,
    permissions: model.permissions,
    authorize: endpoint.authorize,
    sendToDeadLetters: deadLetters.send,
    clock,
    onProblem,
  };
  const changes = new ChangesUnderWay();
  const tasks = startTaskEngine(model, {
    startTask,
    agent,
    maxTasks,
    hosts: options.hosts ?? [],
    delivery,
    callers: changes,
    dir,
    clock,
    logger,
    closers,
  });
  endpoint.serveEcs(tasks.ecs);

  serveSocketApis(model, { listener, endpoint, invoke, logs: dir.logs, clock, closers });
  const sources = startEventSources(model, endpoint, { invoke, onProblem });
  closers.add(() => sources.close());

  const admin = await ensureAdminKey(dir.adminKey, invoke);
  // A caller that gets an answer can have a key. Workers that an earlier run left still call while they end.
  serveApis(model, {
    callers: listener,
    workers: workerListener,
    throttle: options.throttle,
    invoke,
    changes,
    logs: dir.logs,
    clock,
    closers,
  });
  // Not before: beside the function that makes the key they would only delay it.
  for (const name of ALWAYS_LOADED) functions.warm(name);
  const leftovers = await tasks.ecs.clearLeftovers();
  const schedules = new Schedules(model.schedules, delivery);
  closers.add(() => schedules.close());
  if (options.schedules !== false) {
    schedules.start({ catchUp: true });
  }

  let stopping: Promise<void> | undefined;
  return {
    url: listener.url,
    workerUrl: workerListener.url,
    adminKey: admin.key,
    adminKeyIsNew: admin.isNew,
    whatsapp: whatsApp.mode,
    phone: whatsApp.phone,
    phoneUrl: whatsApp.phoneUrl,
    chromiumArgs: whatsApp.chromiumArgs,
    browser,
    leftovers,
    model,
    metrics,
    databaseUrl: endpoint.databaseUrl,
    storageUrl: endpoint.s3Url,
    expireObjects: endpoint.expireObjects,
    access: endpoint.access,
    hosts: tasks.ecs.hosts,
    faults: {
      refuse: endpoint.refuse,
      killFunction: (name, isVictim) => functions.kill(name, isVictim),
      ecs: tasks.ecs.faults,
    },
    trigger: (name) => schedules.trigger(name),
    invoke,
    deployWorker: async () => {
      const revisions = tasks.ecs.registerRevisions(await rebuildWorker());
      functions.configure((environment) =>
        Object.fromEntries(
          Object.entries(environment).map(([name, value]) => [name, revisions.get(value) ?? value]),
        ),
      );
      return [...revisions.values()];
    },
    stop: ({ graceMs = STOP_GRACE_MS } = {}) => {
      stopping ??= tasks.stop({ graceMs }).then(() => closers.run());
      return stopping;
    },
    abort: async () => {
      await tasks.abort();
      await (stopping ?? closers.run());
    },
  };
};

/**
 * The system's own ports: no webhook, file or proxy leads there. Those of the API and of the gateway are not among
 * them: both reject requests without a key or signature, and links to received files lead there.
 */
const portsOf = (...urls: readonly (string | undefined)[]): number[] =>
  urls.flatMap((url) => (url === undefined ? [] : [Number(new URL(url).port)]));

/** infra/names.ts ends its name so. */
const isWorkerApi = (name: string): boolean => name.endsWith('-workers');
