/** The unmodified library in a real headless shell, against a simulator. */
import { type EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { ClientOptions, Client as LibraryClient } from 'whatsapp-web.js';
import library from 'whatsapp-web.js';
import { installCompatibility } from '../../../container/whatsapp/compat/index.ts';
import type { Simulator } from '../../../simulator/simulator.ts';
import { chromiumPath, HEADLESS_ARGS } from '../../helpers/chromium.ts';

// Real browsers beside other suites on two cores: patience costs nothing if all is well.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

export type Client = LibraryClient & EventEmitter & { inject(): Promise<void> };

/** `compatible: false`: the library alone, without Berth's compatibility pieces. */
type HarnessOptions = ClientOptions & { readonly compatible?: boolean };

/** Options as the worker gives them: no version cache, no user agent, a browser that ends with this process. */
const newClient = async (
  simulator: Simulator,
  userDataDir: string,
  more: HarnessOptions,
): Promise<Client> => {
  const { compatible = true, ...given } = more;
  const options: ClientOptions = {
    ...given,
    webVersionCache: given.webVersionCache ?? { type: 'none' },
    userAgent: false as unknown as string,
    puppeteer: {
      executablePath: await chromiumPath(),
      args: [...HEADLESS_ARGS, ...simulator.chromiumArgs],
      userDataDir,
      pipe: true,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      protocolTimeout: 20_000,
    },
  };
  const client = new library.Client(options) as Client;
  if (compatible) installCompatibility(client);
  return client;
};

/** Temporary folders and clients of one test file, and their end. */
export class Bench {
  readonly #clients: Client[] = [];
  readonly #folders: string[] = [];

  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'berth-simulator-'));
    this.#folders.push(folder);
    return folder;
  }

  async client(simulator: Simulator, profile: string, more: HarnessOptions = {}): Promise<Client> {
    const client = await newClient(simulator, profile, more);
    containNavigations(client);
    this.#clients.push(client);
    return client;
  }

  /** A client that has shown its first code. */
  async atQr(
    simulator: Simulator,
    profile: string,
    more: HarnessOptions = {},
  ): Promise<{ client: Client; code: string }> {
    const client = await this.client(simulator, profile, more);
    const qr = next(client, 'qr');
    await client.initialize();
    return { client, code: String(await qr) };
  }

  /** A client whose code the phone has scanned. */
  async linked(
    simulator: Simulator,
    profile: string,
    phoneNumber: string,
    more: HarnessOptions = {},
  ): Promise<Client> {
    const { client, code } = await this.atQr(simulator, profile, more);
    const ready = next(client, 'ready');
    await simulator.phone.scan({ code, account: { phoneNumber } });
    await ready;
    return client;
  }

  /** A client on a profile that is linked already. */
  async restored(simulator: Simulator, profile: string, more: HarnessOptions = {}): Promise<Client> {
    const client = await this.client(simulator, profile, more);
    const first = Promise.race([
      next(client, 'ready'),
      next(client, 'qr').then(() => Promise.reject(new Error('asked for a QR'))),
    ]);
    first.catch(() => {});
    await client.initialize();
    await first;
    return client;
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.pupBrowser?.close().catch(() => {})));
  }

  async close(): Promise<void> {
    await this.closeClients();
    await Promise.all(
      this.#folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 5 })),
    );
  }
}

/**
 * The library injects itself again after each navigation, in a listener whose rejection cannot be handled; it rejects
 * if the browser closes meanwhile. Only those later injections are contained: `initialize()` still rejects.
 */
const containNavigations = (client: Client): void => {
  const initialize = client.initialize.bind(client);
  client.initialize = async () => {
    await initialize();
    const inject = client.inject.bind(client);
    client.inject = () => inject().catch(() => {});
  };
};

/** The first argument of the client's next such event; rejects after `ms`. */
export const next = (client: EventEmitter, event: string, ms = 30_000): Promise<unknown> => {
  const happened = once(client, event, { signal: AbortSignal.timeout(ms) }) as Promise<unknown[]>;
  const value = happened.then(([first]) => first);
  // A test that fails before it awaits the event fails for its own reason.
  value.catch(() => {});
  return value;
};

/** Polls until the expectation holds. */
export const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000, interval: 50 });
