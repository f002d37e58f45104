/** A webhook's endpoint on loopback that fails in every way an endpoint can, and keeps what it took. */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';

/**
 * up      answers 200
 * down    breaks every connection before it took anything
 * errors  answers 500, takes nothing
 * resets  takes the event and breaks the connection instead of answering
 * slow    takes the event and answers after a while
 * hangs   takes the event and never answers
 */
export type Mode = 'up' | 'down' | 'errors' | 'resets' | 'slow' | 'hangs';

const bodySchema = z.object({ id: z.string(), session: z.string() });

export type Endpoint = {
  readonly url: string;
  mode: Mode;
  /** By session: ids in the order in which each was taken for the first time. */
  readonly taken: ReadonlyMap<string, readonly string[]>;
  /** By session: ids in the order in which each was taken for the last time. */
  readonly takenLast: ReadonlyMap<string, readonly string[]>;
  /** Events taken, each once. */
  readonly count: number;
  /** Taken again. */
  readonly repeats: number;
  /** Attempts refused in one way or another. */
  readonly failures: number;
  /** Violations: a wrong signature, another body under a known id. */
  readonly defects: readonly string[];
  close(): Promise<void>;
};

const SLOW_MS = 700;

export const startEndpoint = async (key: string): Promise<Endpoint> => {
  const taken = new Map<string, string[]>();
  const takenLast = new Map<string, string[]>();
  const bodies = new Map<string, string>();
  const defects: string[] = [];
  let repeats = 0;
  let failures = 0;

  const take = (raw: string, signature: unknown): void => {
    const { id, session } = bodySchema.parse(JSON.parse(raw));
    if (signature !== createHmac('sha512', key).update(raw).digest('hex'))
      defects.push(`${id} is signed wrongly`);
    const digest = createHash('sha256').update(raw).digest('base64');
    takenLast.set(session, [...(takenLast.get(session) ?? []).filter((other) => other !== id), id]);
    const known = bodies.get(id);
    if (known !== undefined) {
      repeats += 1;
      if (known !== digest) defects.push(`${id} came again with another body`);
      return;
    }
    bodies.set(id, digest);
    taken.set(session, [...(taken.get(session) ?? []), id]);
  };

  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {
      // Broken by us, or by a deliverer that was killed.
    });
    request.on('end', () => {
      const { mode } = endpoint;
      if (mode === 'errors') {
        failures += 1;
        response.writeHead(500).end();
        return;
      }
      take(Buffer.concat(chunks).toString('utf8'), request.headers['x-webhook-hmac']);
      if (mode === 'resets') {
        failures += 1;
        request.socket.resetAndDestroy();
      } else if (mode === 'slow') setTimeout(() => response.writeHead(200).end(), SLOW_MS);
      else if (mode !== 'hangs') response.writeHead(200).end();
    });
  });
  server.on('connection', (socket) => {
    socket.on('error', () => {
      // As above.
    });
    if (endpoint.mode !== 'down') return;
    failures += 1;
    socket.resetAndDestroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const endpoint: Endpoint = {
    url: `http://127.0.0.1:${port}/hook`,
    mode: 'up',
    taken,
    takenLast,
    defects,
    get count() {
      return bodies.size;
    },
    get repeats() {
      return repeats;
    },
    get failures() {
      return failures;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return endpoint;
};
