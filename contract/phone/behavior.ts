/** How the simulated WhatsApp Web behaves: its build, its connection, its faults. */
import * as z from 'zod';
import { affected, done, target } from './base.ts';

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

export const behaviorRoutes = {
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
  faults: { method: 'GET', path: '/phone/faults', request: z.object({}), response: faultsSchema },
  setFaults: {
    method: 'POST',
    path: '/phone/faults',
    request: faultsSchema.partial().strict(),
    response: faultsSchema,
  },
} as const;
