import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../contract/clock.ts';
import type { BuildName } from '../contract/phone/behavior.ts';
import { type PhoneClient, phoneClient } from '../contract/phone/client.ts';
import { NEWEST_BUILD } from './builds.ts';
import { Exchange } from './exchange.ts';
import { listen, shut } from './http.ts';
import { openJournal } from './journal.ts';
import { openMediaStore } from './media-store.ts';
import { World } from './model/world.ts';
import { bundlePage, readPage } from './page-bundle.ts';
import { phoneHandlers } from './phone-handlers.ts';
import { phoneServer } from './phone-server.ts';
import { simulatorProxy } from './proxy.ts';
import { chromiumArgs, tlsIdentity, WHATSAPP_HOST } from './tls.ts';
import { webServer } from './web-server.ts';
import { type PageWeight, weightScript } from './weight.ts';

export type SimulatorOptions = {
  /** Port of the stand-in for WhatsApp Web; 0 (default): any free one. */
  readonly port?: number;
  /** Port of the phone API and the person's page; 0 (default): any free one. */
  readonly controlPort?: number;
  /** Keeps accounts, companions, messages and the TLS key, over restarts and kills; without it, in memory. */
  readonly dir?: string;
  readonly clock?: Clock;
  /** Receives defects of the simulator itself; never codes, keys or messages. */
  readonly logger?: { error(message: string, detail: object): void };
  /** How long a QR stays valid, milliseconds. */
  readonly qrRefreshMs?: number;
  /** After so many renewals the page shows no more codes and waits in UNPAIRED_IDLE. */
  readonly qrRefreshLimit?: number;
  /** How long a passkey challenge is good, milliseconds. */
  readonly passkeyChallengeMs?: number;
  /** How much random data a linked page keeps in its storage, so that a profile's snapshot weighs what a real one does. */
  readonly profileKilobytes?: number;
  /** Makes the page as heavy as this; without it, it is light. */
  readonly weight?: PageWeight;
  /** Which build of WhatsApp Web pages are; the newest by default. */
  readonly build?: BuildName;
  /** The page's script, bundled before; without it, it is bundled now. */
  readonly pageScript?: string;
};

export type Simulator = {
  readonly port: number;
  readonly origin: string;
  /** Switches for a Chromium that is to see the simulator as WhatsApp Web. */
  readonly chromiumArgs: string[];
  /** Base64 SHA-256 of the certificate's public key. */
  readonly spki: string;
  /** The phone API and the person's page. */
  readonly controlUrl: string;
  readonly phone: PhoneClient;
  close(): Promise<void>;
};

/**
 * Starts a stand-in for WhatsApp Web on loopback, with a phone to scan, write, log out and disturb it.
 *
 * @throws the system's error (`EADDRINUSE`) if a port is taken
 */
export const startSimulator = async (options: SimulatorOptions = {}): Promise<Simulator> => {
  const clock = options.clock ?? systemClock;
  const random = (bytes: number): string => randomBytes(bytes).toString('hex');
  const onDefect = (error: unknown): void =>
    options.logger?.error('simulator defect', {
      error: error instanceof Error ? error.stack : String(error),
    });

  const [tls, page, personPage] = await Promise.all([
    tlsIdentity(options.dir),
    options.pageScript === undefined ? bundlePage() : readPage(options.pageScript),
    readFile(new URL('person-page.html', import.meta.url), 'utf8'),
  ]);
  const journal = openJournal(options.dir);
  const exchange = new Exchange({
    world: new World({ ...journal, clock, random }),
    media: openMediaStore(options.dir),
    clock,
    random,
    qrRefreshMs: options.qrRefreshMs ?? 20_000,
    qrRefreshLimit: options.qrRefreshLimit ?? 6,
    passkeyChallengeMs: options.passkeyChallengeMs,
    profileKilobytes: options.profileKilobytes ?? 256,
    build: options.build ?? NEWEST_BUILD,
  });

  const weighted =
    options.weight === undefined ? page : { ...page, script: weightScript(options.weight) + page.script };
  const web = webServer({ exchange, tls, page: weighted, onDefect });
  let port = 0;
  const proxy = simulatorProxy(() => port, random);
  const control = phoneServer({ handlers: phoneHandlers(exchange, proxy), page: personPage, onDefect });
  port = await listen(web, options.port ?? 0);
  await listen(proxy.server, 0);
  const controlPort = await listen(control, options.controlPort ?? 0).catch(async (error: unknown) => {
    proxy.server.close();
    await shut(web);
    throw error;
  });
  const controlUrl = `http://127.0.0.1:${controlPort}`;

  return {
    port,
    origin: `https://${WHATSAPP_HOST}`,
    chromiumArgs: chromiumArgs(port, tls.spki),
    spki: tls.spki,
    controlUrl,
    phone: phoneClient(controlUrl),
    close: async () => {
      exchange.close();
      proxy.cut();
      await Promise.all([shut(web), shut(control), shut(proxy.server)]);
    },
  };
};
