/**
 * A consistent copy of the parts of a profile that hold the account, while the browser may be writing.
 *
 * LevelDB writes a new file or appends to its log; a copy during which no file appeared, vanished, grew or changed is
 * what a crash at that instant would leave, and LevelDB recovers from that. Under writes that leave no such gap, the
 * browser's processes stand still for the tens of milliseconds of one more copy.
 */
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BadSnapshot } from '../base/faults.ts';
import { sleep, type Time } from '../base/time.ts';
import { KEPT_FOLDERS } from './archive.ts';

const TRIES = 3;
const PAUSE_MS = 100;

/** Path → what changes when its bytes do. */
type Listing = ReadonlyMap<string, string>;

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

const list = async (profileDir: string): Promise<Listing> => {
  const found = new Map<string, string>();
  for (const folder of KEPT_FOLDERS) {
    const entries = await readdir(join(profileDir, folder), { recursive: true, withFileTypes: true }).catch(
      (error: unknown) => {
        if (isMissing(error)) return [];
        throw error;
      },
    );
    for (const entry of entries) {
      // LOCK is LevelDB's mark of being open; it is made again.
      if (!entry.isFile() || entry.name === 'LOCK') continue;
      const path = join(entry.parentPath, entry.name);
      const { size, mtimeNs, ino } = await stat(path, { bigint: true });
      found.set(path.slice(profileDir.length + 1), `${size}.${mtimeNs}.${ino}`);
    }
  }
  return found;
};

const same = (a: Listing, b: Listing): boolean =>
  a.size === b.size && [...a].every(([path, mark]) => b.get(path) === mark);

/** One try; false: something changed meanwhile. */
const tryCopy = async (profileDir: string, targetDir: string): Promise<boolean> => {
  await rm(targetDir, { recursive: true, force: true });
  await mkdir(targetDir, { recursive: true });
  try {
    const before = await list(profileDir);
    if (before.size === 0) throw new BadSnapshot('the profile holds nothing to save');
    for (const path of before.keys()) {
      await mkdir(dirname(join(targetDir, path)), { recursive: true });
      await copyFile(join(profileDir, path), join(targetDir, path));
    }
    return same(before, await list(profileDir));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
};

/** Copies to `targetDir`, which is emptied first. `freeze` runs its work while nothing writes. */
export const copyConsistently = async (
  time: Time,
  profileDir: string,
  targetDir: string,
  freeze: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<'undisturbed' | 'frozen'> => {
  for (let n = 0; n < TRIES; n += 1) {
    if (await tryCopy(profileDir, targetDir)) return 'undisturbed';
    await sleep(time, PAUSE_MS);
  }
  if (await freeze(() => tryCopy(profileDir, targetDir))) return 'frozen';
  throw new BadSnapshot('the profile changed during every copy');
};
