/**
 * Code that is put into WhatsApp Web's page so that whatsapp-web.js 1.34.7 works over newer builds. One function for
 * each symptom (the table is in index.ts). Each function runs in the page by itself: it may use nothing outside its
 * own body. Each may run several times in one page, on any build, and changes nothing if the build does not need it.
 *
 * The page's modules have no types and can't be parsed with zod in there: casts state the types that public reports
 * name, and every use allows for their absence.
 */

/** The part of the page's global object that is used here. */
declare const window: {
  require(name: string): unknown;
  WWebJS?: Record<string, unknown>;
  berthCompat?: Record<string, boolean>;
};

/**
 * Symptom: `_serialized` of message keys and of account ids is undefined; the text is under `$1`. Every read, file,
 * vote and reaction fails. Both classes get `_serialized`, and a `toJSON` that carries it out of the page. A hidden
 * id's JSON also says its phone number (`pn`), if the page knows it.
 */
export const restoreSerializedIds = (): void => {
  type Id = Record<string, unknown>;
  const load = (name: string): Record<string, unknown> | undefined => {
    try {
      return window.require(name) as Record<string, unknown>;
    } catch {
      return undefined;
    }
  };
  const prototypeOfKey = (): object | undefined => {
    const module = load('WAWebMsgKey');
    const key = (module?.default ?? module) as { prototype?: object } | undefined;
    return key?.prototype;
  };
  const prototypeOfWid = (): object | undefined => {
    const create = load('WAWebWidFactory')?.createWid;
    // The class itself is not exported everywhere; any of its objects leads to it.
    return typeof create === 'function' ? Object.getPrototypeOf(create('0@c.us')) : undefined;
  };
  const numberOf = (id: unknown): string | undefined => {
    const get = load('WAWebApiContact')?.getPhoneNumber;
    if (typeof get !== 'function') return undefined;
    const number: unknown = get(id);
    return number ? String(number) : undefined;
  };
  for (const prototype of [prototypeOfKey(), prototypeOfWid()]) {
    if (!prototype || '_serialized' in prototype) continue;
    const toJSON: unknown = (prototype as Id).toJSON;
    Object.defineProperty(prototype, '_serialized', {
      configurable: true,
      get(this: Id): string {
        return typeof this.$1 === 'string' ? this.$1 : this.toString();
      },
      // Older builds set it in their constructors: it becomes the property that it was there.
      set(this: Id, value: unknown) {
        Object.defineProperty(this, '_serialized', {
          value,
          configurable: true,
          enumerable: true,
          writable: true,
        });
      },
    });
    Object.defineProperty(prototype, 'toJSON', {
      configurable: true,
      writable: true,
      value(this: Id): unknown {
        const plain: unknown = typeof toJSON === 'function' ? toJSON.call(this) : { ...this };
        if (typeof plain !== 'object' || plain === null) return plain;
        const pn = this.server === 'lid' ? numberOf(this) : undefined;
        return { ...plain, _serialized: this._serialized, ...(pn === undefined ? {} : { pn }) };
      },
    });
  }
};

/**
 * Symptom: `ready` never comes. The first sync ended before the library listened for its end. A listener that comes
 * too late is called at once.
 */
export const notifyLateSyncListeners = (): void => {
  type Listener = (...values: unknown[]) => void;
  type Socket = { hasSynced?: boolean; on(name: string, listener: Listener, ...more: unknown[]): unknown };
  if (window.berthCompat?.sync) return;
  const { Socket: socket } = window.require('WAWebSocketModel') as { Socket: Socket };
  const on = socket.on;
  socket.on = function (name, listener, ...more) {
    const answer = on.call(this, name, listener, ...more);
    if (name === 'change:hasSynced' && socket.hasSynced) setTimeout(() => listener(socket, true), 0);
    return answer;
  };
  window.berthCompat = { ...window.berthCompat, sync: true };
};

