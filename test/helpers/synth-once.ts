/** Before all tests: the local assembly and its bundles, which a dozen files would otherwise build side by side. */
import { join, resolve } from 'node:path';
import { synthesize } from '../../local/assembly/synth.ts';

const root = resolve(import.meta.dirname, '../..');

export default async (): Promise<void> => {
  await synthesize({ root, cacheDir: join(root, '.berth', 'cache', 'assembly') });
};
