/**
 * The little of whatsapp-web.js that the worker uses, as a port: tests put their own client behind it. The library's
 * values are `unknown` here and are parsed by their readers.
 */
import whatsapp from 'whatsapp-web.js';
import type { Browser } from '../browser/find.ts';
import { type LaunchOptions, launchOptions } from '../browser/launch.ts';
import { type LibraryAccount, libraryAccount } from './account.ts';
import { OwnAuthStrategy } from './auth-strategy.ts';
import { type CompatibilityHooks, installCompatibility } from './compat/index.ts';
import { heapOf, type PageHeap } from './page-heap.ts';
import type { SavedPage } from './saved-page.ts';

export type LibraryPage = {
  on(event: string, listener: (argument: unknown) => void): unknown;
  /** Runs a JavaScript expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  reload(options: { timeout: number }): Promise<unknown>;
  url(): string;
  readonly heap: PageHeap;
};

type LibraryBrowser = {
  on(event: 'disconnected', listener: () => void): unknown;
  isConnected(): boolean;
  /** Of a browser that the library launched. */
  process?(): { readonly pid?: number | undefined } | null;
  close(): Promise<void>;
};

/** The content to send. */
export type LibraryContent =
  | string
  | {
      readonly kind: 'media';
      readonly mimetype: string;
      /** Base64. */
      readonly data: string;
      readonly filename: string | undefined;
      readonly caption: string | undefined;
      /** Without it WhatsApp shows it by its type. */
      readonly as?: 'document' | 'voice';
    }
  | {
      readonly kind: 'location';
      readonly latitude: number;
      readonly longitude: number;
      readonly title: string | undefined;
    }
  | {
      readonly kind: 'poll';
      readonly name: string;
      readonly options: readonly string[];
      readonly multipleAnswers: boolean;
    }
  | { readonly kind: 'cards'; readonly vcards: readonly string[] }
  /** A text to Status, on a ground of this color. */
  | {
      readonly kind: 'statusText';
      readonly text: string;
      readonly backgroundColor: string;
      readonly font: number;
    }
  /** Something that takes place; times in seconds since the epoch. */
  | {
      readonly kind: 'event';
      readonly name: string;
      readonly startTime: number;
      readonly description: string | undefined;
      readonly endTime: number | undefined;
      readonly location: string | undefined;
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
  /** The page gives another code every `renewMs`, reported by the event `code`. */
  requestPairingCode(phoneNumber: string, renewMs: number): Promise<unknown>;
  sendMessage(chatId: string, content: LibraryContent, options: SendOptions): Promise<unknown>;
  /** Other actions of a linked account. */
  readonly account: LibraryAccount;
  readonly info: unknown;
  /** The page said that the account is being unlinked. */
  readonly lastLoggedOut: boolean;
  readonly pupBrowser: LibraryBrowser | undefined;
  readonly pupPage: LibraryPage | undefined;
};

export type ClientHooks = CompatibilityHooks & {
  /** Called as soon as the client's browser and page exist, long before it is ready. */
  readonly onBrowser: () => void;
};
export type CreateClient = (hooks: ClientHooks) => LibraryClient;

export type ClientSettings = {
  readonly browser: Browser;
  readonly profileDir: string;
  readonly extraSwitches: readonly string[];
  readonly proxy?:
    | { server: string; username?: string | undefined; password?: string | undefined }
    | undefined;
  readonly locale?: string | undefined;
  readonly deviceName?: string | undefined;
  readonly browserName?: string | undefined;
  /** A stored page that is loaded in place of the live one. */
  readonly page?: SavedPage | undefined;
};

/** How the client's browser is launched. */
export const launchOf = ({
  browser,
  profileDir,
  extraSwitches,
  proxy,
  locale,
}: ClientSettings): LaunchOptions => ({
  browser,
  profileDir,
  extraSwitches,
  proxyServer: proxy?.server,
  locale,
});

