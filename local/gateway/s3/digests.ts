import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsRefusal } from '../refusals.ts';

interface Digest {
  update(chunk: Buffer): void;
  /** Base64, as the checksum headers carry it. */
  result(): string;
}

const hash = (algorithm: string) => (): Digest => {
  const running = createHash(algorithm);
  return { update: (chunk) => void running.update(chunk), result: () => running.digest('base64') };
};

const crc = (): Digest => {
  let value = 0;
  return {
    update: (chunk) => {
      value = crc32(chunk, value);
    },
    result: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes.toString('base64');
    },
  };
};

/** Checksums that can be verified here, by the header that states them. CRC32C and CRC64NVME pass unverified. */
const VERIFIABLE: Readonly<Record<string, () => Digest>> = {
  'content-md5': hash('md5'),
  'x-amz-checksum-crc32': crc,
  'x-amz-checksum-sha1': hash('sha1'),
  'x-amz-checksum-sha256': hash('sha256'),
};

/** Digests of a body while it passes, held against what the client stated of it. */
export class BodyDigests {
  readonly #digests = new Map<string, Digest>();
  readonly #stated = new Map<string, string>();

  /**
   * @param headers the request's headers in lower case
   * @param trailer name of the checksum that comes after the body, from `x-amz-trailer`
   */
  constructor(headers: Readonly<Record<string, string>>, trailer?: string) {
    for (const name of Object.keys(VERIFIABLE)) {
      const value = headers[name];
      if (value !== undefined || name === trailer) {
        this.#follow(name);
      }
      if (value !== undefined) {
        this.#stated.set(name, value);
      }
    }
    const signed = headers['x-amz-content-sha256'];
    if (signed !== undefined && /^[0-9a-f]{64}$/.test(signed)) {
      this.#digests.set('x-amz-content-sha256', hash('sha256')());
      this.#stated.set('x-amz-content-sha256', Buffer.from(signed, 'hex').toString('base64'));
    }
  }

  #follow(name: string): void {
    const digest = VERIFIABLE[name];
    if (digest !== undefined) {
      this.#digests.set(name, digest());
    }
  }

  update(chunk: Buffer): void {
    for (const digest of this.#digests.values()) {
      digest.update(chunk);
    }
  }

  /** Throws BadDigest unless every stated checksum is the body's. */
  verify(trailers: ReadonlyMap<string, string> = new Map()): void {
    for (const [name, digest] of this.#digests) {
      const stated = this.#stated.get(name) ?? trailers.get(name);
      if (stated !== digest.result()) {
        throw new AwsRefusal('badDigest', `The ${name} you specified did not match what we received.`);
      }
    }
  }
}
