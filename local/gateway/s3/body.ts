import type { TransformCallback } from 'node:stream';
import { Transform } from 'node:stream';
import { AwsRefusal } from '../refusals.ts';
import type { BodyDigests } from './digests.ts';

const MAX_LINE_BYTES = 4096;
const CRLF = Buffer.from('\r\n');

/**
 * Reads `aws-chunked` framing (unsigned chunks): `hex-size[;…] CRLF data CRLF … 0 CRLF trailers CRLF`.
 * The SDK sends streams so, with the checksum in a trailer.
 */
class AwsChunkedReader {
  readonly trailers = new Map<string, string>();
  readonly #onData: (data: Buffer) => void;
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of the current chunk still to come. */
  #left = 0;
  #phase: 'size' | 'data' | 'data-end' | 'trailers' | 'end' = 'size';

  constructor(onData: (data: Buffer) => void) {
    this.#onData = onData;
  }

  read(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#step()) {
      // Each step takes a line or a run of data off the front.
    }
  }

  end(): void {
    if (this.#phase !== 'end') {
      throw new AwsRefusal('malformed', 'the aws-chunked body ends early');
    }
  }

  /** Returns false when it needs more bytes. */
  #step(): boolean {
    if (this.#phase === 'end') {
      return false;
    }
    if (this.#phase === 'data') {
      return this.#takeData();
    }
    const line = this.#takeLine();
    if (line === undefined) {
      return false;
    }
    if (this.#phase === 'data-end') {
      this.#phase = 'size';
    } else if (this.#phase === 'size') {
      this.#left = chunkSize(line);
      this.#phase = this.#left === 0 ? 'trailers' : 'data';
    } else if (line === '') {
      this.#phase = 'end';
    } else {
      const colon = line.indexOf(':');
      this.trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
    return true;
  }

  #takeData(): boolean {
    const data = this.#pending.subarray(0, this.#left);
    this.#onData(data);
    this.#pending = this.#pending.subarray(data.length);
    this.#left -= data.length;
    if (this.#left === 0) {
      this.#phase = 'data-end';
    }
    return this.#pending.length > 0;
  }

  #takeLine(): string | undefined {
    const end = this.#pending.indexOf(CRLF);
    if (end < 0) {
      if (this.#pending.length > MAX_LINE_BYTES) {
        throw new AwsRefusal('malformed', 'the aws-chunked body has an endless line');
      }
      return undefined;
    }
    const line = this.#pending.subarray(0, end).toString('latin1');
    this.#pending = this.#pending.subarray(end + CRLF.length);
    return line;
  }
}

const chunkSize = (line: string): number => {
  const size = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(line)?.[1];
  if (size === undefined) {
    throw new AwsRefusal('malformed', 'the aws-chunked body has a bad chunk size');
  }
  return Number.parseInt(size, 16);
};

/**
 * Passes a body on while its digests run, always one chunk behind: the last chunk leaves only once the
 * digests agree, so the engine never gets to the end of a body that is not what the client stated.
 */
export class VerifiedBody extends Transform {
  readonly #digests: BodyDigests;
  readonly #chunked: AwsChunkedReader | undefined;
  #held: Buffer | undefined;

  /** @param awsChunked whether the bytes come in `aws-chunked` framing; they are passed on in it */
  constructor(digests: BodyDigests, awsChunked: boolean) {
    super();
    this.#digests = digests;
    this.#chunked = awsChunked ? new AwsChunkedReader((data) => digests.update(data)) : undefined;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const previous = this.#held;
    this.#held = chunk;
    settle(done, () => {
      if (this.#chunked === undefined) {
        this.#digests.update(chunk);
      } else {
        this.#chunked.read(chunk);
      }
      return previous;
    });
  }

  override _flush(done: TransformCallback): void {
    settle(done, () => {
      this.#chunked?.end();
      this.#digests.verify(this.#chunked?.trailers);
      return this.#held;
    });
  }
}

const settle = (done: TransformCallback, work: () => Buffer | undefined): void => {
  try {
    done(null, work());
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
  }
};
