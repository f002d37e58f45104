/** `events.live` of the typed client, over a WebSocket whose every step a test decides. */
import { expect, test } from 'vitest';
import { type LiveEvent, UnreachableError } from '../../client/index.ts';
import { followLive, type LiveNeeds } from '../../client/live.ts';

type Listener = (event: { readonly data: unknown }) => void;

class FakeSocket {
  static made: FakeSocket[] = [];
  /** Called with each new one. */
  static script: (socket: FakeSocket, n: number) => void = () => {};
  readonly url: URL;
  readonly sent: string[] = [];
  closed = false;
  readonly #listeners = new Map<string, Listener[]>();
  constructor(url: string) {
    this.url = new URL(url);
    FakeSocket.made.push(this);
    queueMicrotask(() => FakeSocket.script(this, FakeSocket.made.length));
  }
  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }
  emit(type: 'open' | 'close' | 'error' | 'message', data?: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ data });
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
    this.emit('close');
  }
}

const message = (cursor: number): string =>
  JSON.stringify({
    ...{ id: `evt_${cursor}`, timestamp: 1, event: 'message', session: 'shop', metadata: {}, me: null },
    ...{ payload: {}, environment: 'local', engine: 'WEBJS', cursor: String(cursor) },
  });

const follow = (options: Parameters<ReturnType<typeof followLive>>[0] = {}) => {
  FakeSocket.made = [];
  let tickets = 0;
  const ticketFor = async () => ({
    url: 'wss://live.example.com/ws',
    ticket: `ticket${++tickets}`,
    expiresAt: '2026-01-01T00:00:00.000Z',
    cursor: '7',
  });
  const needs: LiveNeeds = { webSocket: () => FakeSocket, random: () => 0, sleep: async () => {} };
  return followLive(ticketFor, needs)(options);
};

const take = async (events: AsyncGenerator<LiveEvent>, count: number): Promise<string[]> => {
  const taken: string[] = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done) break;
    taken.push(value.cursor);
  }
  return taken;
};

test('every connect has its own ticket and continues behind the last event', async () => {
  FakeSocket.script = (socket, n) => {
    socket.emit('open');
    if (n === 1) {
      socket.emit('message', message(8));
      socket.emit('message', message(9));
      socket.emit('close');
    } else socket.emit('message', message(10));
  };
  const events = follow({ sessions: ['shop', 'bar'], events: ['message'], userId: 'ann' });
  expect(await take(events, 3)).toEqual(['8', '9', '10']);
  expect(FakeSocket.made.map(({ url }) => url.href)).toEqual([
    'wss://live.example.com/ws?ticket=ticket1&after=7&userId=ann&session=shop&session=bar&events=message',
    'wss://live.example.com/ws?ticket=ticket2&after=9&userId=ann&session=shop&session=bar&events=message',
  ]);
  await events.return();
  expect(FakeSocket.made.at(-1)?.closed).toBe(true);
});

test('what came before the connection ended comes before the next connection', async () => {
  FakeSocket.script = (socket, n) => {
    socket.emit('open');
    socket.emit('message', message(n === 1 ? 8 : 9));
    socket.emit('message', '{"event":"pong"}');
    socket.emit('message', 'no JSON');
    socket.emit('close');
  };
  expect(await take(follow(), 2)).toEqual(['8', '9']);
});

test('it gives up if no connection opens, and not before some attempts', async () => {
  FakeSocket.script = (socket) => {
    socket.emit('error');
    socket.emit('close');
  };
  await expect(follow().next()).rejects.toThrow(UnreachableError);
  expect(FakeSocket.made.length).toBe(4);
});

test('the signal ends it and closes the connection', async () => {
  FakeSocket.script = (socket) => socket.emit('open');
  const ending = new AbortController();
  const states: boolean[] = [];
  const opened = Promise.withResolvers<void>();
  const next = follow({
    signal: ending.signal,
    onOpen: (open) => {
      states.push(open);
      opened.resolve();
    },
  }).next();
  await opened.promise;
  ending.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
  expect(FakeSocket.made.map(({ closed }) => closed)).toEqual([true]);
  expect(states).toEqual([true, false]);
});
