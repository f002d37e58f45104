/** The dashboard's sign-ins: a random token each, stored hashed, good as long as the key that it was made with. */
import * as z from 'zod';
import { Problem } from '../../contract/errors.ts';
import type { Deps } from '../deps.ts';
import { signInKey, TTL_ATTRIBUTE } from '../items.ts';
import { absent, eq, or } from '../store.ts';
import { type ApiKey, apiKeyByHash, findApiKey } from './keys.ts';
import { SIGN_IN_SECONDS } from './sign-in-cookie.ts';

const signInSchema = z.object({ keyHash: z.string(), expiresAt: z.int(), proofHash: z.string().optional() });

type Needs = Pick<Deps, 'store' | 'clock' | 'sha256'>;

/**
 * Signs in with an API key; the token is for a cookie and for `seconds`. Throws 401 for a key that is not valid.
 *
 * @param proven the cookie is to count only with the proof that is answered
 */
export const signIn = async (
  deps: Needs & Pick<Deps, 'ids'>,
  presented: string,
  proven = false,
): Promise<{ readonly token: string; readonly seconds: number; readonly proof?: string }> => {
  const key = await findApiKey(deps, presented);
  if (!key) throw new Problem('unauthorized', 'The API key is invalid.');
  const now = deps.clock();
  const expiresAt = Math.min(now + SIGN_IN_SECONDS * 1000, key.expiresAt ?? Number.POSITIVE_INFINITY);
  const token = deps.ids.secret();
  const proof = proven ? deps.ids.secret() : undefined;
  const itemKey = signInKey(deps.sha256(token));
  await deps.store.write({
    kind: 'put',
    key: itemKey,
    item: {
      ...itemKey,
      keyHash: key.hash,
      expiresAt,
      ...(proof === undefined ? {} : { proofHash: deps.sha256(proof) }),
      [TTL_ATTRIBUTE]: Math.ceil(expiresAt / 1000),
    },
  });
  const seconds = Math.floor((expiresAt - now) / 1000);
  return { token, seconds, ...(proof === undefined ? {} : { proof }) };
};

/**
 * The API key that a sign-in belongs to, as it is now: its role and limits are those of the key at each request, and
 * a revoked or expired key ends all of its sign-ins at once.
 */
export const findSignIn = async (
  deps: Needs,
  { token, proof }: { readonly token: string; readonly proof?: string },
): Promise<ApiKey | undefined> => {
  const item = await deps.store.get(signInKey(deps.sha256(token)));
  if (!item) return undefined;
  const { keyHash, expiresAt, proofHash } = signInSchema.parse(item);
  if (proofHash !== undefined && (proof === undefined || deps.sha256(proof) !== proofHash)) return undefined;
  // An item outlives its time to live by up to days.
  return expiresAt <= deps.clock() ? undefined : apiKeyByHash(deps, keyHash);
};

/** Ends a sign-in; one that has already ended is success. A cookie without its proof ends nothing. */
export const signOut = async (
  deps: Pick<Deps, 'store' | 'sha256'>,
  { token, proof }: { readonly token: string; readonly proof?: string },
): Promise<void> => {
  await deps.store.write({
    kind: 'delete',
    key: signInKey(deps.sha256(token)),
    condition: or(absent('proofHash'), ...(proof === undefined ? [] : [eq('proofHash', deps.sha256(proof))])),
  });
};
