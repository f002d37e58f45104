import { describe, expect, test } from 'vitest';
import { answerOf, MalformedAnswer } from '../../../local/api/response.ts';

const answer = (value: unknown) => {
  const { status, headers, body } = answerOf(JSON.stringify(value));
  return [status, headers, body.toString('utf8')];
};

describe('a function’s answer over HTTP', () => {
  test.each<[string, unknown, unknown]>([
    ['an object without statusCode', { a: 1 }, [200, { 'content-type': 'application/json' }, '{"a":1}']],
    ['text', 'hello', [200, { 'content-type': 'application/json' }, 'hello']],
    [
      'a whole response',
      { statusCode: 201, headers: { 'X-Count': 3, 'Content-Type': 'text/html' }, body: 'x' },
      [201, { 'x-count': '3', 'content-type': 'text/html' }, 'x'],
    ],
    ['cookies', { statusCode: 200, cookies: ['a=1', 'b=2'] }, [200, { 'set-cookie': ['a=1', 'b=2'] }, '']],
    [
      'base64',
      { statusCode: 200, body: 'aGk=', isBase64Encoded: true },
      [200, { 'content-type': 'text/plain;charset=utf-8' }, 'hi'],
    ],
    [
      'hop-by-hop headers stay out',
      { statusCode: 204, headers: { Connection: 'close', 'Content-Length': '9' } },
      [204, {}, ''],
    ],
  ])('%s', (_name, value, expected) => {
    expect(answer(value)).toEqual(expected);
  });

  test.each([{ statusCode: 'many' }, { statusCode: 200, body: { a: 1 } }, { statusCode: 9_000 }])(
    'the malformed answer %j is refused',
    (value) => {
      expect(() => answer(value)).toThrow(MalformedAnswer);
    },
  );
});
