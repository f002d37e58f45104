import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { dirname } from 'node:path';

const MAX_BYTES = 10 * 1024 * 1024;

/** Appends JSON lines to a file that only its owner reads; past 10 MB the file becomes `<name>.1` and a new one begins. */
export class LogFile {
  readonly #path: string;
  #stream: WriteStream | undefined;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  write(entry: Readonly<Record<string, unknown>>): void {
    const line = `${JSON.stringify(entry)}\n`;
    if (this.#stream !== undefined && this.#bytes > MAX_BYTES) {
      this.#stream.end();
      this.#stream = undefined;
      renameSync(this.#path, `${this.#path}.1`);
    }
    this.#stream ??= this.#open();
    this.#stream.write(line);
    this.#bytes += Buffer.byteLength(line);
  }

  #open(): WriteStream {
    mkdirSync(dirname(this.#path), { recursive: true });
    this.#bytes = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    // A full disk loses log lines, never the process.
    return createWriteStream(this.#path, { flags: 'a', mode: 0o600 }).on('error', () => {});
  }

  async close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) {
      await new Promise<void>((resolve) => stream.end(() => resolve()));
    }
  }
}
