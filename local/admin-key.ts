import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import type { InvokeResult } from './runtime/pool.ts';

const answerSchema = z.object({ key: z.string().nullable() });

type AdminKey = {
  /** Undefined: one was made before and its file is gone; the store holds only a hash. */
  readonly key: string | undefined;
  /** Made just now: to be shown, once. */
  readonly isNew: boolean;
};

const readKey = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
};

/** Has the control plane make its first admin key, and keeps it in a file that only its owner can read. */
export const ensureAdminKey = async (
  path: string,
  invoke: (functionName: string, event: unknown) => Promise<InvokeResult>,
): Promise<AdminKey> => {
  const result = await invoke('keys-bootstrap', {});
  if (!result.ok) {
    throw new Error(`the first admin key could not be made: ${result.error.errorMessage}`);
  }
  const { key } = answerSchema.parse(JSON.parse(result.payload));
  if (key === null) {
    return { key: readKey(path), isNew: false };
  }
  writeFileSync(path, `${key}\n`, { mode: 0o600 });
  return { key, isNew: true };
};
