/**
 * The builds of WhatsApp Web that the simulator can show, as data. A page is of one build from its HTML on; the server
 * speaks to it in that build's manner. Sources: the public reports named in docs/whatsapp-web-builds.md.
 */
import type { BuildName } from '../contract/phone/behavior.ts';

export type Build = {
  /** What `window.Debug.VERSION` says. */
  readonly version: string;
  /** The property under which message keys and account ids (Wid) hold their text. */
  readonly idProperty: '_serialized' | '$1';
  /** How chats with people are addressed: by phone number (`@c.us`) or by hidden id (`@lid`). */
  readonly addressing: 'number' | 'lid';
  /** Whether `WAWebChatLoadMessages.loadEarlierMsgs` still works. `WAWebDBMessageFindLocal` exists in every build. */
  readonly loadsEarlierMessages: boolean;
  /** The first sync ends before a client can have attached its listeners. */
  readonly syncsBeforeListeners: boolean;
  /** A "what's new" dialog opens once per link; left open, it costs the link. */
  readonly whatsNew: boolean;
  /** The phone may demand a passkey when a page is linked. Whether it does is the account's, not part of the build. */
  readonly passkey: boolean;
  /** The module that queries an order. */
  readonly orderModule: 'WAWebBizOrderBridge' | 'WAWebBizQueryOrderJob';
  /** The export of `WAWebRevokeStatusAction`. */
  readonly revokeStatusExport: 'default' | 'sendStatusRevokeMsgAction';
  /** `WAWebSocketModel.Socket.initConn` exists. */
  readonly initConn: boolean;
};

export const BUILDS = {
  '2026-04': {
    version: '2.3000.1035017054',
    idProperty: '_serialized',
    addressing: 'number',
    loadsEarlierMessages: true,
    syncsBeforeListeners: false,
    whatsNew: false,
    passkey: false,
    orderModule: 'WAWebBizOrderBridge',
    revokeStatusExport: 'default',
    initConn: true,
  },
  '2026-07': {
    version: '2.3000.1043565534',
    idProperty: '$1',
    addressing: 'lid',
    loadsEarlierMessages: false,
    syncsBeforeListeners: true,
    whatsNew: true,
    passkey: true,
    orderModule: 'WAWebBizQueryOrderJob',
    revokeStatusExport: 'sendStatusRevokeMsgAction',
    initConn: false,
  },
} as const satisfies Record<BuildName, Build>;

export const NEWEST_BUILD: BuildName = '2026-07';

export const isBuildName = (name: string): name is BuildName => Object.hasOwn(BUILDS, name);
export const buildNamed = (name: BuildName): Build => BUILDS[name];
