/**
 * Compatibility of whatsapp-web.js 1.34.7, unmodified, with builds of WhatsApp Web since July 2026. Each row can be taken
 * out by itself once the library has absorbed it; docs/whatsapp-web-builds.md has the sources.
 *
 *   symptom                                                        piece
 *   `_serialized` of ids is undefined: reads, files, votes, typing fail    restoreSerializedIds, withSerializedIds
 *   … also in what a question to the page returns                          makeModelsPlain, withSerializedIds
 *   `ready` never comes: the sync ended before a listener was attached    notifyLateSyncListeners
 *   history ends at what is in memory                                      loadEarlierFromDatabase
 *   "No LID for user"                                                      lookUpUnknownNumbers
 *   a message is not found by the id it had before its chat moved          findMessagesUnderBothIds
 *   a link without a preview keeps its message back               bestEffortLinkPreviews
 *   lists take minutes with a thousand groups                     boundGroupMetadata
 *   queryOrder, sendStatusRevokeMsgAction are no functions                 restoreMovedFunctions
 *   events lack what the library leaves out of its objects                 keepRawData
 *   deleting and starring answer before, or without, an effect    awaitMessageCommands
 *   a chat that was deleted is there again                        CHAT_REMOVED
 *   an edit with a link fails without a preview                   editWithPreviewOrWithout
 *   labels and presence are not reported                           watchPage
 *   a hooked module is missing: named in the log and in the failure        missingModules, missingModuleIn
 *
 * `WAWebSocketModel.Socket.initConn` is gone as well; the library never calls it.
 *
 * How it gets in: the library talks to the page through `evaluate` and `exposeFunction` of one Page object. Both are
 * wrapped on that object as soon as the client has it: the page pieces run right before and after the library's own
 * scripts, and every value that crosses to Node gets its ids' texts.
 */
import whatsapp from 'whatsapp-web.js';
import { awaitMessageCommands, editWithPreviewOrWithout } from './command-pieces.ts';
import { withSerializedIds } from './crossing-ids.ts';
import { PAGE_EVENT, watchPage } from './page-events.ts';
import {
  findMessagesUnderBothIds,
  loadEarlierFromDatabase,
  lookUpUnknownNumbers,
  makeModelsPlain,
  missingModules,
  notifyLateSyncListeners,
  restoreMovedFunctions,
  restoreSerializedIds,
} from './page-pieces.ts';
import { bestEffortLinkPreviews, boundGroupMetadata } from './patience-pieces.ts';

export type CompatibilityHooks = {
  /** The page lacks these modules, which the library hooks. */
  readonly onMissingModules?: (names: readonly string[]) => void;
  /** What the page reports and the library does not (page-events.ts). */
  readonly onPageEvent?: (name: string, value: unknown) => void;
  /** The page can't become ready, and the library keeps silent about it. */
  readonly onStartFailed?: (reason: string) => void;
};

/** In the order in which they run, before the library's own scripts. */
const PIECES = [
  restoreMovedFunctions,
  restoreSerializedIds,
  notifyLateSyncListeners,
  loadEarlierFromDatabase,
  lookUpUnknownNumbers,
  findMessagesUnderBothIds,
  bestEffortLinkPreviews,
  boundGroupMetadata,
  awaitMessageCommands,
] as const;

/** Several pieces as one script: each crossing to the page takes some milliseconds of a start. */
const inOneScript = (pieces: readonly (() => unknown)[], each: string): string =>
  `(async () => { for (const piece of [${pieces.join(',\n')}]) ${each} })()`;

/** A piece that does not fit this build leaves the others in place; a missing part shows when it is used. */
const BEFORE_SCRIPTS = inOneScript(PIECES, 'try { await piece(); } catch {}');
const AFTER_UTILS = inOneScript([makeModelsPlain, editWithPreviewOrWithout], 'await piece();');

/** The library's scripts, by what they begin with, in its files and in the bundle. */
const AUTH_SCRIPT = /window\.AuthStore\s*=\s*\{\}/;
const UTILS_SCRIPT = /window\.WWebJS\s*=\s*\{\}/;
/** The library looks the removed chat up for its event, which makes it again. Nothing here listens to that event. */
const CHAT_REMOVED = 'onRemoveChatEvent';
/** The library's steps once the page has synced, up to `ready`. */
const READINESS = 'onAppStateHasSyncedEvent';

