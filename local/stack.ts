/**
 * The whole local system: synthesizes the CDK app, interprets the assembly, and starts an engine for each part of it.
 * Nothing is wired here that the template does not say.
 */
import { join, resolve } from 'node:path';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Clock, systemClock } from '../core/clock.ts';
import type { PhoneClient } from '../core/phone/client.ts';
import { ensureAdminKey } from './admin-key.ts';
import { type ApiListener, openApi } from './api/server.ts';
import { interpret } from './assembly/interpret.ts';
import type { Model } from './assembly/model.ts';
import { readAssembly } from './assembly/read.ts';
import { synthesize } from './assembly/synth.ts';
import { prepareBrowser } from './browser.ts';
import { Closers } from './closers.ts';
import { type DataDir, openDataDir } from './data-dir.ts';
import { startDynamoDb } from './engines/dynamodb/index.ts';
import { createEcs, type Ecs } from './engines/ecs/ecs.ts';
import { startStorage } from './engines/storage/storage.ts';
import { type Faults, Refusals } from './faults.ts';
import { startGateway } from './gateway/gateway.ts';
import { lambdaService } from './gateway/lambda.ts';
import { Principals } from './gateway/principals.ts';
import { REGION } from './iam/arn.ts';
import { authorizeByPolicies } from './iam/authorize.ts';
import { AccessRecorder } from './iam/recorder.ts';
import { provision } from './provision.ts';
import { createEngineLogger } from './runtime/engine-log.ts';
import type { Warning } from './runtime/function-log.ts';
import { Functions } from './runtime/functions.ts';
import { LogFile } from './runtime/log-file.ts';
import { MetricStore } from './runtime/metrics.ts';
import type { InvokeResult } from './runtime/pool.ts';
import { withSettings } from './settings.ts';
import { createDeadLetters } from './triggers/dead-letters.ts';
import type { DeliveryOptions } from './triggers/delivery.ts';
import { EventRules } from './triggers/event-rules.ts';
import { Schedules } from './triggers/schedules.ts';
import { SqsSource } from './triggers/sqs-source.ts';
import { chooseWhatsApp, type WhatsAppMode } from './whatsapp.ts';
import { compileWorker, localWorker } from './worker-program.ts';
import { openWorld } from './world.ts';

export type LocalOptions = {
  /** 0: any free port. */
  readonly port: number;
  /** Everything that survives a restart. */
  readonly dataDir: string;
  /** Undefined: real WhatsApp where it answers, else the simulator. */
  readonly whatsapp?: WhatsAppMode;
  /** Begin with empty tables, buckets and queues. */
  readonly reset?: boolean;
  readonly clock?: Clock;
  /** Values of `Settings` that replace the environment's, as `-c settings=` does at a deploy. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Workers at once; above it RunTask answers that there is no capacity. */
  readonly maxTasks?: number;
  /** Run schedules by the clock and once at the start; without it only `trigger` runs them. */
  readonly schedules?: boolean;
  readonly onProgress?: (message: string) => void;
  /** What a person should see of what functions and engines log. */
  readonly onWarning?: (warning: Warning) => void;
};

export type LocalStack = {
  readonly url: string;
  /** Undefined where one was made before and its file is gone. */
  readonly adminKey: string | undefined;
  /** The key was made by this start. */
  readonly adminKeyIsNew: boolean;
  readonly whatsapp: WhatsAppMode;
  /** Drives the simulator's phone; undefined with real WhatsApp. */
  readonly phone: PhoneClient | undefined;
  /** The simulator's page for people. */
  readonly phoneUrl: string | undefined;
  /** What the workers' browser is. */
  readonly browser: string;
  /** How many tasks of an earlier, killed run were ended at the start. */
  readonly leftovers: number;
  readonly model: Model;
  readonly metrics: MetricStore;
  /** The database itself, behind the gateway: no permission is asked for there. For tests that look into it. */
  readonly databaseUrl: string;
  /** Which permissions were used and which were refused. */
  readonly access: AccessRecorder;
  readonly faults: Faults;
  /** Runs a scheduled function now and waits for it: `reaper`, `reconciler`. */
  trigger(schedule: string): Promise<void>;
  /** Invokes a function by its name or handler. */
  invoke(functionName: string, event: unknown): Promise<InvokeResult>;
  /**
   * Ends everything, workers gracefully: they save their state and say their last word while API and engines are
   * still there. No process is left. @param graceMs for the workers; past it they are killed
   */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  /** Kills the workers and ends at once. */
  abort(): Promise<void>;
};

const ROOT = resolve(import.meta.dirname, '..');
const STOP_GRACE_MS = 30_000;
/** For requests and deliveries under way once the workers are gone. */
const CLOSE_GRACE_MS = 3_000;
/** On the way to the first QR code: loaded while the rest starts, so that nobody waits for them. */
const FIRST_NEEDED = ['authorizer', 'sessions-admit', 'worker-api', 'linking'];
const LIFECYCLE_EVERY_MS = 3_600_000;

