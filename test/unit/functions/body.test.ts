import { describe, expect, test } from 'vitest';
import { Problem } from '../../../contract/errors.ts';
import { jsonBody } from '../../../functions/edge/body.ts';

const LIMIT = 1000;
const json = { 'content-type': 'application/json' };
const encoded = (bytes: Uint8Array, headers: Record<string, string> = json) => ({
  headers,
  body: Buffer.from(bytes).toString('base64'),
  isBase64Encoded: true,
});
const text = (body: string, headers: Record<string, string> = json) => ({
  headers,
  body,
  isBase64Encoded: false,
});

const refusal = (event: Parameters<typeof jsonBody>[0]): Problem => {
  try {
    jsonBody(event, LIMIT);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('it was taken');
};
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('a body', () => {
  test('is read as it is or from base64; none is an empty object', () => {
    expect(jsonBody(text('{"a":"ü"}'), LIMIT)).toEqual({ a: 'ü' });
    expect(jsonBody(encoded(Buffer.from('{"a":"ü"}')), LIMIT)).toEqual({ a: 'ü' });
    expect(jsonBody({ headers: {}, isBase64Encoded: false }, LIMIT)).toEqual({});
    expect(jsonBody(text(' \n', {}), LIMIT)).toEqual({});
  });

  test('may be as large as the limit in bytes, and no larger', () => {
    const fill = (bytes: number) => JSON.stringify('ü'.repeat((bytes - 2) / 2));
    expect(jsonBody(text(fill(LIMIT)), LIMIT)).toHaveLength(499);
    expect(refusal(text(fill(LIMIT + 2))).status).toBe(413);
    expect(refusal(encoded(Buffer.alloc(LIMIT + 1, 32))).status).toBe(413);
  });

  test('of another type, of none, or compressed is 415', () => {
    for (const headers of [
      {},
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/jsonp' },
      { 'content-type': 'text/plain, application/json' },
      { ...json, 'content-encoding': 'gzip' },
    ])
      expect(refusal(text('{}', headers)).status, JSON.stringify(headers)).toBe(415);
    for (const type of [
      'application/json; charset=utf-8',
      'Application/JSON',
      'application/merge-patch+json',
    ])
      expect(jsonBody(text('{}', { 'content-type': type }), LIMIT)).toEqual({});
  });

  test('that is no JSON, no UTF-8 or nested too deeply is 400, and the answer does not repeat it', () => {
    const broken = refusal(text('{"text": "my secret", oops}'));
    expect(broken.status).toBe(400);
    expect(JSON.stringify(broken.extras)).not.toContain('secret');
    expect(refusal(encoded(Uint8Array.of(0x22, 0xff, 0x22))).status).toBe(400);
    expect(jsonBody(text(nested(32)), LIMIT)).toBeInstanceOf(Array);
    expect(refusal(text(nested(34))).status).toBe(400);
    expect(() => jsonBody(text(nested(400_000)), 1_000_000)).toThrow(Problem);
  });
});
