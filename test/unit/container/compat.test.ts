/** The pieces that make the library work over newer builds, each on a page that shows its symptom. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { withSerializedIds } from '../../../container/whatsapp/compat/crossing-ids.ts';
import { installCompatibility, missingModuleIn } from '../../../container/whatsapp/compat/index.ts';
import {
  findMessagesUnderBothIds,
  loadEarlierFromDatabase,
  lookUpUnknownNumbers,
  makeModelsPlain,
  missingModules,
  notifyLateSyncListeners,
  restoreMovedFunctions,
  restoreSerializedIds,
} from '../../../container/whatsapp/compat/page-pieces.ts';

afterEach(() => vi.unstubAllGlobals());

/** A page with these modules; unknown ones throw, as in WhatsApp Web. */
const openPage = (modules: Record<string, unknown>) => {
  const page = {
    require: (name: string): unknown => {
      if (!Object.hasOwn(modules, name)) throw new Error(`Requiring unknown module "${name}"`);
      return modules[name];
    },
    WWebJS: undefined as Record<string, unknown> | undefined,
  };
  vi.stubGlobal('window', page);
  return page;
};

/** An id class as a build has it: its text under this property. */
const idClass = (property: '_serialized' | '$1') =>
  class {
    readonly user: string;
    readonly server: string;
    constructor(text: string) {
      [this.user = '', this.server = ''] = text.split('@');
      Object.assign(this, { [property]: text });
    }
    toString() {
      return `${this.user}@${this.server}`;
    }
  };

describe('ids', () => {
  it.each(['_serialized', '$1'] as const)(
    'of a build that has %s say their text in every way',
    (property) => {
      const Wid = idClass(property);
      const Key = idClass(property);
      const before = new Wid('1@lid');
      openPage({
        WAWebMsgKey: Key,
        WAWebWidFactory: { createWid: (text: string) => new Wid(text) },
        WAWebApiContact: {
          getPhoneNumber: (id: unknown) => (String(id) === '1@lid' ? new Wid('49@c.us') : undefined),
        },
      });
      restoreSerializedIds();
      restoreSerializedIds();
      for (const id of [before, new Wid('1@lid')]) {
        expect(Reflect.get(id, '_serialized')).toBe('1@lid');
        expect(JSON.parse(JSON.stringify({ id }))).toMatchObject({
          id: { _serialized: '1@lid', pn: '49@c.us' },
        });
      }
      const key = new Key('true_1@lid_A');
      expect(JSON.parse(JSON.stringify(key))).not.toHaveProperty('pn');
      // The library's copy of an id has its own properties only; Node adds the text.
      expect(withSerializedIds({ id: { ...new Wid('2@lid') } })).toMatchObject({
        id: { _serialized: '2@lid' },
      });
    },
  );

  it('that crossed get their text at any depth, and nothing else changes', () => {
    const value = { a: [{ $1: 'x' }, 'text', null, 7], b: { $1: 'y', _serialized: 'z' }, $1: 3 };
    expect(withSerializedIds(value)).toEqual({
      a: [{ $1: 'x', _serialized: 'x' }, 'text', null, 7],
      b: { $1: 'y', _serialized: 'z' },
      $1: 3,
    });
    expect(withSerializedIds(undefined)).toBe(undefined);
  });

  it('are in models of the library as in events', async () => {
    const Wid = idClass('$1');
    const page = openPage({
      WAWebMsgKey: Wid,
      WAWebWidFactory: { createWid: (text: string) => new Wid(text) },
    });
    restoreSerializedIds();
    page.WWebJS = {
      getMessageModel: (id: string) => ({ from: new Wid(id) }),
      getChatModel: async (id: string) => ({ id: new Wid(id) }),
    };
    makeModelsPlain();
    const { getMessageModel, getChatModel } = page.WWebJS as Record<string, (id: string) => unknown>;
    // A prototype's getter would not do: only own properties come out of the page.
    expect({ ...Object(getMessageModel?.('1@lid')) }).toEqual({
      from: { user: '1', server: 'lid', $1: '1@lid', _serialized: '1@lid' },
    });
    expect(await getChatModel?.('1@lid')).toMatchObject({ id: { _serialized: '1@lid' } });
  });
});

