/**
 * Whether an assertion answers a challenge, as far as this can be determined without the passkey's public key, which
 * only WhatsApp has. An assertion that WhatsApp would certainly reject is rejected here, while the page's one call is
 * not yet used.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import {
  type PasskeyAssertion,
  type PasskeyChallenge,
  WHATSAPP_ORIGIN,
} from '../../contract/whatsapp/passkey.ts';

const clientDataSchema = z.object({
  type: z.string(),
  challenge: z.string(),
  origin: z.string(),
});
type ClientData = z.infer<typeof clientDataSchema>;

/** The browser's signed client data; undefined: it is not client data. */
export const clientDataOf = ({ response }: PasskeyAssertion): ClientData | undefined => {
  try {
    const json: unknown = JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString('utf8'));
    const parsed = clientDataSchema.safeParse(json);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
};

/** WebAuthn §6.1: 32 bytes of the relying party's hash, one of flags, four of a counter. */
const LEAST_AUTHENTICATOR_DATA = 37;
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;

/** Why WhatsApp would refuse the assertion for this challenge, in words; undefined: nothing is known against it. */
export const faultOf = (
  challenge: Pick<PasskeyChallenge, 'rpId' | 'allowCredentials' | 'userVerification'>,
  assertion: PasskeyAssertion,
  { type, origin }: ClientData,
): string | undefined => {
  if (type !== 'webauthn.get') return `this is a "${type.slice(0, 40)}" and no assertion of a passkey`;
  if (origin !== WHATSAPP_ORIGIN)
    return `it was signed at ${origin.slice(0, 100)}; it must be signed at ${WHATSAPP_ORIGIN}`;
  const data = Buffer.from(assertion.response.authenticatorData, 'base64url');
  if (data.length < LEAST_AUTHENTICATOR_DATA) return 'its authenticator data is too short';
  const rpIdHash = createHash('sha256').update(challenge.rpId).digest();
  if (!data.subarray(0, 32).equals(rpIdHash)) return `it was signed for a site other than ${challenge.rpId}`;
  const flags = data[32] ?? 0;
  if ((flags & USER_PRESENT) === 0) return 'the authenticator did not confirm that a person was present';
  if (challenge.userVerification === 'required' && (flags & USER_VERIFIED) === 0)
    return 'the authenticator did not verify the person (by PIN, fingerprint or face)';
  const { allowCredentials } = challenge;
  if (allowCredentials.length > 0 && !allowCredentials.some(({ id }) => id === assertion.id))
    return 'it was signed with a passkey that WhatsApp did not request';
  return undefined;
};
