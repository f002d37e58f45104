import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

export const WHATSAPP_HOST = 'web.whatsapp.com';

const identitySchema = z.object({ cert: z.string(), key: z.string() });

/** A self-made certificate for WhatsApp Web's host. `spki`: base64 SHA-256 of its public key, as Chromium wants it. */
export type TlsIdentity = z.infer<typeof identitySchema> & { readonly spki: string };

/** The identity kept in `dir`, made on first use, so that browsers that were started with its key keep trusting it. */
export const tlsIdentity = async (dir: string | undefined): Promise<TlsIdentity> => {
  const identity = (dir && readIdentity(dir)) || (await makeIdentity(dir));
  return { ...identity, spki: spkiOf(identity.cert) };
};

const readIdentity = (dir: string): z.infer<typeof identitySchema> | undefined => {
  const file = join(dir, 'tls.json');
  if (!existsSync(file)) return undefined;
  const identity = identitySchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  // Chromium refuses an expired certificate even for a trusted key.
  const expires = identity && Date.parse(new X509Certificate(identity.cert).validTo);
  return expires !== undefined && expires > Date.now() + 7 * 86_400_000 ? identity : undefined;
};

const makeIdentity = async (dir: string | undefined): Promise<z.infer<typeof identitySchema>> => {
  // Once a data directory: other starts do without.
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: WHATSAPP_HOST }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 365 * 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: WHATSAPP_HOST }] }],
  });
  const identity = { cert: made.cert, key: made.private };
  if (dir) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const file = join(dir, 'tls.json');
    writeFileSync(`${file}.new`, JSON.stringify(identity), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return identity;
};

const spkiOf = (cert: string): string => {
  const key = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
};

/**
 * Switches that make Chromium find the simulator at WhatsApp Web's own address, and nothing else in the world but
 * loopback: a proxy may be there.
 */
export const chromiumArgs = (port: number, spki: string): string[] => {
  return [
    `--host-resolver-rules=MAP ${WHATSAPP_HOST} 127.0.0.1:${port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
    `--ignore-certificate-errors-spki-list=${spki}`,
  ];
};
