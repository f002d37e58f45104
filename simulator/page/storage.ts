/**
 * The data that the page keeps in its profile, so that a copied profile is a linked one and a wiped profile is not.
 */

export type Identity = { noiseKey: string; identityKey: string; advSecret: string; registrationId: number };
export type Credentials = { id: string; token: string };

const IDENTITY = { database: 'signal-storage', store: 'signal-meta-store', key: 'identity' } as const;
const CREDENTIALS = { database: 'wawc', store: 'user', key: 'device' } as const;
const BULK = { database: 'model-storage', store: 'message' } as const;
const LAST_WID = 'last-wid-md';

export const encodeB64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
export const decodeB64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const randomB64 = (bytes: number): string => encodeB64(crypto.getRandomValues(new Uint8Array(bytes)));

/** The keys of this profile, made at its first start. */
export const loadIdentity = async (): Promise<Identity> => {
  const kept = await read<Identity>(IDENTITY.database, IDENTITY.store, IDENTITY.key);
  if (kept) return kept;
  const [registrationId = 0] = crypto.getRandomValues(new Uint16Array(1));
  const made = {
    noiseKey: randomB64(32),
    identityKey: randomB64(32),
    advSecret: randomB64(32),
    registrationId,
  };
  await write(IDENTITY.database, IDENTITY.store, [[IDENTITY.key, made]]);
  return made;
};

/** The credentials that the server gave this profile when it was linked. */
export const loadCredentials = async (): Promise<{
  device: Credentials | undefined;
  localStorage: boolean;
}> => {
  const device = await read<Credentials>(CREDENTIALS.database, CREDENTIALS.store, CREDENTIALS.key);
  return { device, localStorage: localStorage.getItem(LAST_WID) !== null };
};

/** Keeps the link, durably, before anything relies on it. */
export const saveCredentials = async (device: Credentials, profileKilobytes: number): Promise<void> => {
  localStorage.setItem('WABrowserId', randomB64(16));
  // Random, as encrypted rows are: a snapshot's compression gains nothing on it.
  const rows = Array.from({ length: Math.ceil(profileKilobytes / 32) }, (_, index): [string, unknown] => [
    `row-${index}`,
    crypto.getRandomValues(new Uint8Array(32 * 1024)),
  ]);
  await write(BULK.database, BULK.store, rows);
  await write(CREDENTIALS.database, CREDENTIALS.store, [[CREDENTIALS.key, device]]);
};

export const rememberMe = (wid: string): void => {
  localStorage.setItem(LAST_WID, JSON.stringify(wid));
};

/** Forgets everything, as WhatsApp Web does when it is logged out. */
export const clearStorage = async (): Promise<void> => {
  localStorage.clear();
  const databases = [IDENTITY.database, CREDENTIALS.database, BULK.database];
  await Promise.all(databases.map((name) => settled(indexedDB.deleteDatabase(name))));
};

const open = async (database: string, store: string): Promise<IDBDatabase> => {
  const request = indexedDB.open(database, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(store);
  return settled(request);
};

const read = async <T>(database: string, store: string, key: string): Promise<T | undefined> => {
  const opened = await open(database, store);
  try {
    return await settled(opened.transaction(store).objectStore(store).get(key) as IDBRequest<T | undefined>);
  } finally {
    opened.close();
  }
};

const write = async (database: string, store: string, rows: [string, unknown][]): Promise<void> => {
  const opened = await open(database, store);
  try {
    const transaction = opened.transaction(store, 'readwrite', { durability: 'strict' });
    for (const [key, value] of rows) transaction.objectStore(store).put(value, key);
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    opened.close();
  }
};

const settled = <T>(request: IDBRequest<T>): Promise<T> => {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
};
