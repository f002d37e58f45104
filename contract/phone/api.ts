/**
 * The phone API: what a person or a test does with the phone of a simulated WhatsApp Web.
 *
 * JSON over plain HTTP on loopback, local mode and tests only. Reads are GET with a query, actions are POST with a
 * JSON body. A refusal is `{ error: { code, message } }` with a 4xx status and one of `phoneErrorCodes`.
 */
import * as z from 'zod';
import {
  accountChoice,
  accountSchema,
  correspondent,
  jid,
  messageSchema,
  pendingPageSchema,
  phoneNumber,
  target,
} from './base.ts';
import { happeningRoutes } from './happenings.ts';

export {
  type PendingPage,
  type PhoneAccount,
  type PhoneErrorCode,
  type PhoneMessage,
  phoneErrorSchema,
} from './base.ts';

/** The connection states that WhatsApp Web knows. */
export const socketStates = [
  'CONFLICT',
  'CONNECTED',
  'DEPRECATED_VERSION',
  'OPENING',
  'PAIRING',
  'PROXYBLOCK',
  'SMB_TOS_BLOCK',
  'TIMEOUT',
  'TOS_BLOCK',
  'UNLAUNCHED',
  'UNPAIRED',
  'UNPAIRED_IDLE',
] as const;

/**
 * Builds of WhatsApp Web that the simulator can show, oldest first. The behavior of each is in simulator/builds.ts.
 */
export const buildNames = ['2026-04', '2026-07'] as const;
export type BuildName = (typeof buildNames)[number];

/** Switches that make the simulated WhatsApp Web misbehave until they are switched off. */
export const faultsSchema = z.object({
  /** Sync ends right after CONNECTED, before a client can have attached its listeners. */
  syncFast: z.boolean(),
  /** Asking for a pairing code is refused as too frequent. */
  rateLimitPairing: z.boolean(),
  /** The server refuses what a companion sends; the message stays at ack 0. */
  refuseSend: z.boolean(),
  /** The page never leaves OPENING. */
  hangOpening: z.boolean(),
  /** A page that waits for a scan goes to UNPAIRED_IDLE at once. */
  unpairedIdle: z.boolean(),
  /** So many of the next connects make the page reload itself before it leaves OPENING. */
  reloadOnConnect: z.int().min(0).max(100),
  /** A linked page whose Local Storage is gone is rejected, even if its IndexedDB is complete. */
  needLocalStorage: z.boolean(),
  /** WhatsApp's servers have no file any more: downloads fail. */
  filesGone: z.boolean(),
  /** This module of the page does not exist ('': all exist), for pages that load from now on. */
  missingModule: z.string().regex(/^\w{0,80}$/, 'must be the name of a module, or empty'),
  /** Once linked, a page shows a dialog that no client knows; from the next connect on. */
  unknownDialog: z.boolean(),
  /** After so many seconds the "what's new" dialog of a build that has one costs the link; from the next connect on. */
  whatsNewSeconds: z.int().min(1).max(3600),
  /** How many linked devices an account may have: WhatsApp allows four. */
  deviceLimit: z.int().min(1).max(100),
  /** How the preview of a link in a text ends: none, one with a title, an error, or no response. */
  linkPreviews: z.enum(['none', 'given', 'failing', 'silent']),
  /** So long WhatsApp takes to answer for the metadata of one group, ms. */
  groupMetadataMs: z.int().min(0).max(60_000),
});
export type Faults = z.infer<typeof faultsSchema>;

const done = z.object({ ok: z.literal(true) });
const affected = z.object({ affected: z.int() });
const linked = z.object({
  account: accountSchema,
  /** Absent if WhatsApp asks for the account's passkey first. */
  deviceId: z.string().optional(),
});
const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);

type Route = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly request: z.ZodType;
  readonly response: z.ZodType;
};

