import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';

const manifestSchema = z.object({ scripts: z.object({ start: z.string() }) });

const manifest = readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8');

/** Node's flags of `npm start`, so that a system started by a test uses memory as a person's does. */
export const START_FLAGS: readonly string[] = manifestSchema
  .parse(JSON.parse(manifest))
  .scripts.start.split(' ')
  .filter((word) => word.startsWith('--'));
