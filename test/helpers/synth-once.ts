/** Before all tests: the local assembly and the workers' programs, which a dozen files would otherwise build side by side. */
import { join, resolve } from 'node:path';
import { synthesize } from '../../local/assembly/synth.ts';
import { preparePrograms } from '../../local/programs.ts';

const root = resolve(import.meta.dirname, '../..');

export default async (): Promise<void> => {
  await Promise.all([
    synthesize({ root, cacheDir: join(root, '.berth', 'cache', 'assembly') }),
    preparePrograms(),
  ]);
};
