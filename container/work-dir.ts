import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes the folder that holds everything of a session, its profile too. Without `base`, in the temporary folder. */
export const makeWorkDir = async (base: string = tmpdir()): Promise<string> => {
  await mkdir(base, { recursive: true });
  return await mkdtemp(join(base, 'berth-worker-'));
};
