/** The webhook's endpoint on loopback: reports what came, and answers 200. */
import { createServer } from 'node:http';
import * as z from 'zod';

const messageSchema = z.object({
  id: z.string(),
  event: z.literal('message'),
  session: z.string(),
  payload: z.object({ body: z.string() }),
});

type SoakEndpoint = { readonly url: string; close(): Promise<void> };

export const startSoakEndpoint = async (
  onMessage: (session: string, body: string, eventId: string) => void,
): Promise<SoakEndpoint> => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {
      // The deliverer was killed.
    });
    request.on('end', () => {
      const { id, session, payload } = messageSchema.parse(
        JSON.parse(Buffer.concat(chunks).toString('utf8')),
      );
      onMessage(session, payload.body, id);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