/**
 * Symptom: history ends at what is in memory; `loadEarlierMsgs` throws or gives nothing. The page's own database is read
 * in its place (`WAWebDBMessageFindLocal.msgFindBefore`).
 */
export const loadEarlierFromDatabase = (): void => {
  type Key = { toString(): string };
  type Msg = { id: Key; t: number };
  type Chat = { msgs: { getModelsArray(): Msg[]; add(msg: Msg): unknown } };
  type Found = { status?: number; messages?: Msg[] };
  type Find = (query: { anchor: Key; count: number }) => Promise<Found | undefined>;
  type Load = (args: { chat: Chat }, ...more: unknown[]) => Promise<Msg[] | undefined>;
  type Messages = { get(id: Key): Msg | undefined; modelClass: new (attributes: Msg) => Msg };
  if (window.berthCompat?.loadEarlier) return;
  const loader = window.require('WAWebChatLoadMessages') as { loadEarlierMsgs: Load };
  const load = loader.loadEarlierMsgs;
  const fromDatabase = async (chat: Chat): Promise<Msg[]> => {
    const loaded = chat.msgs.getModelsArray();
    const oldest = loaded.reduce<Msg | undefined>((a, b) => (a && a.t <= b.t ? a : b), undefined);
    if (!oldest) return [];
    const { msgFindBefore } = window.require('WAWebDBMessageFindLocal') as { msgFindBefore: Find };
    const found = await msgFindBefore({ anchor: oldest.id, count: 50 });
    const { Msg } = window.require('WAWebCollections') as { Msg: Messages };
    const known = new Set(loaded.map(({ id }) => String(id)));
    const earlier = (found?.messages ?? []).filter(({ id }) => !known.has(String(id)));
    return earlier.map((attributes) => {
      const msg = Msg.get(attributes.id) ?? new Msg.modelClass(attributes);
      chat.msgs.add(msg);
      return msg;
    });
  };
  loader.loadEarlierMsgs = async (args, ...more) => {
    try {
      const messages = await load.call(loader, args, ...more);
      if (messages && messages.length > 0) return messages;
    } catch {
      // Dead in this build: what follows stands in.
    }
    return await fromDatabase(args.chat);
  };
  window.berthCompat = { ...window.berthCompat, loadEarlier: true };
};

/**
 * Symptom: "No LID for user" for a number that the page has not met yet. The number is looked up, and asked for again.
 */
export const lookUpUnknownNumbers = (): void => {
  type Find = (wid: unknown, ...more: unknown[]) => Promise<unknown>;
  if (window.berthCompat?.lookUp) return;
  const lookedUp =
    (find: Find): Find =>
    async (wid, ...more) => {
      try {
        return await find(wid, ...more);
      } catch (error) {
        if (!/no lid for user/i.test(error instanceof Error ? error.message : String(error))) throw error;
        const { queryWidExists } = window.require('WAWebQueryExistsJob') as { queryWidExists: Find };
        if (!(await queryWidExists(wid))) throw error;
        return await find(wid, ...more);
      }
    };
  const action = window.require('WAWebFindChatAction') as { findOrCreateLatestChat: Find };
  action.findOrCreateLatestChat = lookedUp(action.findOrCreateLatestChat.bind(action));
  const { Chat } = window.require('WAWebCollections') as { Chat: { find: Find } };
  Chat.find = lookedUp(Chat.find.bind(Chat));
  window.berthCompat = { ...window.berthCompat, lookUp: true };
};

/**
 * Symptom: a message is not found by an id that names its chat by phone number, because the chat has moved to a hidden id
 * (or the other way round). The same message is looked for under the chat's other id.
 */
