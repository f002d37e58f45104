/**
 * The requirements of a session: a folder, the command server, a browser (`prepare`), and the control plane's
 * confirmation that this is the worker of the epoch (`bootstrap`).
 */
import { randomBytes } from 'node:crypto';
import type { Assignment } from '../contract/worker/protocol.ts';
import { commandAddress } from './address.ts';
import { describeError, Fenced, NoBrowser, RequestRefused } from './base/faults.ts';
import type { Log } from './base/log.ts';
import type { Time } from './base/time.ts';
import type { EarlyBrowser } from './browser/early.ts';
import { type Browser, ensureBrowser } from './browser/find.ts';
import { openProxyRelay } from './browser/proxy-relay.ts';
import { type CommandServer, startCommandServer } from './commands/server.ts';
import { type ControlClock, createControlClock } from './control/clock.ts';
import { type BootstrapResponse, createWorkerApi, type WorkerApi } from './control/worker-api.ts';
import type { Ending } from './ending.ts';
import type { ContainerEnvironment } from './environment.ts';
import { EXIT, type Exit } from './exit.ts';
import { type OwnTask, ownTask } from './metadata.ts';
import { fetchSavedPage, type SavedPage } from './whatsapp/saved-page.ts';
import { makeWorkDir } from './work-dir.ts';

/** The steps that need no session. */
export type Prepared = {
  readonly workDir: string;
  readonly server: CommandServer;
  /** Host and port under which others reach the command server. */
  readonly reach: string;
  readonly commandSecret: string;
  readonly found: Browser | NoBrowser;
  readonly task: OwnTask | undefined;
};

export type Bootstrapped = {
  readonly sessionId: string;
  readonly api: WorkerApi;
  readonly clock: ControlClock;
  readonly server: CommandServer;
  readonly workDir: string;
  readonly browser: Browser;
  readonly settings: BootstrapResponse;
  /** A stored build of WhatsApp Web to load; absent: the live one. */
  readonly page: SavedPage | undefined;
};

const BOOTSTRAP_LIMIT_MS = 60_000;

const newSecret = () => randomBytes(32).toString('base64url');

/**
 * @param assign of a standby task: takes the assignment that its command server is sent
 * @param early the browser that runs already, and the folder that it was started in
 */
export const prepare = async (options: {
  readonly environment: ContainerEnvironment;
  readonly epoch: number | undefined;
  readonly assign?: (assignment: Assignment) => Promise<boolean>;
  readonly early?: EarlyBrowser | undefined;
  readonly time: Time;
  readonly log: Log;
  readonly exit: Exit;
}): Promise<Prepared> => {
  const { environment, epoch, assign, early, time, log, exit } = options;
  const commandSecret = newSecret();
  log.hide(commandSecret);

  for (const note of early?.notes ?? []) log.info(note);
  const ownWorkDir = async () => {
    const dir = early?.workDir ?? (await makeWorkDir(environment.BERTH_WORK_DIR));
    exit.owns(dir);
    return dir;
  };
  const openServer = async () => {
    const { listen: host, reach, reachPort } = await commandAddress(environment, time);
    const port = environment.BERTH_COMMAND_PORT;
    const server = await startCommandServer({
      host,
      port,
      secret: commandSecret,
      epoch,
      time,
      log,
      ...(assign === undefined ? {} : { assign }),
    });
    exit.onShutdown(() => server.close());
    return { server, reach: `${reach}:${reachPort ?? server.port}` };
  };
  const findBrowser = (): Promise<Browser | NoBrowser> =>
    ensureBrowser({
      path: environment.CHROMIUM_PATH,
      browserDir: environment.BERTH_BROWSER_DIR,
      trusts: true,
      onProgress: (message) => log.info(message),
    }).catch((error: unknown) => (error instanceof NoBrowser ? error : new NoBrowser(describeError(error))));

  const [workDir, { server, reach }, found, task] = await Promise.all([
    ownWorkDir(),
    openServer(),
    early?.found ?? findBrowser(),
    ownTask(environment, time),
  ]);
  return { workDir, server, reach, commandSecret, found, task };
};

/** Undefined: there is nothing to continue with, and the process ends. */
export const bootstrap = async (
  { workDir, server, reach, commandSecret, found, task }: Prepared,
  { sessionId, epoch, bootstrapToken }: Pick<Assignment, 'sessionId' | 'epoch' | 'bootstrapToken'>,
  options: {
    readonly environment: ContainerEnvironment;
    readonly time: Time;
    readonly log: Log;
    readonly exit: Exit;
    readonly ending: Ending;
    /** Called once the control plane has been asked: until it answers, there is time for other work. */
    readonly onAsked: () => void;
    /** Called once the control plane has answered that this is the worker. */
    readonly onServing?: () => void;
  },
): Promise<Bootstrapped | undefined> => {
  const { environment, time, log, exit, ending, onAsked, onServing = () => {} } = options;
  const workerSecret = newSecret();
  for (const secret of [workerSecret, bootstrapToken]) log.hide(secret);
  server.bind(epoch);

  const api = createWorkerApi({
    url: environment.BERTH_WORKER_API_URL,
    sessionId,
    epoch,
    workerSecret,
    time,
    onFenced: () => {
      log.warn('fenced: this epoch has ended');
      ending.forgo();
      void exit.shutDown(EXIT.fenced);
    },
  });
  const askedAt = time.now();
  let settings: BootstrapResponse;
  try {
    settings = await api.bootstrap(
      {
        sessionId,
        epoch,
        bootstrapToken,
        workerSecret,
        commandSecret,
        address: `http://${reach}`,
        chromiumBuild: found instanceof NoBrowser ? 'none' : found.build,
        ...(task === undefined ? {} : { taskArn: task.arn }),
      },
      { until: askedAt + BOOTSTRAP_LIMIT_MS, onSent: onAsked },
    );
  } catch (error) {
    if (error instanceof Fenced) return;
    log.error('bootstrap failed', { error: describeError(error) });
    await exit.shutDown(error instanceof RequestRefused ? EXIT.refused : EXIT.defect);
    return;
  }
  onServing();
  if (exit.shuttingDown) return;
  // The control plane read its clock somewhere between the question and the answer.
  const clock = createControlClock(time);
  clock.set(settings.now, Math.round((askedAt + time.now()) / 2));

  if (found instanceof NoBrowser) {
    log.error(found.message);
    await api
      .finalReport(
        { reason: 'crashed', detail: found.message.slice(0, 500) },
        { until: time.now() + settings.stopGraceSeconds * 1000 },
      )
      .catch((error: unknown) => log.error('final report not accepted', { error: describeError(error) }));
    await exit.shutDown(EXIT.defect);
    return;
  }
  const page = await fetchSavedPage({ page: settings.page, workDir, time, log });
  if (exit.shuttingDown) return;
  const { proxy } = settings.client;
  if (!proxy) return { sessionId, api, clock, server, workDir, browser: found, settings, page };
  const relay = await openProxyRelay(proxy.server, settings.media, log);
  exit.onShutdown(relay.close);
  const client = { ...settings.client, proxy: { ...proxy, server: relay.server } };
  return { sessionId, api, clock, server, workDir, browser: found, settings: { ...settings, client }, page };
};