describe('the first sync', () => {
  const socket = (hasSynced: boolean) => {
    const listeners: [string, () => void][] = [];
    return {
      hasSynced,
      listeners,
      on: (name: string, listener: () => void) => listeners.push([name, listener]),
    };
  };

  it('is sent to listeners that register after it, once', async () => {
    const Socket = socket(true);
    openPage({ WAWebSocketModel: { Socket } });
    notifyLateSyncListeners();
    notifyLateSyncListeners();
    const listener = vi.fn();
    Socket.on('change:hasSynced', listener);
    Socket.on('change:state', listener);
    await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(1));
    expect(Socket.listeners.map(([name]) => name)).toEqual(['change:hasSynced', 'change:state']);
  });

  it('is left to the page if it is still to come', async () => {
    const Socket = socket(false);
    openPage({ WAWebSocketModel: { Socket } });
    notifyLateSyncListeners();
    const listener = vi.fn();
    Socket.on('change:hasSynced', listener);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(listener).not.toHaveBeenCalled();
  });
});

describe('history', () => {
  const history = (load: () => Promise<unknown>) => {
    const all = [1, 2, 3, 4].map((t) => ({ id: `m${t}`, t }));
    const inMemory = all.slice(2);
    const chat = {
      msgs: {
        getModelsArray: () => [...inMemory],
        add: (msg: { id: string; t: number }) => inMemory.push(msg),
      },
    };
    const msgFindBefore = vi.fn(async ({ anchor, count }: { anchor: string; count: number }) => {
      const at = all.findIndex(({ id }) => id === anchor);
      return { status: 200, messages: all.slice(Math.max(0, at - count), at) };
    });
    class Model {
      constructor(attributes: object) {
        Object.assign(this, attributes);
      }
    }
    const loader = { loadEarlierMsgs: load as (args: object) => Promise<{ id: string }[]> };
    openPage({
      WAWebChatLoadMessages: loader,
      WAWebDBMessageFindLocal: { msgFindBefore },
      WAWebCollections: { Msg: { get: () => undefined, modelClass: Model } },
    });
    loadEarlierFromDatabase();
    return { loader, chat, msgFindBefore };
  };

  it.each([
    ['throws', () => Promise.reject(new TypeError("reading 'waitForChatLoading'"))],
    ['gives nothing', async () => undefined],
  ])('continues from the database if loading %s, and ends', async (_, load) => {
    const { loader, chat } = history(load);
    expect((await loader.loadEarlierMsgs({ chat })).map(({ id }) => id)).toEqual(['m1', 'm2']);
    expect(await loader.loadEarlierMsgs({ chat })).toEqual([]);
  });

  it('is what the page loads if that works', async () => {
    const { loader, chat, msgFindBefore } = history(async () => [{ id: 'loaded' }]);
    expect(await loader.loadEarlierMsgs({ chat })).toEqual([{ id: 'loaded' }]);
    expect(msgFindBefore).not.toHaveBeenCalled();
  });
});

describe('a number whose hidden id is not known', () => {
  const chats = (exists: boolean) => {
    let known = false;
    const find = vi.fn(async () => {
      if (!known) throw new Error('No LID for user');
      return { chat: 'found' };
    });
    const queryWidExists = vi.fn(async () => {
      known = exists;
      return exists ? { wid: 'x' } : null;
    });
    const action = { findOrCreateLatestChat: find as (wid: unknown) => Promise<unknown> };
    const Chat = { find: find as (wid: unknown) => Promise<unknown> };
    openPage({
      WAWebFindChatAction: action,
      WAWebCollections: { Chat },
      WAWebQueryExistsJob: { queryWidExists },
    });
    lookUpUnknownNumbers();
    return { action, Chat, queryWidExists };
  };

  it('is looked up, once, and then found', async () => {
    const { action, Chat, queryWidExists } = chats(true);
    expect(await action.findOrCreateLatestChat('49@c.us')).toEqual({ chat: 'found' });
    expect(await Chat.find('49@c.us')).toEqual({ chat: 'found' });
    expect(queryWidExists).toHaveBeenCalledTimes(1);
  });

  it('keeps its error if it is not on WhatsApp', async () => {
    await expect(chats(false).action.findOrCreateLatestChat('49@c.us')).rejects.toThrow('No LID for user');
  });
});

