/** HTTP by the byte: what a client library would put right or refuse to send goes out as it is. */
import { connect } from 'node:net';

export type RawRequest = {
  readonly method: string;
  /** The request target as it is written. */
  readonly target: string;
  /** Names and values as they are written; CRLF in them included. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
};

export type RawAnswer = {
  readonly status: number;
  /** Lower-case names; repeated ones joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Nothing came in time, or what came is no HTTP. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/**
 * One request on its own connection.
 * @param timeoutMs for the whole of it
 */
export const send = (port: number, request: RawRequest, timeoutMs: number): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new NoAnswer(`nothing within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.on('data', (chunk) => chunks.push(chunk));
    // A server that refuses early closes while the body is still on its way; what it said counts.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      const answer = parse(Buffer.concat(chunks));
      if (answer) resolve(answer);
      else reject(new NoAnswer('the connection ended without an answer'));
    });
    socket.on('connect', () => {
      const head = [
        `${request.method} ${request.target} HTTP/1.1`,
        ...request.headers.map(([name, value]) => `${name}: ${value}`),
      ].join('\r\n');
      socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), request.body]));
    });
  });

const parse = (bytes: Buffer): RawAnswer | undefined => {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  if (!status) return undefined;
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf(':');
    const name = line.slice(0, at).toLowerCase();
    const value = line.slice(at + 1).trim();
    headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  // `100 Continue` goes ahead of the answer.
  const rest = bytes.subarray(end + 4);
  return status === 100 ? parse(rest) : { status, headers, body: rest.toString('utf8') };
};
