/**
 * The worker's direct queries to the page, for which the library has no call or hangs. Expressions, because they run
 * there.
 */
import * as z from 'zod';
import { idText } from './ids.ts';
import type { LibraryPage } from './library.ts';

const probeSchema = z.object({
  state: z.string().nullable(),
  hasSynced: z.boolean(),
  /** The library's functions are in the page: without them a working session is deaf. */
  injected: z.boolean(),
});
type Probe = z.infer<typeof probeSchema>;

const PROBE = `(() => {
  try {
    const socket = window.require('WAWebSocketModel').Socket;
    return { state: socket.state ?? null, hasSynced: Boolean(socket.hasSynced), injected: Boolean(window.WWebJS) };
  } catch {
    return { state: null, hasSynced: false, injected: false };
  }
})()`;

/**
 * The connection's state (null before the page knows), whether the first sync has ended, and the library's presence.
 */
export const probePage = async (page: LibraryPage): Promise<Probe> =>
  probeSchema.parse(await page.evaluate(PROBE));

/** Runs the library's own way to readiness, which waits for a change that has happened already. */
export const announceSynced = async (page: LibraryPage): Promise<void> => {
  await page.evaluate('void (window.onAppStateHasSyncedEvent && window.onAppStateHasSyncedEvent())');
};

/** The version of WhatsApp Web that the page is, as it reports it; undefined before it does. */
export const readVersion = async (page: LibraryPage): Promise<unknown> =>
  await page.evaluate('window.Debug && window.Debug.VERSION');

const LID = `(() => {
  try {
    const lid = window.require('WAWebUserPrefsMeUser').getMaybeMeLidUser();
    return lid ? String(lid) : null;
  } catch {
    return null;
  }
})()`;

/** The account's hidden id (`…@lid`), if it has one. */
export const readLid = async (page: LibraryPage): Promise<string | undefined> =>
  idText(await page.evaluate(LID));

/** Light on purpose: the library's own list asks for the metadata of every group. */
const CHATS = `(() =>
  window.require('WAWebCollections').Chat.getModelsArray().map((chat) => ({
    id: chat.id._serialized ?? chat.id.$1 ?? String(chat.id),
    t: typeof chat.t === 'number' ? chat.t : 0,
  })))()`;

const chatsSchema = z.array(z.object({ id: z.string(), t: z.number() }));

/** Ids of the chats in which something happened from `since` on (seconds). */
export const recentChats = async (page: LibraryPage, since: number): Promise<string[]> =>
  chatsSchema
    .parse(await page.evaluate(CHATS))
    .filter(({ t }) => t >= since)
    .map(({ id }) => id);
