/**
 * Reads a profile's localStorage without a browser. Chromium opens the folder once, when it starts: what a browser that
 * runs is to have from a saved account, a script puts into its page.
 *
 * Chromium keeps all origins in one LevelDB. An item's key is `_<origin>`, a zero byte and the encoded key; the other
 * keys (`META:`, `METAACCESS:`, `VERSION`) are about the database. A string is a byte for its encoding and its characters.
 */
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stagingIn } from './archive.ts';

/** Chromium's name of the database's folder. */
const DATABASE = 'leveldb';
/** The format described above. Chromium writes it with the first item of a database. */
const VERSION = '1';

const UTF_16 = 0;
const LATIN_1 = 1;

const decode = (encoded: Buffer): string => {
  const [encoding] = encoded;
  const characters = encoded.subarray(1);
  if (encoding === LATIN_1) return characters.toString('latin1');
  if (encoding === UTF_16 && characters.length % 2 === 0) return characters.toString('utf16le');
  throw new Error('An item of the Local Storage has an encoding that is not known.');
};

/**
 * Loads LevelDB's native module, which costs a worker time and memory: few sessions need it. Throws if there is no build
 * for this platform.
 */
export const loadLevelDb = async () => {
  try {
    return (await import('./leveldb.ts')).ClassicLevel;
  } catch (error) {
    throw new Error('LevelDB does not load on this platform.', { cause: error });
  }
};

const copyDatabase = async (from: string, to: string): Promise<void> => {
  const entries = await readdir(from, { withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`The Local Storage has no readable folder "${DATABASE}".`, { cause: error });
  });
  await mkdir(to, { mode: 0o700 });
  for (const entry of entries)
    if (entry.isFile()) await copyFile(join(from, entry.name), join(to, entry.name));
};

/**
 * The items of `origin` (such as `https://web.whatsapp.com`) in the unpacked `Default/Local Storage` of a profile that no
 * browser uses. None is an empty list; a database that is missing or damaged, or whose format is not known, throws.
 *
 * The folder is not changed: LevelDB writes to what it opens, so a copy beside it is opened, and removed.
 */
export const readLocalStorage = async (
  folder: string,
  origin: string,
): Promise<readonly (readonly [key: string, value: string])[]> => {
  const ClassicLevel = await loadLevelDb();
  const copy = stagingIn(dirname(folder), 'local-storage');
  try {
    await copyDatabase(join(folder, DATABASE), copy);
    const db = new ClassicLevel<Buffer, Buffer>(copy, {
      createIfMissing: false,
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    });
    try {
      await db.open();
      const version = await db.get(Buffer.from('VERSION'));
      if (version !== undefined && version.toString('latin1') !== VERSION)
        throw new Error('The Local Storage has a version that is not known.');
      const start = Buffer.from(`_${origin}\0`);
      const found = await db.iterator({ gte: start, lt: Buffer.from(`_${origin}\x01`) }).all();
      return found.map(([key, value]) => [decode(key.subarray(start.length)), decode(value)] as const);
    } catch (error) {
      // LevelDB's own faults have a code.
      if (error instanceof Error && 'code' in error)
        throw new Error('The database of the Local Storage is damaged or missing.', { cause: error });
      throw error;
    } finally {
      await db.close();
    }
  } finally {
    await rm(copy, { recursive: true, force: true, maxRetries: 3 });
  }
};