describe('a message', () => {
  it('is found by the id it had before its chat moved to a hidden id, and after', async () => {
    const kept = new Map<string, object>([
      ['false_1@lid_A', { its: 'A' }],
      ['true_49@c.us_B', { its: 'B' }],
    ]);
    const Msg = {
      get: (id: string) => (id === 'false_1@lid_A' ? kept.get(id) : undefined),
      getMessagesById: async (ids: unknown[]) => ({
        messages: ids.flatMap((id) => kept.get(String(id)) ?? []),
      }),
    };
    openPage({
      WAWebCollections: { Msg },
      WAWebWidFactory: { createWid: (text: string) => text },
      WAWebApiContact: {
        getCurrentLid: (wid: string) => (wid === '49@c.us' ? '1@lid' : undefined),
        getPhoneNumber: (wid: string) => (wid === '1@lid' ? '49@c.us' : undefined),
      },
    });
    findMessagesUnderBothIds();
    expect(await Msg.getMessagesById(['false_49@c.us_A'])).toEqual({ messages: [{ its: 'A' }] });
    expect(await Msg.getMessagesById(['true_1@lid_B'])).toEqual({ messages: [{ its: 'B' }] });
    expect(await Msg.getMessagesById(['true_49@c.us_C'])).toEqual({ messages: [] });
    expect(await Msg.getMessagesById(['true_7@g.us_C_1@lid'])).toEqual({ messages: [] });
    expect(await Msg.getMessagesById(['nonsense'])).toEqual({ messages: [] });
  });
});

describe('functions that moved', () => {
  const newer = () => 'newer';
  it('are in the place that the library reads', () => {
    const page = openPage({
      WAWebBizQueryOrderJob: { queryOrder: newer },
      WAWebRevokeStatusAction: { default: newer },
    });
    restoreMovedFunctions();
    restoreMovedFunctions();
    expect(page.require('WAWebBizOrderBridge')).toMatchObject({ queryOrder: newer });
    expect(page.require('WAWebRevokeStatusAction')).toMatchObject({ sendStatusRevokeMsgAction: newer });
    expect(() => page.require('WAWebNoSuchModule')).toThrow('unknown module');
  });

  it('do not move in a build that has them', () => {
    const older = () => 'older';
    const page = openPage({
      WAWebBizOrderBridge: { queryOrder: older },
      WAWebBizQueryOrderJob: { queryOrder: newer },
    });
    const { require } = page;
    restoreMovedFunctions();
    expect(page.require).toBe(require);
    expect(page.require('WAWebBizOrderBridge')).toEqual({ queryOrder: older });
  });
});

describe('a page that lacks a module', () => {
  it('is named, in the log and in the failure', async () => {
    openPage({});
    expect(missingModules()).toContain('WAWebAddonReactionTableMode');
    expect(missingModuleIn('Error: Requiring unknown module "WAWebX"\n at y')).toBe('WAWebX');

    const exposed = new Map<string, (...values: unknown[]) => Promise<unknown>>();
    const page = {
      evaluate: async (script: unknown): Promise<unknown> =>
        typeof script === 'function' ? script() : undefined,
      exposeFunction: async (name: string, handler: (...values: unknown[]) => Promise<unknown>) =>
        void exposed.set(name, handler),
    };
    const client: { pupPage: unknown } = { pupPage: null };
    const onStartFailed = vi.fn();
    const onMissingModules = vi.fn();
    installCompatibility(client, { onStartFailed, onMissingModules });
    client.pupPage = page;
    await page.evaluate(new Function('window.WWebJS = {}'));
    expect(onMissingModules).toHaveBeenCalledWith(expect.arrayContaining(['WAWebCollections']));

    await page.exposeFunction('onAppStateHasSyncedEvent', async () => {
      throw new Error('Requiring unknown module "WAWebSyncGatingUtils"');
    });
    await expect(exposed.get('onAppStateHasSyncedEvent')?.()).rejects.toThrow();
    expect(onStartFailed).toHaveBeenCalledWith(expect.stringContaining('WAWebSyncGatingUtils'));

    // Everything else that crosses is the library's own affair, with its ids' texts.
    const listener = vi.fn();
    await page.exposeFunction('onReaction', async (...values: unknown[]) => listener(...values));
    await exposed.get('onReaction')?.([{ id: { $1: 'x' } }]);
    expect(listener).toHaveBeenCalledWith([{ id: { $1: 'x', _serialized: 'x' } }]);
  });
});
