/** A connect that is refused, with what its caller gets. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    reason: string,
    body = JSON.stringify({ message: reason }),
    headers: Readonly<Record<string, string>> = { 'content-type': 'application/json' },
  ) {
    super(reason);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Writes the refusal to a connection that was not upgraded. */
export const refuse = (stream: Duplex, { status, body, headers }: Refused, requestId: string): void => {
  const lines = {
    ...headers,
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
    'x-amzn-requestid': requestId,
  };
  const text = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${text.join('')}\r\n${body}`);
};