/**
 * Starts the local system. What fails on the way undoes what was started.
 *
 * @throws the system's EADDRINUSE where the port is taken; DataDirInUse; BrowserMissing; WhatsAppUnreachable;
 * UninterpretedError and SchemaChanged for a template that does not fit
 */
export const startLocal = async (options: LocalOptions): Promise<LocalStack> => {
  const closers = new Closers();
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.run().catch(() => {
      // The first error is the one to tell.
    });
    throw error;
  }
};

const start = async (options: LocalOptions, closers: Closers): Promise<LocalStack> => {
  const { clock = systemClock, onProgress = () => {}, onWarning = () => {} } = options;
  const listener = await openApi(options.port);
  closers.add(() => listener.close(CLOSE_GRACE_MS));
  const dir = openDataDir(resolve(options.dataDir), { reset: options.reset ?? false });
  closers.add(dir.release);

  // What was asked for and can't be had is told before the long steps; what is found out by itself runs beside them.
  const mode =
    options.whatsapp === undefined ? chooseWhatsApp(undefined) : await chooseWhatsApp(options.whatsapp);
  const browserDir = join(ROOT, '.berth', 'cache', 'browser');
  const compileCache = join(ROOT, '.berth', 'cache', 'compile');
  const preparations = [
    synthesize({
      root: ROOT,
      cacheDir: join(ROOT, '.berth', 'cache', 'assembly'),
      onSynthesize: () => onProgress('Synthesizing the CDK app (only when its sources changed) …'),
    }),
    prepareBrowser(ROOT, { BERTH_BROWSER_DIR: browserDir }),
    compileWorker(compileCache),
    openWorld(mode, dir, clock, closers),
  ] as const;
  // A failure is thrown once all have ended, so that nothing goes on unseen.
  await Promise.allSettled(preparations);
  const [directory, browser, , world] = await Promise.all(preparations);
  const engineLog = new LogFile(join(dir.logs, 'engines.log'));
  const logger = createEngineLogger(engineLog, clock, onWarning);
  closers.add(() => engineLog.close());

  onProgress('Starting the engines …');
  const dynamodb = await startDynamoDb({ dir: dir.dynamodb, clock, logger });
  closers.add(() => dynamodb.close());
  const storage = await startStorage({ dir: dir.storage, clock });
  closers.add(() => storage.close());

  const principals = new Principals();
  const access = new AccessRecorder();
  const refusals = new Refusals();
  // The gateway's address is part of what the template's values resolve to, so it listens before there is a model.
  let model: Model | undefined;
  let ecs: Ecs | undefined;
  let functions: Functions | undefined;
  const authorize = authorizeByPolicies(
    (principal) => model?.roles.find(({ name }) => name === principal)?.policies ?? [],
    access,
  );
  const gateway = await startGateway({
    principals,
    authorize,
    // By the machine's clock: it judges signatures that SDK clients make by it.
    engines: {
      get s3Url() {
        return refusals.address('s3', storage.s3Url);
      },
      get sqsUrl() {
        return refusals.address('sqs', storage.sqsUrl);
      },
      get dynamodbUrl() {
        return refusals.address('dynamodb', dynamodb.url);
      },
    },
    services: {
      ecs: async (call) => {
        if (ecs === undefined || refusals.has('ecs')) {
          return {
            status: 503,
            body: JSON.stringify({ __type: 'ServerException', message: 'Service Unavailable' }),
          };
        }
        return ecs.handle(call);
      },
      lambda: lambdaService((name, event) => {
        if (functions === undefined) throw new Error('the functions are not up yet');
        return functions.invoke(name, event);
      }),
    },
    taskDefinitionOf: (reference) => {
      const found = model?.taskDefinitions.find(
        ({ arn, family }) => arn === reference || family === reference || arn.endsWith(`/${reference}`),
      );
      return (
        found && {
          arn: found.arn,
          ...(found.taskRoleArn === undefined ? {} : { taskRoleArn: found.taskRoleArn }),
          ...(found.executionRoleArn === undefined ? {} : { executionRoleArn: found.executionRoleArn }),
        }
      );
    },
    partitionKeyOf: (table) =>
      model?.tables.find(({ name }) => name === table)?.keys.find(({ KeyType }) => KeyType === 'HASH')
        ?.AttributeName,
  });
  closers.add(() => gateway.close());

  model = withSettings(interpret(readAssembly(directory), { endpoint: gateway.url, apiUrl: listener.url }), {
    ...options.settings,
    whatsapp: world.mode,
  });
  await provision(model, { dynamodbUrl: dynamodb.url, storage });
  const sweep = setInterval(() => storage.sweepLifecycle(), LIFECYCLE_EVERY_MS).unref();
  storage.sweepLifecycle();
  closers.add(() => clearInterval(sweep));

  const metrics = new MetricStore(clock);
  const runtime = new Functions({
    models: model.functions,
    endpoint: gateway.url,
    principals,
    metrics,
    logDir: join(dir.logs, 'functions'),
    clock,
    onWarning,
  });
  functions = runtime;
  closers.add(() => runtime.close());
  for (const name of FIRST_NEEDED) runtime.warm(name);
  const invoke = (name: string, event: unknown) => runtime.invoke(name, event);
  serveApi(listener, model, invoke, dir, clock, closers);

  const deadLetters = createDeadLetters(storage.sqsUrl);
  closers.add(() => deadLetters.close());
  const delivery: DeliveryOptions = {
    invoke,
    functionArn: (name) => runtime.model(name).arn,
    permissions: model.permissions,
    authorize,
    sendToDeadLetters: deadLetters.send,
    clock,
    onProblem: (message) => logger.warn(message),
  };
  const rules = new EventRules(model.eventRules, delivery);
  closers.add(() => rules.close());
  const engine = createEcs({
    clusterArns: model.clusters.map(({ arn }) => arn),
    taskDefinitions: model.taskDefinitions.map((definition) => ({
      arn: definition.arn,
      family: definition.family,
      containers: definition.containers.map(({ name, environment, stopTimeoutSeconds }) => ({
        name,
        environment: { ...environment },
        stopTimeout: stopTimeoutSeconds,
      })),
    })),
    startTask: localWorker({ chromiumArgs: world.chromiumArgs, browserDir, compileCache }),
    stateDir: dir.ecs,
    logDir: join(dir.logs, 'tasks'),
    emit: (event) => rules.put(event),
    clock,
    logger,
    ...(options.maxTasks === undefined ? {} : { capacity: { maxTasks: options.maxTasks } }),
  });
  ecs = engine;
  closers.add(() => engine.close());

  const sources = startSources(model, gateway.url, principals, invoke, (message) => logger.warn(message));
  closers.add(() => Promise.all(sources.map((source) => source.close())).then(() => {}));

  const admin = await ensureAdminKey(dir.adminKey, invoke);
  const leftovers = await engine.clearLeftovers();
  const schedules = new Schedules(model.schedules, delivery);
  closers.add(() => schedules.close());
  if (options.schedules !== false) {
    schedules.start({ catchUp: true });
  }

  let stopping: Promise<void> | undefined;
  return {
    url: listener.url,
    adminKey: admin.key,
    adminKeyIsNew: admin.isNew,
    whatsapp: world.mode,
    phone: world.phone,
    phoneUrl: world.phoneUrl,
    browser,
    leftovers,
    model,
    metrics,
    databaseUrl: dynamodb.url,
    access,
    faults: {
      refuse: (engineName, on) => refusals.set(engineName, on),
      killFunction: (name, isVictim) => runtime.kill(name, isVictim),
      ecs: engine.faults,
    },
    trigger: (name) => schedules.trigger(name),
    invoke,
    stop: ({ graceMs = STOP_GRACE_MS } = {}) => {
      rules.hurry();
      stopping ??= engine.stopAll({ graceMs }).then(() => closers.run());
      return stopping;
    },
    abort: async () => {
      rules.hurry();
      await engine.close();
      await (stopping ?? closers.run());
    },
  };
};