export const findMessagesUnderBothIds = (): void => {
  type Found = { messages?: unknown[] } | undefined;
  type Find = (ids: unknown[]) => Promise<Found>;
  type Messages = { get(id: string): unknown; getMessagesById: Find };
  if (window.berthCompat?.bothIds) return;
  const { Msg } = window.require('WAWebCollections') as { Msg: Messages };
  const find = Msg.getMessagesById.bind(Msg);
  const otherId = (id: string): string | undefined => {
    const [, start, chat = '', rest] = /^(true_|false_)([^_@]+@(?:c\.us|lid))(_.+)$/.exec(id) ?? [];
    if (start === undefined) return undefined;
    const { createWid } = window.require('WAWebWidFactory') as { createWid(text: string): unknown };
    const contacts = window.require('WAWebApiContact') as Record<
      string,
      ((wid: unknown) => unknown) | undefined
    >;
    const wid = createWid(chat);
    const other = chat.endsWith('@lid') ? contacts.getPhoneNumber?.(wid) : contacts.getCurrentLid?.(wid);
    return other ? `${start}${String(other)}${rest}` : undefined;
  };
  Msg.getMessagesById = async (ids) => {
    const found = await find(ids);
    const [id, ...others] = ids;
    if ((found?.messages ?? []).some(Boolean) || typeof id !== 'string' || others.length > 0) return found;
    const other = otherId(id);
    if (other === undefined) return found;
    const loaded = Msg.get(other);
    return loaded ? { messages: [loaded] } : await find([other]);
  };
  window.berthCompat = { ...window.berthCompat, bothIds: true };
};

/** Symptom: a function is "not a function" because its module or its name has changed. Each gets its old place back. */
export const restoreMovedFunctions = (): void => {
  const load = window.require;
  const find = (name: string): Record<string, unknown> | undefined => {
    try {
      return load(name) as Record<string, unknown>;
    } catch {
      return undefined;
    }
  };
  /** [module, function] as the library asks for it, and its place in newer or older builds. */
  const moved = [
    ['WAWebBizOrderBridge', 'queryOrder', 'WAWebBizQueryOrderJob', 'queryOrder'],
    ['WAWebRevokeStatusAction', 'sendStatusRevokeMsgAction', 'WAWebRevokeStatusAction', 'default'],
  ] as const;
  const substitutes: Record<string, Record<string, unknown>> = {};
  for (const [module, name, otherModule, otherName] of moved) {
    const home = find(module);
    const found = find(otherModule)?.[otherName];
    if (typeof home?.[name] === 'function' || typeof found !== 'function') continue;
    if (home) home[name] = found;
    else substitutes[module] = { [name]: found };
  }
  if (Object.keys(substitutes).length > 0) window.require = (name) => substitutes[name] ?? load(name);
};

/**
 * Symptom: what the library reads of messages, chats and contacts lacks the ids' texts, since what a question to the page
 * returns does not go through `toJSON`, as events do. The library's models become plain JSON in the page already.
 */
export const makeModelsPlain = (): void => {
  const library = window.WWebJS;
  if (window.berthCompat?.plain || !library) return;
  const plain = (model: unknown): unknown => {
    try {
      return model === undefined || model === null ? model : JSON.parse(JSON.stringify(model));
    } catch {
      return model;
    }
  };
  for (const name of ['getMessageModel', 'getChatModel', 'getContactModel']) {
    const make = library[name];
    if (typeof make !== 'function') continue;
    library[name] = (...values: unknown[]) => {
      const model: unknown = make(...values);
      return model instanceof Promise ? model.then(plain) : plain(model);
    };
  }
  window.berthCompat = { ...window.berthCompat, plain: true };
};

/**
 * Modules that the library hooks once it is in the page, and that this page lacks. Without some of them it never
 * becomes ready, without others it receives no reactions, votes or calls, and reports no error.
 */
export const missingModules = (): string[] =>
  [
    'WAWebCollections',
    'WAWebSocketModel',
    'WAWebConnModel',
    'WAWebSyncGatingUtils',
    'WAWebCallCollection',
    'WAWebAddonReactionTableMode',
    'WAWebAddonPollVoteTableMode',
    'WAWebWidFactory',
    'WAWebMsgKey',
    'WAWebFindChatAction',
    'WAWebSendMsgChatAction',
  ].filter((name) => {
    try {
      return !window.require(name);
    } catch {
      return true;
    }
  });
