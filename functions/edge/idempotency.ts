import * as z from 'zod';
import { Problem } from '../../core/errors.ts';
import type { Sha256 } from '../../core/ports.ts';

const keySchema = z.string().regex(/^[\x21-\x7e]{1,128}$/);

/** The Idempotency-Key of a request and the hash of what it asks for; nothing where the caller sent none. */
export const idempotencyOf = (
  headers: Readonly<Record<string, string | undefined>>,
  request: unknown,
  sha256: Sha256,
): { idempotency?: { key: string; requestHash: string } } => {
  const key = idempotencyKeyOf(headers);
  return key === undefined ? {} : { idempotency: { key, requestHash: sha256(JSON.stringify(request)) } };
};

/** The header as it came, checked. */
export const idempotencyKeyOf = (
  headers: Readonly<Record<string, string | undefined>>,
): string | undefined => {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (!keySchema.safeParse(key).success) {
    throw new Problem('malformed', 'Idempotency-Key must be 1 to 128 printable characters.', {
      errors: [{ path: 'Idempotency-Key', message: 'must be 1 to 128 printable characters' }],
    });
  }
  return key;
};
