/** Live events over a WebSocket, from the simulated phone to the client. */
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createClient, type LiveEvent } from '../../../client/index.ts';
import { leaksIn, readLogs } from '../../helpers/log-secrets.ts';
import type { System } from '../../helpers/system.ts';

const CONTACT = '491719990001@c.us';

/** As a client of WAHA connects. */
class Follower {
  readonly got: LiveEvent[] = [];
  readonly #socket: WebSocket;
  readonly closed: Promise<number>;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.got.push(JSON.parse(String(data))));
    this.closed = once(socket, 'close').then(([code]) => code);
  }

  static async open(url: string): Promise<Follower> {
    const follower = new Follower(new WebSocket(url));
    await once(follower.#socket, 'open');
    return follower;
  }

  texts(): unknown[] {
    return this.got.filter(({ event }) => event === 'message').map(({ payload }) => payload.body);
  }

  async until(...texts: string[]): Promise<void> {
    await vi.waitFor(() => expect(this.texts()).toEqual(texts), 60_000);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }
}

/** The status that a connect is refused with. */
const refusal = async (url: string): Promise<number> => {
  const socket = new WebSocket(url);
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  socket.terminate();
  return response.statusCode;
};

/** @param open the running system, with the session `shop` of this account, which works */
export const live = (open: () => System, ACCOUNT: string): void => {
  let system: System;
  let key = '';
  const send = (text: string) => system.phone.send({ account: ACCOUNT, from: CONTACT, text });
  const address = (query: Record<string, string>) =>
    `${system.stack.url.replace('http', 'ws')}/ws?${new URLSearchParams({ 'x-api-key': key, ...query })}`;
  const keyOf = async (request: Partial<Parameters<System['berth']['keys']['create']>[0]>) =>
    (await system.berth.keys.create({ userId: 'admin', ...request })).key;

  beforeAll(async () => {
    system = open();
    key = await keyOf({});
  });
  afterAll(() => system.berth.sessions.get('shop'));

  describe.sequential('over a WebSocket', () => {
    test("a message arrives as a webhook's body", async () => {
      const follower = await Follower.open(address({ session: 'shop', events: 'message' }));
      await send('live 1');
      await follower.until('live 1');
      expect(follower.got).toMatchObject([
        {
          id: expect.stringMatching(/^evt_/),
          event: 'message',
          session: 'shop',
          me: { id: `${ACCOUNT}@c.us` },
          payload: { body: 'live 1', fromMe: false },
          engine: 'WEBJS',
          cursor: expect.stringMatching(/^\d+$/),
        },
      ]);
      await follower.close();
    });

    test('a follower that comes back misses nothing and gets nothing twice', async () => {
      const first = await Follower.open(address({ session: '*', events: 'message' }));
      await send('live 2');
      await first.until('live 2');
      await first.close();
      await send('live 3');
      await send('live 4');
      const after = first.got.at(-1)?.cursor ?? '';
      const second = await Follower.open(address({ events: 'message', after }));
      await send('live 5');
      await second.until('live 3', 'live 4', 'live 5');
      await second.close();
    });

    test('the typed client follows without its key in a URL, and continues after a lost connection', async () => {
      const sockets: WebSocket[] = [];
      class Watched extends WebSocket {
        constructor(url: string) {
          super(url);
          expect(url).not.toContain(key);
          sockets.push(this);
        }
      }
      const client = createClient({ baseUrl: system.stack.url, apiKey: key, webSocket: Watched });
      const ending = new AbortController();
      const opened = Promise.withResolvers<void>();
      const events = client.events.live({
        sessions: ['shop'],
        events: ['message'],
        signal: ending.signal,
        onOpen: (isOpen) => isOpen && opened.resolve(),
      });
      const next = async () => (await events.next()).value?.payload.body;
      const sixth = next();
      await opened.promise;
      await send('live 6');
      expect(await sixth).toBe('live 6');
      sockets[0]?.terminate();
      await send('live 7');
      await send('live 8');
      expect([await next(), await next()]).toEqual(['live 7', 'live 8']);
      expect(sockets.length).toBeGreaterThan(1);
      ending.abort();
      await expect(next()).rejects.toThrow(/abort/);
    });

    test('scopes and named sessions hold', async () => {
      key = '';
      expect(await refusal(address({}))).toBe(401);
      key = await keyOf({ scopes: ['sessions:read'] });
      expect(await refusal(address({ events: 'message' }))).toBe(403);
      expect(await refusal(address({ userId: '*' }))).toBe(403);
      expect(await refusal(address({ session: 'nowhere' }))).toBe(404);
      expect(await refusal(address({ events: 'no.such.event' }))).toBe(400);
      key = await keyOf({ sessions: ['other'] });
      expect(await refusal(address({ session: 'shop' }))).toBe(404);
      const other = await Follower.open(address({}));
      key = await keyOf({});
      const all = await Follower.open(address({ events: 'message' }));
      await send('live 9');
      await all.until('live 9');
      expect(other.got).toEqual([]);
      await Promise.all([other.close(), all.close()]);
    });

    test('a key that is revoked ends its connections with 1000', async () => {
      const { key: made, id } = await system.berth.keys.create({ userId: 'admin' });
      key = made;
      const follower = await Follower.open(address({ events: 'message' }));
      await system.berth.keys.delete(id);
      await send('live 10');
      expect(await follower.closed).toBe(1000);
      expect(follower.got).toEqual([]);
    });

    test('no log has a key that was in a URL', () => {
      expect(leaksIn(readLogs(join(system.dataDir, 'logs')), { 'API key': [key] })).toEqual([]);
    });
  });
};
