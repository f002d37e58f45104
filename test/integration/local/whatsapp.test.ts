import { createServer, type Server } from 'node:http';
import { expect, test } from 'vitest';
import { chooseWhatsApp, WhatsAppUnreachable } from '../../../local/whatsapp.ts';

const portOf = (server: Server): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
};

/** An address whose port is closed. */
const closedPort = async (): Promise<string> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/`;
};

test('--live if WhatsApp cannot be reached is an error that says so and names the other way', async () => {
  const choice = chooseWhatsApp('live', await closedPort());
  await expect(choice).rejects.toThrow(WhatsAppUnreachable);
  await expect(choice).rejects.toThrow(/can't be reached.*--simulate/s);
});

test('without a choice the simulator is used if WhatsApp does not answer, and WhatsApp if it does', async () => {
  expect(await chooseWhatsApp(undefined, await closedPort())).toBe('simulator');
  const server = createServer((_request, response) => response.writeHead(403).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server);
  expect(await chooseWhatsApp(undefined, `http://127.0.0.1:${port}/`)).toBe('live');
  await new Promise((resolve) => server.close(resolve));
});

test('--simulate asks no question', async () => {
  expect(await chooseWhatsApp('simulator', 'http://256.0.0.1/')).toBe('simulator');
});
