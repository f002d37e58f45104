import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerBytes, fitAnswer, MAX_ANSWER_BYTES } from '../../../contract/answer-size.ts';
import { chatSchema, groupSchema } from '../../../contract/whatsapp/chats.ts';
import { type Message, messageSchema } from '../../../contract/whatsapp/messages.ts';

const message = (id: string, body: string): Message => ({
  id,
  timestamp: 1,
  from: '1@c.us',
  fromMe: false,
  to: '2@c.us',
  body,
  hasMedia: false,
  ack: 1,
  ackName: 'SERVER',
});
const chat = (lastMessage: Message) => ({
  ...{ id: 'x', name: null, isGroup: false, unreadCount: 0, timestamp: 1 },
  ...{ archived: false, pinned: false, isMuted: false, lastMessage },
});

test('a list that fits is answered as it is', () => {
  const list = [message('a', 'x'.repeat(65_536))];
  expect(fitAnswer(list)).toEqual({ fits: true, answer: list });
});

test('a longer one has its longest texts cut, each with a mark, and nothing left out', () => {
  const list = [...Array(60).keys()].map((n) => message(String(n), n % 2 ? 'short' : '"'.repeat(65_536)));
  const fitted = fitAnswer(list);
  if (!fitted.fits) throw new Error('it does not fit');
  const answer = messageSchema.array().parse(fitted.answer);
  expect(answerBytes(answer)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
  expect(answer.map(({ id }) => id)).toEqual(list.map(({ id }) => id));
  for (const { body, truncated } of answer) expect(truncated === true).toBe(body !== 'short');
});

test('the last messages of chats, cards and quotes are cut as well', () => {
  const long = 'ü'.repeat(65_536);
  const chats = [...Array(60).keys()].map((n) => chat(message(String(n), long)));
  const fitted = fitAnswer(chats);
  if (!fitted.fits) throw new Error('it does not fit');
  for (const { lastMessage } of chatSchema.array().parse(fitted.answer))
    expect(lastMessage?.truncated).toBe(true);
  const quotes = [...Array(60).keys()].map((n) => ({
    ...message(String(n), ''),
    vCards: [long],
    replyTo: { id: 'q', body: long },
  }));
  const cut = fitAnswer(quotes);
  if (!cut.fits) throw new Error('it does not fit');
  for (const { replyTo, vCards } of messageSchema.array().parse(cut.answer)) {
    expect(replyTo?.truncated).toBe(true);
    expect(vCards).toEqual([]);
  }
});

test('what can’t be cut is refused with a number that fits', () => {
  const participants = [...Array(1024).keys()].map((n) => ({
    id: `${n + 10 ** 12}@c.us`,
    role: 'participant' as const,
  }));
  const group = { id: '1@g.us', subject: '', description: null, owner: null, createdAt: null, participants };
  const list = groupSchema.array().parse(Array(500).fill(group));
  const fitted = fitAnswer(list);
  if (fitted.fits) throw new Error('it fits');
  expect(fitted.items).toBeGreaterThan(10);
  expect(fitAnswer(list.slice(0, fitted.items))).toMatchObject({ fits: true });
});

test('with any texts, an answer is valid and fits, or says how many would fit', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', 'ü', '😀', '\n'), maxLength: 400 });
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 2_000, max: 9_000 }),
      (texts, max) => {
        const fitted = fitAnswer(
          texts.map((body, n) => message(String(n), body)),
          max,
        );
        if (!fitted.fits) {
          expect(fitted.items).toBeGreaterThan(0);
          return;
        }
        expect(answerBytes(fitted.answer)).toBeLessThanOrEqual(max);
        const bodies = messageSchema
          .array()
          .parse(fitted.answer)
          .map(({ body }) => body);
        for (const [n, body] of bodies.entries()) expect(texts[n]?.startsWith(body)).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});
