/**
 * Watches the frames that a client sends. The `ws` library limits messages, and API Gateway limits frames as well: a
 * frame of more than 32 KB ends the connection, also as a part of a message that is allowed.
 */
export class FrameLimit {
  readonly #maxBytes: number;
  /** Payload of the current frame that is still to come. */
  #left = 0;
  /** The beginning of a header that is not complete. */
  #header = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the next bytes of the connection. False: a frame is too large; nothing more can be asked. */
  accepts(bytes: Buffer): boolean {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, rest.length);
        this.#left -= skipped;
        rest = rest.subarray(skipped);
        continue;
      }
      const known = Buffer.concat([this.#header, rest]);
      const header = headerOf(known);
      if (header === undefined) {
        this.#header = known;
        return true;
      }
      if (header.payload > this.#maxBytes) return false;
      rest = known.subarray(header.bytes);
      this.#header = Buffer.alloc(0);
      this.#left = header.payload;
    }
    return true;
  }
}

/** RFC 6455, 5.2: two bytes, an extended length of 2 or 8 bytes, and the mask of a client's frame. */
const headerOf = (bytes: Buffer): { readonly bytes: number; readonly payload: number } | undefined => {
  if (bytes.length < 2) return undefined;
  const second = bytes.readUInt8(1);
  const length = second & 0x7f;
  const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
  const size = 2 + extended + ((second & 0x80) === 0 ? 0 : 4);
  if (bytes.length < size) return undefined;
  const payload =
    extended === 0 ? length : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return { bytes: size, payload };
};
