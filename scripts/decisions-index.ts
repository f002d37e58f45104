/**
 * Writes docs/decisions/README.md: the list of all decision records, newest first.
 *
 *   npm run docs:index
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decisionsIndex } from './decisions.ts';

const ROOT = join(import.meta.dirname, '..');
writeFileSync(join(ROOT, 'docs', 'decisions', 'README.md'), decisionsIndex(ROOT));
