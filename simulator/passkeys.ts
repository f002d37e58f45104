/**
 * The passkeys of simulated accounts: made, signed with as a person's browser does, and verified as WhatsApp's server
 * does, by a library that shares nothing with the worker's own checks.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import * as z from 'zod';
import { type PasskeyAssertion, WHATSAPP_ORIGIN } from '../contract/whatsapp/passkey.ts';
import type { PasskeyRecord } from './model/records.ts';
import { WHATSAPP_HOST } from './tls.ts';

export const RP_ID = WHATSAPP_HOST;

/** A new P-256 passkey. `random` gives bytes as hex. */
export const newPasskey = (
  account: string,
  random: (bytes: number) => string,
): Omit<PasskeyRecord, 'required' | 'confirm'> => ({
  kind: 'passkey',
  account,
  id: Buffer.from(random(16), 'hex').toString('base64url'),
  privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'der' })
    .toString('base64'),
  userHandle: Buffer.from(random(16), 'hex').toString('base64url'),
  counter: 0,
});

const USER_PRESENT_AND_VERIFIED = 0x05;

/** Signs a challenge (base64url) for an origin and a relying party, with the passkey's next counter. */
export const signWith = (
  passkey: PasskeyRecord,
  {
    challenge,
    origin = WHATSAPP_ORIGIN,
    rpId = RP_ID,
  }: { challenge: string; origin?: string; rpId?: string },
) => {
  const clientData = Buffer.from(
    JSON.stringify({ type: 'webauthn.get', challenge, origin, crossOrigin: false }),
  );
  const flagsAndCounter = Buffer.alloc(5);
  flagsAndCounter.writeUInt8(USER_PRESENT_AND_VERIFIED, 0);
  flagsAndCounter.writeUInt32BE(passkey.counter, 1);
  const authenticatorData = Buffer.concat([sha256(rpId), flagsAndCounter]);
  const signature = sign(
    'sha256',
    Buffer.concat([authenticatorData, sha256(clientData)]),
    privateKeyOf(passkey),
  );
  return {
    id: passkey.id,
    rawId: passkey.id,
    type: 'public-key' as const,
    response: {
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authenticatorData.toString('base64url'),
      signature: signature.toString('base64url'),
      userHandle: passkey.userHandle,
    },
  };
};

/** Loaded when first used: it is a quarter of the modules that the local system would load at its start. */
const loadLibrary = async () => {
  const [{ verifyAuthenticationResponse }, { isoCBOR }] = await Promise.all([
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
  ]);
  return { verifyAuthenticationResponse, isoCBOR };
};

/** Whether the assertion is this passkey's for the challenge: signature, challenge, origin, relying party, person. */
export const verifies = async (
  passkey: PasskeyRecord,
  challenge: string,
  { response: { userHandle, ...response }, ...assertion }: PasskeyAssertion,
): Promise<boolean> => {
  const { verifyAuthenticationResponse, isoCBOR } = await loadLibrary();
  try {
    const { verified } = await verifyAuthenticationResponse({
      response: {
        ...assertion,
        response: { ...response, ...(userHandle === undefined ? {} : { userHandle }) },
        clientExtensionResults: {},
      },
      expectedChallenge: challenge,
      expectedOrigin: WHATSAPP_ORIGIN,
      expectedRPID: RP_ID,
      requireUserVerification: true,
      credential: { id: passkey.id, publicKey: isoCBOR.encode(coseKey(passkey)), counter: 0 },
    });
    return verified && assertion.id === passkey.id;
  } catch {
    // The library says by an error what does not fit.
    return false;
  }
};

const privateKeyOf = ({ privateKey }: PasskeyRecord) =>
  createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });

const pointSchema = z.object({ x: z.string(), y: z.string() });

/** The public key as an authenticator registers it (RFC 9053 §7.1.1): EC2, ES256, P-256. */
const coseKey = (passkey: PasskeyRecord): Map<number, number | Uint8Array> => {
  const jwk = createPublicKey(privateKeyOf(passkey)).export({ format: 'jwk' });
  const { x, y } = pointSchema.parse(jwk);
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
  return new Map<number, number | Uint8Array>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, bytes(x)],
    [-3, bytes(y)],
  ]);
};

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
