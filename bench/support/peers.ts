/** What Berth is measured beside, each on the same page: the bare library in one process, and wwebjs-api itself. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { sleep } from '../../contract/poll.ts';
import { freePort } from '../../test/soak/system.ts';

const LIMIT_MS = 60_000;
const UP_POLL_MS = 50;

export type Peer = {
  readonly name: string;
  /** Its uppermost process: browsers are below it. */
  readonly pid: number;
  /** Starts a client that has no account. */
  link(name: string): Promise<{ readonly code: string; readonly ms: number }>;
  /** Resolves when the client whose code was scanned works. Call it before the scan. */
  linked(): Promise<void>;
  /** Starts a client that has an account. Ms until it works. */
  resume(name: string): Promise<number>;
  stop(name: string): Promise<void>;
  /** May be called again. */
  close(): Promise<void>;
};

type PeerOptions = {
  readonly name: string;
  /** For its sessions. */
  readonly folder: string;
  readonly browser: { readonly executable: string; readonly environment: Readonly<Record<string, string>> };
  /** The browser's way to the page. */
  readonly switches: readonly string[];
};

const deadline = () => AbortSignal.timeout(LIMIT_MS);

const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};

const answerSchema = z.object({
  up: z.boolean().optional(),
  code: z.string().optional(),
  ms: z.number().optional(),
  ready: z.number().optional(),
  stopped: z.boolean().optional(),
  failed: z.string().optional(),
});

/** whatsapp-web.js with LocalAuth (bare-library.ts). */
export const bareLibrary = async ({ name, folder, browser, switches }: PeerOptions): Promise<Peer> => {
  const child = fork(
    resolve(import.meta.dirname, 'bare-library.ts'),
    [folder, browser.executable, JSON.stringify(switches)],
    { env: { ...process.env, ...browser.environment } },
  );
  const answer = async () => {
    const [message] = await once(child, 'message', { signal: deadline() });
    const parsed = answerSchema.parse(message);
    if (parsed.failed !== undefined) throw new Error(`the bare library failed: ${parsed.failed}`);
    return parsed;
  };
  await answer();
  return {
    name,
    pid: child.pid ?? 0,
    link: async (client) => {
      child.send({ start: client });
      const { code = '', ms = Number.NaN } = await answer();
      return { code, ms };
    },
    linked: async () => void (await answer()),
    resume: async (client) => {
      child.send({ start: client });
      return (await answer()).ready ?? Number.NaN;
    },
    stop: async (client) => {
      child.send({ stop: client });
      await answer();
    },
    close: () => kill(child),
  };
};

const webhookSchema = z.object({
  dataType: z.string(),
  sessionId: z.string(),
  data: z.object({ qr: z.string().optional() }).optional(),
});

/**
 * wwebjs-api as its image runs it: `node server.js` of a checkout with its packages, and the browser that is named. It says
 * by webhook what a client shows.
 */
export const wwebjsApi = async (
  checkout: string,
  { name, folder, browser, switches }: PeerOptions,
): Promise<Peer> => {
  await mkdir(folder, { recursive: true });
  const launcher = join(folder, 'browser');
  const quoted = [browser.executable, ...switches].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  await writeFile(launcher, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`);
  await chmod(launcher, 0o755);

  const heard = new Map<string, (data: z.infer<typeof webhookSchema>['data']) => void>();
  const webhooks = createServer((request, response) => {
    void json(request).then((body) => {
      const { dataType, data } = webhookSchema.parse(body);
      response.end();
      heard.get(dataType)?.(data);
    });
  }).listen(0, '127.0.0.1');
  await once(webhooks, 'listening');
  const { port: webhookPort } = z.object({ port: z.int() }).parse(webhooks.address());
  const next = (dataType: string) =>
    new Promise<z.infer<typeof webhookSchema>['data']>((resolve, reject) => {
      heard.set(dataType, resolve);
      deadline().addEventListener('abort', () => reject(new Error(`${name} did not say ${dataType}`)));
    });

  const port = await freePort();
  const server = spawn(process.execPath, ['server.js'], {
    cwd: checkout,
    stdio: 'ignore',
    env: {
      ...browser.environment,
      PATH: process.env.PATH,
      HOME: folder,
      NODE_ENV: 'production',
      PORT: String(port),
      SESSIONS_PATH: join(folder, 'sessions'),
      CHROME_BIN: launcher,
      BASE_WEBHOOK_URL: `http://127.0.0.1:${webhookPort}`,
      LOG_LEVEL: 'error',
    },
  });
  const call = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: deadline() });
    if (!response.ok) throw new Error(`${name}: ${path} was answered with ${response.status}`);
    await response.text();
  };
  for (const until = performance.now() + LIMIT_MS; ; await sleep(UP_POLL_MS)) {
    if (
      await call('/ping').then(
        () => true,
        () => false,
      )
    )
      break;
    if (performance.now() > until) throw new Error(`${name} did not start`);
  }
  const start = (client: string) => {
    // Answered when the client has shown its code, which its webhook says sooner.
    void call(`/session/start/${client}`).catch(() => {});
  };
  return {
    name,
    pid: server.pid ?? 0,
    link: async (client) => {
      const shown = next('qr');
      const began = performance.now();
      start(client);
      const data = await shown;
      return { code: data?.qr ?? '', ms: performance.now() - began };
    },
    linked: async () => void (await next('ready')),
    resume: async (client) => {
      const works = next('ready');
      const began = performance.now();
      start(client);
      await works;
      return performance.now() - began;
    },
    stop: (client) => call(`/session/stop/${client}`),
    close: async () => {
      await kill(server);
      webhooks.close();
    },
  };
};
