/** Reading a chat's last messages in the page, in the chat's own order. */
import { afterEach, expect, it, vi } from 'vitest';
import { readLastMessages } from '../../../container/whatsapp/chat-messages.ts';

afterEach(() => vi.unstubAllGlobals());

type Msg = { id: string; t: number; type?: string; isNotification?: boolean };

/** A page with one chat: these messages in memory, and earlier ones that come in portions of three. */
const openPage = (inMemory: Msg[], earlier: Msg[] = []) => {
  const database = [...earlier];
  const loadEarlierMsgs = vi.fn(async () => database.splice(-3));
  vi.stubGlobal('window', {
    WWebJS: {
      getChat: async (id: string) =>
        id === '1@c.us' ? { msgs: { getModelsArray: () => [...inMemory] } } : undefined,
      getMessageModel: ({ id }: Msg) => id,
    },
    require: () => ({ loadEarlierMsgs }),
  });
  return loadEarlierMsgs;
};

const numbered = (from: number, count: number, t: (n: number) => number): Msg[] =>
  Array.from({ length: count }, (_, i) => ({ id: `m${from + i}`, t: t(from + i) }));
const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `m${from + i}`);

it('messages of the same second keep their order, if there are more than requested', async () => {
  openPage(numbered(0, 80, (n) => 100 + Math.floor(n / 30)));
  expect(await readLastMessages('1@c.us', 50)).toEqual(ids(30, 79));
});

it('earlier ones are loaded until there are enough, or no more', async () => {
  const load = openPage(
    numbered(6, 4, () => 100),
    numbered(0, 6, () => 100),
  );
  expect(await readLastMessages('1@c.us', 5)).toEqual(ids(5, 9));
  expect(load).toHaveBeenCalledTimes(1);
  expect(await readLastMessages('1@c.us', 50)).toEqual([...ids(0, 2), ...ids(6, 9)]);
});

it('messages without an author are left out', async () => {
  openPage([
    { id: 'a', t: 1, isNotification: true },
    { id: 'b', t: 2 },
    { id: 'c', t: 3, type: 'newsletter_notification' },
  ]);
  expect(await readLastMessages('1@c.us', 1)).toEqual(['b']);
});

it('a missing chat has another answer than a chat without messages', async () => {
  openPage([]);
  expect(await readLastMessages('2@c.us', 5)).toBe(null);
  expect(await readLastMessages('1@c.us', 5)).toEqual([]);
});
