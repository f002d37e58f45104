/**
 * Gives a saved account to a browser that runs already and has visited no page. Chromium opens IndexedDB of a page when the
 * page first asks for it, so its folder can be moved into the profile until then. It opens Local Storage at its start, so
 * those items are put into the page before its first script runs.
 */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { WHATSAPP_ORIGIN } from '../../contract/whatsapp/passkey.ts';
import { INDEXED_DB, LOCAL_STORAGE } from '../auth-state/archive.ts';
import { readLocalStorage } from '../auth-state/local-storage.ts';

export type BlankPage = {
  evaluateOnNewDocument(source: string): Promise<{ readonly identifier: string }>;
  removeScriptToEvaluateOnNewDocument(identifier: string): Promise<void>;
  on(event: 'framenavigated', listener: () => void): unknown;
  off(event: 'framenavigated', listener: () => void): unknown;
  url(): string;
};

const fillScript = (items: readonly (readonly [string, string])[]): string => `
  if (location.origin === ${JSON.stringify(WHATSAPP_ORIGIN)} && localStorage.length === 0)
    for (const [key, value] of ${JSON.stringify(items)}) localStorage.setItem(key, value);`;

/**
 * Throws if the browser cannot take the account; then it is of no use for it.
 *
 * @param folder an unpacked auth state on the profile's file system; IndexedDB is moved out of it
 */
export const adoptAccount = async (page: BlankPage, folder: string, profileDir: string): Promise<void> => {
  const items = await readLocalStorage(join(folder, LOCAL_STORAGE), WHATSAPP_ORIGIN);
  if (items.length === 0) throw new Error('the saved account has no local storage');
  const { identifier } = await page.evaluateOnNewDocument(fillScript(items));
  const onNavigated = () => {
    if (!page.url().startsWith(`${WHATSAPP_ORIGIN}/`)) return;
    page.off('framenavigated', onNavigated);
    // A page that unlinks its account empties its storage and loads again: that must not bring the items back.
    page.removeScriptToEvaluateOnNewDocument(identifier).catch(() => {});
  };
  page.on('framenavigated', onNavigated);
  // Last: it fails if the browser has opened an IndexedDB, and the folder is whole until here.
  await rename(join(folder, INDEXED_DB), join(profileDir, INDEXED_DB));
};
