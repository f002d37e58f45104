import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import type * as z from 'zod';
import { webhookEnvelopeSchema } from '../../contract/webhooks/envelope.ts';

type Received = z.infer<typeof webhookEnvelopeSchema> & {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
};

export type WebhookReceiver = {
  readonly url: string;
  readonly received: readonly Received[];
  /** The endpoint's answer from now on; undefined: it leaves requests without one. */
  answer(status: number | undefined): void;
  /** Requests that were left without an answer and that their caller has not given up. */
  held(): number;
  /** The first event that fits, waiting for it. */
  event(fits: (event: Received) => boolean): Promise<Received>;
  close(): Promise<void>;
};

/** An endpoint on loopback that keeps what it gets. */
export const startWebhookReceiver = async (): Promise<WebhookReceiver> => {
  const received: Received[] = [];
  let status: number | undefined = 200;
  let held = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (status === undefined) {
        held += 1;
        request.socket.once('close', () => {
          held -= 1;
        });
        return;
      }
      const raw = Buffer.concat(chunks).toString('utf8');
      if (status < 300)
        received.push({ ...webhookEnvelopeSchema.parse(JSON.parse(raw)), headers: request.headers, raw });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    answer: (next) => {
      status = next;
    },
    held: () => held,
    event: async (fits) => {
      await expect.poll(() => received.some(fits), { timeout: 60_000, interval: 50 }).toBe(true);
      const found = received.find(fits);
      if (!found) throw new Error('unreachable');
      return found;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

export const signatureOf = (key: string, raw: string): string =>
  createHmac('sha512', key).update(raw).digest('hex');