/** The library's options; everything in them is new at each call, because the library changes what it is given. */
export const clientOptions = (settings: ClientSettings, onBrowser: () => void): whatsapp.ClientOptions => {
  const { proxy, deviceName, browserName, page } = settings;
  const options: whatsapp.ClientOptions = {
    authStrategy: new OwnAuthStrategy(onBrowser),
    puppeteer: launchOptions(launchOf(settings)),
    // The default writes into the working folder and, if that fails, never becomes ready.
    ...(page
      ? {
          webVersion: page.version,
          webVersionCache: { type: 'local', path: page.folder, strict: true },
        }
      : { webVersionCache: { type: 'none' } }),
    authTimeoutMs: 30_000,
    qrMaxRetries: 0,
    takeoverOnConflict: false,
    ...(proxy?.username === undefined
      ? {}
      : { proxyAuthentication: { username: proxy.username, password: proxy.password ?? '' } }),
    ...(deviceName === undefined ? {} : { deviceName }),
    ...(browserName === undefined ? {} : { browserName }),
  };
  // Honored by the library and missing in its types. The user agent is a launch switch of ours: the library's default
  // claims a version that the browser's behavior contradicts.
  Object.assign(options, { userAgent: false });
  return options;
};

/** The library distinguishes kinds by its own classes. */
const libraryContent = (
  content: LibraryContent,
): { readonly body: whatsapp.MessageContent; readonly more: whatsapp.MessageSendOptions } => {
  // Without this a text that begins like a vCard becomes a contact.
  if (typeof content === 'string') return { body: content, more: { parseVCards: false } };
  switch (content.kind) {
    case 'media':
      return {
        body: new whatsapp.MessageMedia(content.mimetype, content.data, content.filename),
        more: {
          ...(content.caption === undefined ? {} : { caption: content.caption }),
          ...(content.as === 'document' ? { sendMediaAsDocument: true } : {}),
          ...(content.as === 'voice' ? { sendAudioAsVoice: true } : {}),
        },
      };
    case 'location': {
      const { latitude, longitude, title } = content;
      return {
        body: new whatsapp.Location(latitude, longitude, title === undefined ? {} : { name: title }),
        more: {},
      };
    }
    case 'poll': {
      const { name, options, multipleAnswers: allowMultipleAnswers } = content;
      // Its types ask for a secret that the library makes by itself.
      const settings = { allowMultipleAnswers, messageSecret: undefined };
      return { body: new whatsapp.Poll(name, [...options], settings), more: {} };
    }
    case 'statusText': {
      const { text, backgroundColor, font: fontStyle } = content;
      return { body: text, more: { parseVCards: false, extra: { backgroundColor, fontStyle } } };
    }
    case 'event': {
      const { name, startTime, description, endTime, location } = content;
      // In the library and missing in its types as something that is sent.
      const event = new whatsapp.ScheduledEvent(name, new Date(startTime * 1000), {
        callType: 'none',
        messageSecret: undefined,
        ...(description === undefined ? {} : { description }),
        ...(endTime === undefined ? {} : { endTime: new Date(endTime * 1000) }),
        ...(location === undefined ? {} : { location }),
      });
      return { body: event as unknown as whatsapp.MessageContent, more: {} };
    }
    case 'cards': {
      const [first = '', ...others] = content.vcards;
      // Said outright: what the library makes of the text by itself depends on whether the page can parse it.
      if (others.length === 0) {
        const extra = { type: 'vcard', vcardFormattedName: nameIn(first) };
        return { body: first, more: { parseVCards: false, linkPreview: false, extra } };
      }
      const vcardList = content.vcards.map((vcard) => ({ displayName: nameIn(vcard), vcard }));
      return { body: '', more: { extra: { type: 'multi_vcard', vcardList, body: null } } };
    }
  }
};

const nameIn = (vcard: string): string => /^FN[^:\r\n]*:(.*)$/m.exec(vcard)?.[1]?.trim() ?? '';

const wrapPage = (page: whatsapp.Client['pupPage']): LibraryPage | undefined =>
  page && {
    on: (event, listener) => page.on(event as 'error', listener),
    evaluate: (expression) => page.evaluate(expression),
    reload: ({ timeout }) => page.reload({ timeout, waitUntil: 'load' }),
    url: () => page.url(),
    heap: heapOf(page),
  };

/** The library, unmodified, over whichever build of WhatsApp Web the page is. */
export const createLibraryClient =
  (settings: ClientSettings): CreateClient =>
  (hooks) => {
    const client = new whatsapp.Client(clientOptions(settings, hooks.onBrowser));
    installCompatibility(client, hooks);
    return {
      on: (event, listener) => client.on(event, listener),
      initialize: () => client.initialize(),
      logout: () => client.logout(),
      requestPairingCode: (phoneNumber, renewMs) => client.requestPairingCode(phoneNumber, true, renewMs),
      sendMessage: (chatId, content, options) => {
        const { body, more } = libraryContent(content);
        return client.sendMessage(chatId, body, { ...options, ...more });
      },
      account: libraryAccount(client),
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
