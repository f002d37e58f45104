import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WHATSAPP_ORIGIN } from '../../contract/whatsapp/passkey.ts';
import { INDEXED_DB, LOCAL_STORAGE, pack, stagingIn, unpack } from './archive.ts';
import { loadLevelDb, readLocalStorage } from './local-storage.ts';

/**
 * Restores a small account that is used for nothing else. A process that waits has time for it, and what runs here is loaded
 * and compiled by then: the first restore took twice as long as the second (docs/performance.md).
 */
export const rehearseRestore = async (workDir: string): Promise<void> => {
  const dir = stagingIn(workDir, 'rehearsal');
  const source = join(dir, 'source');
  const file = join(dir, 'archive');
  const target = join(dir, 'target');
  try {
    for (const folder of [INDEXED_DB, LOCAL_STORAGE]) await mkdir(join(source, folder), { recursive: true });
    await writeFile(join(source, INDEXED_DB, 'CURRENT'), 'a rehearsal');
    const ClassicLevel = await loadLevelDb();
    const database = new ClassicLevel(join(source, LOCAL_STORAGE, 'leveldb'));
    await database.put('VERSION', '1');
    await database.close();
    await pack(source, file);
    await unpack(file, target);
    await readLocalStorage(join(target, LOCAL_STORAGE), WHATSAPP_ORIGIN);
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
};
