import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError, EXIT } from './exit.ts';

/** The nearest `.berth/<name>` at or above a folder: the local system keeps its key and addresses there. */
const findInBerthFolder = (name: string, from: string): string | undefined => {
  const file = join(from, '.berth', name);
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
  const parent = dirname(from);
  return parent === from ? undefined : findInBerthFolder(name, parent);
};

/** The local system's admin key. One that others on the machine can read is refused, as ssh does. */
export const readAdminKey = (from: string): string | undefined => {
  const file = findInBerthFolder('admin-key', from);
  if (file === undefined) return undefined;
  if ((statSync(file).mode & 0o077) !== 0)
    throw new CliError(EXIT.denied, `${file} can be read by others`, `chmod 600 ${file}`);
  return readOr(file);
};

export const readPhoneUrl = (from: string): string | undefined => {
  const file = findInBerthFolder('phone-url', from);
  return file === undefined ? undefined : readOr(file);
};

const readOr = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new CliError(EXIT.failure, `${file} can't be read`);
  }
};