/** Every operation of the phone, as data: the server dispatches on it and the client is made from it. */
export const phoneRoutes = {
  pages: {
    method: 'GET',
    path: '/phone/pages',
    request: z.object({}),
    response: z.object({ pages: z.array(pendingPageSchema) }),
  },
  accounts: {
    method: 'GET',
    path: '/phone/accounts',
    request: z.object({}),
    response: z.object({ accounts: z.array(accountSchema) }),
  },
  /** Scans what the QR shows, or, without looking, the code of the one (or named) pending page. */
  scan: {
    method: 'POST',
    path: '/phone/scan',
    request: z.object({
      code: z.string().min(1).max(1000).optional(),
      page: target.optional(),
      account: accountChoice.optional(),
    }),
    response: linked,
  },
  /** Enters the eight letters that a page shows in place of a QR. */
  enterPairingCode: {
    method: 'POST',
    path: '/phone/pairing-code',
    request: z.object({ code: z.string().min(1).max(20), account: accountChoice.optional() }),
    response: linked,
  },
  /**
   * Whether linking this account asks for its passkey, and then for a code to be compared (builds since 2026-07).
   * Makes the account and its passkey if there is none. The private key is given so that a browser's virtual
   * authenticator can hold it.
   */
  setPasskey: {
    method: 'POST',
    path: '/phone/passkey',
    request: z.object({
      account: phoneNumber,
      required: z.boolean(),
      confirm: z.boolean().default(false),
    }),
    response: z.object({
      account: accountSchema,
      passkey: z.object({
        id: base64url,
        /** PKCS #8, base64 */
        privateKey: z.base64(),
        userHandle: base64url,
        rpId: z.string(),
      }),
    }),
  },
  /** Signs a challenge with the passkey of the account that it is for, as the person's browser does. */
  signPasskey: {
    method: 'POST',
    path: '/phone/passkey/sign',
    request: z.object({
      challenge: base64url,
      /** As wrong browsers would have it. */
      origin: z.string().max(200).optional(),
      rpId: z.string().max(200).optional(),
    }),
    response: z.object({
      id: base64url,
      rawId: base64url,
      type: z.literal('public-key'),
      response: z.object({
        clientDataJSON: base64url,
        authenticatorData: base64url,
        signature: base64url,
        userHandle: base64url,
      }),
    }),
  },
  /** The codes that the phone shows, to be compared with those of its pages. */
  passkeyCodes: {
    method: 'GET',
    path: '/phone/passkey/codes',
    request: z.object({ account: target }),
    response: z.object({ codes: z.array(z.string()) }),
  },
  /** Renews the QR now instead of at its time. */
  refreshCode: {
    method: 'POST',
    path: '/phone/refresh',
    request: z.object({ page: target.optional() }),
    response: done,
  },
  /** A contact writes to the account, in a private chat or in a group: a text, or something with it as its caption or name. */
  send: {
    method: 'POST',
    path: '/phone/send',
    request: z.object({
      account: target,
      from: correspondent,
      name: z.string().min(1).max(100).optional(),
      chat: jid.optional(),
      text: z.string().max(65_536).default(''),
      file: z
        .object({
          data: z.base64().min(4),
          mimetype: z.string().min(3).max(256),
          filename: z.string().min(1).max(255).optional(),
          /** Without it the kind follows from the type. */
          as: z.enum(['voice', 'document', 'sticker']).optional(),
        })
        .optional(),
      location: z.object({ lat: z.number(), lng: z.number() }).optional(),
      poll: z
        .object({
          options: z.array(z.string().min(1).max(100)).min(2).max(12),
          multiple: z.boolean().default(false),
        })
        .optional(),
      vcard: z.string().startsWith('BEGIN:VCARD').max(65_536).optional(),
      replyTo: z.string().optional(),
      mentions: z.array(correspondent).optional(),
      /** Linked devices receive that it came, but not its content. */
      viewOnce: z.boolean().optional(),
      /** Its content does not come yet ("waiting for this message"): `resolve` brings it. */
      waiting: z.boolean().optional(),
    }),
    response: z.object({ message: messageSchema }),
  },
  /** A contact reacts to a message; an empty text takes the reaction away. */
  react: {
    method: 'POST',
    path: '/phone/react',
    request: z.object({
      account: target,
      from: correspondent,
      message: z.string(),
      text: z.string().max(40),
    }),
    response: done,
  },
  /** A contact votes in a poll: for these options and no others. */
  vote: {
    method: 'POST',
    path: '/phone/vote',
    request: z.object({
      account: target,
      from: correspondent,
      message: z.string(),
      options: z.array(z.string()).max(12),
    }),
    response: done,
  },
  /** The author of a message deletes it for all participants. */
  revoke: {
    method: 'POST',
    path: '/phone/revoke',
    request: z.object({ account: target, message: z.string() }),
    response: done,
  },
  /** A contact calls. */
  call: {
    method: 'POST',
    path: '/phone/call',
    request: z.object({ account: target, from: correspondent, video: z.boolean().default(false) }),
    response: z.object({ callId: z.string() }),
  },
  /** The activity of the account's companions in chats. */
  chatStates: {
    method: 'GET',
    path: '/phone/chat-states',
    request: z.object({ account: target }),
    response: z.object({
      chats: z.array(z.object({ chatId: z.string(), state: z.enum(['composing', 'recording', 'paused']) })),
    }),
  },
  /** The other side receives, reads or plays what the account's companion sent; without `message`, everything. */
  ack: {
    method: 'POST',
    path: '/phone/ack',
    request: z.object({
      account: target,
      message: z.string().optional(),
      ack: z.enum(['delivered', 'read', 'played']),
    }),
    response: affected,
  },
  /** The account's messages, oldest first; `sent` limits them to those that its companions sent. */
  inbox: {
    method: 'GET',
    path: '/phone/inbox',
    request: z.object({
      account: target,
      chat: jid.optional(),
      sent: z.union([z.boolean(), z.stringbool()]).optional(),
      limit: z.coerce.number().int().min(1).max(10_000).default(1000),
    }),
    response: z.object({ messages: z.array(messageSchema) }),
  },
  createGroup: {
    method: 'POST',
    path: '/phone/groups',
    request: z.object({
      account: target,
      subject: z.string().min(1).max(100),
      participants: z.array(correspondent).max(1024),
    }),
    response: z.object({ chatId: z.string() }),
  },
  /** A member (the owner without `by`) changes a group: its name, who is in it, who is an admin. */
  changeGroup: {
    method: 'POST',
    path: '/phone/groups/change',
    request: z.object({
      account: target,
      chat: jid,
      by: correspondent.optional(),
      subject: z.string().min(1).max(100).optional(),
      add: z.array(correspondent).max(1024).default([]),
      remove: z.array(correspondent).max(1024).default([]),
      promote: z.array(correspondent).max(1024).default([]),
    }),
    response: z.object({ participants: z.array(z.object({ id: z.string(), isAdmin: z.boolean() })) }),
  },
  /**
   * Removes the account's linked device(s) on the phone. A connected page is notified at once; one that is offline is
   * rejected at its next connect. With `quiet`, no page is notified: a connected page learns it at its next connect.
   */
  logout: {
    method: 'POST',
    path: '/phone/logout',
    request: z.object({ target, quiet: z.boolean().optional() }),
    response: affected,
  },
  /** Puts connected pages into a state of WhatsApp Web's socket. */
  state: {
    method: 'POST',
    path: '/phone/state',
    request: z.object({ target, state: z.enum(socketStates) }),
    response: affected,
  },
  /** The network between pages and WhatsApp; without target, for all pages. `delayMs` is per direction. */
  network: {
    method: 'POST',
    path: '/phone/network',
    request: z.object({
      target: target.optional(),
      mode: z.enum(['online', 'slow', 'offline']),
      delayMs: z.int().min(0).max(60_000).default(1000),
    }),
    response: done,
  },
  /** Makes connected pages reload themselves, or block their main thread for ever. */
  disturb: {
    method: 'POST',
    path: '/phone/disturb',
    request: z.object({ target, how: z.enum(['reload', 'freeze']) }),
    response: affected,
  },
  /** Both ids of a person. `pn` is null if WhatsApp reveals no number. */
  identity: {
    method: 'GET',
    path: '/phone/identity',
    request: z.object({ id: correspondent }),
    response: z.object({ lid: z.string(), pn: z.string().nullable() }),
  },
  /** Dialogs that the account's pages have shown, and how many of them are open now. */
  dialogs: {
    method: 'GET',
    path: '/phone/dialogs',
    request: z.object({ account: target }),
    response: z.object({ opened: z.int(), open: z.int() }),
  },
  build: {
    method: 'GET',
    path: '/phone/build',
    request: z.object({}),
    response: z.object({ build: z.enum(buildNames) }),
  },
  /** The build of pages that load from now on. */
  setBuild: {
    method: 'POST',
    path: '/phone/build',
    request: z.object({ build: z.enum(buildNames) }),
    response: z.object({ build: z.enum(buildNames) }),
  },
  ...happeningRoutes,
  faults: { method: 'GET', path: '/phone/faults', request: z.object({}), response: faultsSchema },
  setFaults: {
    method: 'POST',
    path: '/phone/faults',
    request: faultsSchema.partial().strict(),
    response: faultsSchema,
  },
} as const satisfies Record<string, Route>;

export type PhoneRoutes = typeof phoneRoutes;
export type PhoneOperation = keyof PhoneRoutes;
/** The caller's input. */
export type PhoneInput<K extends PhoneOperation> = z.input<PhoneRoutes[K]['request']>;
/** The simulator's input after validation. */
export type PhoneRequest<K extends PhoneOperation> = z.output<PhoneRoutes[K]['request']>;
export type PhoneResponse<K extends PhoneOperation> = z.output<PhoneRoutes[K]['response']>;