const serveApi = (
  listener: ApiListener,
  model: Model,
  invoke: (name: string, event: unknown) => Promise<InvokeResult>,
  dir: DataDir,
  clock: Clock,
  closers: Closers,
): void => {
  const accessLog = new LogFile(join(dir.logs, 'api-access.log'));
  closers.add(() => accessLog.close());
  listener.serve({
    api: model.api,
    permissions: model.permissions,
    invoke,
    clock,
    onAccess: (entry) => accessLog.write(entry),
  });
};

const startSources = (
  model: Model,
  endpoint: string,
  principals: Principals,
  invoke: (name: string, event: unknown) => Promise<InvokeResult>,
  onProblem: (message: string) => void,
): SqsSource[] =>
  model.eventSources.map((source) => {
    const fn = model.functions.find(({ name }) => name === source.functionName);
    const queue = model.queues.find(({ arn }) => arn === source.queueArn);
    if (fn === undefined || queue === undefined) {
      throw new Error(`event source ${source.id}: there is no queue ${source.queueArn}`);
    }
    const client = new SQSClient({
      endpoint,
      region: REGION,
      credentials: principals.register(fn.role),
      maxAttempts: 1,
    });
    return new SqsSource({ source, queueUrl: queue.url, client, invoke, onProblem });
  });
