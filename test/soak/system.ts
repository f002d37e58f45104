/** `npm start` as a separate process that can be killed and started again over the same data. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '../../client/index.ts';
import { type PhoneClient, phoneClient } from '../../contract/phone/client.ts';
import { START_FLAGS } from '../helpers/start-flags.ts';

const MAIN = resolve(import.meta.dirname, '../../local/main.ts');
/** A first start synthesizes. */
const START_LIMIT_MS = 150_000;
const STOP_LIMIT_MS = 60_000;

export type SoakSystem = {
  readonly pid: number;
  readonly url: string;
  /** Its data directory. */
  readonly dir: string;
  /** The admin's. */
  readonly key: string;
  readonly berth: Client;
  readonly phone: PhoneClient;
  /** SIGKILL of the main process; its workers notice and end. */
  kill(): Promise<void>;
  /** Starts it again; milliseconds until it was up. */
  start(): Promise<number>;
  /** Ends it in order and removes its data. */
  stop(): Promise<void>;
};

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

/** @param more options of `npm start` */
export const startSoakSystem = async (...more: readonly string[]): Promise<SoakSystem> => {
  const dir = mkdtempSync(join(tmpdir(), 'berth-soak-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let berth: Client | undefined;
  let phone: PhoneClient | undefined;
  const read = (file: string) => readFileSync(join(dir, file), 'utf8').trim();
  const pid = (): number => {
    if (child?.pid === undefined) throw new Error('the system does not run');
    return child.pid;
  };
  const ended = async (limitMs: number): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await Promise.race([once(child, 'exit'), sleep(limitMs, undefined, { ref: false })]);
  };

  const start = async (): Promise<number> => {
    const begun = performance.now();
    let output = '';
    const started = spawn(
      process.execPath,
      [
        ...START_FLAGS,
        ...[MAIN, '--data', dir, '--port', String(port), '--simulate', '--standby', '0', '--quiet', ...more],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    child = started;
    for (const stream of [started.stdout, started.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-4_000);
      });
    while (!output.includes('Admin key')) {
      if (started.exitCode !== null || performance.now() - begun > START_LIMIT_MS)
        throw new Error(`the system did not start:\n${output}`);
      await sleep(20);
    }
    berth = createClient({ baseUrl: url, apiKey: read('admin-key') });
    phone = phoneClient(read('phone-url'));
    return performance.now() - begun;
  };
  // If this process ends for any reason, the system must not keep running.
  const killLast = (): void => void child?.kill('SIGKILL');
  process.once('exit', killLast);
  await start();

  return {
    get pid() {
      return pid();
    },
    url,
    dir,
    get key() {
      return read('admin-key');
    },
    get berth() {
      if (!berth) throw new Error('the system does not run');
      return berth;
    },
    get phone() {
      if (!phone) throw new Error('the system does not run');
      return phone;
    },
    kill: async () => {
      child?.kill('SIGKILL');
      await ended(STOP_LIMIT_MS);
    },
    start,
    stop: async () => {
      child?.kill('SIGTERM');
      await ended(STOP_LIMIT_MS);
      child?.kill('SIGKILL');
      process.off('exit', killLast);
      rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
};
