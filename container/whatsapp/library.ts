/**
 * The little of whatsapp-web.js that the worker uses, as a port: tests put a client of their own behind it. What the
 * library hands over is `unknown` here and is parsed where it is read.
 */
import whatsapp from 'whatsapp-web.js';
import type { Browser } from '../browser/find.ts';
import { launchOptions } from '../browser/launch.ts';
import { OwnAuthStrategy } from './auth-strategy.ts';

export type LibraryPage = {
  on(event: string, listener: (argument: unknown) => void): unknown;
  /** Runs a JavaScript expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  reload(options: { timeout: number }): Promise<unknown>;
  url(): string;
};

export type LibraryBrowser = {
  on(event: 'disconnected', listener: () => void): unknown;
  isConnected(): boolean;
  close(): Promise<void>;
};

export type SendOptions = {
  quotedMessageId?: string;
  mentions?: string[];
  linkPreview?: boolean;
  waitUntilMsgSent: boolean;
  ignoreQuoteErrors: boolean;
  sendSeen: boolean;
};

export type LibraryClient = {
  on(event: string, listener: (...values: unknown[]) => void): unknown;
  initialize(): Promise<void>;
  logout(): Promise<void>;
  requestPairingCode(phoneNumber: string): Promise<unknown>;
  sendMessage(chatId: string, text: string, options: SendOptions): Promise<unknown>;
  readonly info: unknown;
  /** The page said that the account is being unlinked. */
  readonly lastLoggedOut: boolean;
  readonly pupBrowser: LibraryBrowser | undefined;
  readonly pupPage: LibraryPage | undefined;
};

/** Makes a client; `onBrowser` is called as soon as its browser and page exist, long before it is ready. */
export type CreateClient = (onBrowser: () => void) => LibraryClient;

export type ClientSettings = {
  readonly browser: Browser;
  readonly profileDir: string;
  readonly extraSwitches: readonly string[];
  readonly proxy?:
    | { server: string; username?: string | undefined; password?: string | undefined }
    | undefined;
  readonly deviceName?: string | undefined;
  readonly browserName?: string | undefined;
};

/** The library's options; everything in them is new at each call, because the library changes what it is given. */
export const clientOptions = (settings: ClientSettings, onBrowser: () => void): whatsapp.ClientOptions => {
  const { proxy, deviceName, browserName } = settings;
  const options: whatsapp.ClientOptions = {
    authStrategy: new OwnAuthStrategy(onBrowser),
    puppeteer: launchOptions({
      browser: settings.browser,
      profileDir: settings.profileDir,
      extraSwitches: settings.extraSwitches,
      proxyServer: proxy?.server,
    }),
    // The default writes into the working folder and, where it can't, never becomes ready.
    webVersionCache: { type: 'none' },
    authTimeoutMs: 30_000,
    qrMaxRetries: 0,
    takeoverOnConflict: false,
    ...(proxy?.username === undefined
      ? {}
      : { proxyAuthentication: { username: proxy.username, password: proxy.password ?? '' } }),
    ...(deviceName === undefined ? {} : { deviceName }),
    ...(browserName === undefined ? {} : { browserName }),
  };
  // Honoured by the library and missing in its types. The user agent is a launch switch of ours: the library's default
  // claims a version that the browser's behaviour contradicts.
  Object.assign(options, { userAgent: false });
  return options;
};

const wrapPage = (page: whatsapp.Client['pupPage']): LibraryPage | undefined =>
  page && {
    on: (event, listener) => page.on(event as 'error', listener),
    evaluate: (expression) => page.evaluate(expression),
    reload: ({ timeout }) => page.reload({ timeout, waitUntil: 'load' }),
    url: () => page.url(),
  };

/** The real thing, unmodified. */
export const createLibraryClient =
  (settings: ClientSettings): CreateClient =>
  (onBrowser) => {
    const client = new whatsapp.Client(clientOptions(settings, onBrowser));
    return {
      on: (event, listener) => client.on(event, listener),
      initialize: () => client.initialize(),
      logout: () => client.logout(),
      requestPairingCode: (phoneNumber) => client.requestPairingCode(phoneNumber),
      sendMessage: (chatId, text, options) => client.sendMessage(chatId, text, options),
      get info() {
        return client.info;
      },
      get lastLoggedOut() {
        return 'lastLoggedOut' in client && client.lastLoggedOut === true;
      },
      get pupBrowser() {
        return client.pupBrowser ?? undefined;
      },
      get pupPage() {
        return wrapPage(client.pupPage ?? undefined);
      },
    };
  };
