/** `npm run generate`: writes what is generated from the table of operations. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PUBLIC_OPERATIONS } from '../contract/public-operations.ts';
import { clientMethods } from './client-methods.ts';

const path = join(import.meta.dirname, '..', 'client', 'methods.ts');
await writeFile(path, clientMethods(PUBLIC_OPERATIONS));
process.stdout.write(`${path}\n`);