type Evaluate = (script: unknown, ...values: unknown[]) => Promise<unknown>;
type Expose = (name: string, handler: unknown) => Promise<unknown>;
type PageLike = { evaluate: Evaluate; exposeFunction: Expose };

/** The module that the error says is missing. */
export const missingModuleIn = (message: string): string | undefined =>
  /Requiring unknown module "(\w+)"/.exec(message)?.[1];

/** Makes a client of the library work over newer builds of WhatsApp Web. Call it before `initialize`. */
export const installCompatibility = (client: object, hooks: CompatibilityHooks = {}): void => {
  keepRawData();
  let page: unknown;
  Object.defineProperty(client, 'pupPage', {
    configurable: true,
    enumerable: true,
    get: () => page,
    set: (value: unknown) => {
      if (isPage(value) && value !== page) instrument(value, hooks);
      page = value;
    },
  });
};

const isPage = (value: unknown): value is PageLike =>
  typeof value === 'object' && value !== null && 'evaluate' in value && 'exposeFunction' in value;

const instrument = (page: PageLike, hooks: CompatibilityHooks): void => {
  const evaluate: Evaluate = page.evaluate.bind(page);
  const expose: Expose = page.exposeFunction.bind(page);

  const reportMissing = async () => {
    const missing: unknown = await evaluate(missingModules).catch(() => []);
    const names = Array.isArray(missing) ? missing.map(String) : [];
    if (names.length > 0) hooks.onMissingModules?.(names);
  };

  const watchEvents = async () => {
    const hear = (name: unknown, value: unknown) =>
      hooks.onPageEvent?.(String(name), withSerializedIds(value));
    // A page that reloaded has it already.
    await expose(PAGE_EVENT, hear).catch(() => {});
    await evaluate(watchPage).catch(() => {});
  };

  page.evaluate = async (script, ...values) => {
    const source = typeof script === 'function' ? script.toString() : '';
    const utils = UTILS_SCRIPT.test(source);
    // Modules may be loaded late: what was not there at the first script may be there at the second.
    if (utils || AUTH_SCRIPT.test(source)) await evaluate(BEFORE_SCRIPTS).catch(() => {});
    const answer = withSerializedIds(await evaluate(script, ...values));
    if (utils) {
      await evaluate(AFTER_UTILS);
      await Promise.all([watchEvents(), reportMissing()]);
    }
    return answer;
  };

  page.exposeFunction = (name, handler) => {
    if (typeof handler !== 'function') return expose(name, handler);
    if (name === CHAT_REMOVED) return expose(name, async () => {});
    return expose(name, async (...values: unknown[]) => {
      try {
        return await handler(...values.map(withSerializedIds));
      } catch (error) {
        if (name === READINESS) hooks.onStartFailed?.(startFailure(error));
        throw error;
      }
    });
  };
};

const startFailure = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  const module = missingModuleIn(message);
  return module === undefined
    ? `the library could not attach to the page: ${message.slice(0, 200)}`
    : `this build of WhatsApp Web lacks the module ${module}, which whatsapp-web.js needs`;
};

let keepsRawData = false;
/**
 * The library's objects keep of an event only what they know. If a class has no own `_data`, its source stays with it
 * under that name: payloads find there the fields that the class leaves out, such as a caller's phone number.
 */
const keepRawData = (): void => {
  if (keepsRawData) return;
  keepsRawData = true;
  // A class, which the library's types show as an interface.
  const message: unknown = Reflect.get(whatsapp, 'Message');
  if (typeof message !== 'function') return;
  const base: unknown = Object.getPrototypeOf(message.prototype);
  if (!hasPatch(base)) return;
  const patch = base._patch;
  base._patch = function (this: { _data?: unknown }, data: unknown) {
    this._data ??= data;
    return patch.call(this, data);
  };
};

const hasPatch = (value: unknown): value is { _patch(data: unknown): unknown } =>
  typeof value === 'object' && value !== null && '_patch' in value && typeof value._patch === 'function';
