import { createHash } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from '../../../contract/openapi/document.ts';
import { OPERATIONS } from '../../../contract/routes.ts';
import { handler } from '../../../functions/documentation.ts';

const get = async (rawPath: string) => {
  const event: Partial<APIGatewayProxyEventV2> = {
    rawPath,
    headers: { 'x-forwarded-proto': 'https' },
    requestContext: { requestId: 'r1' } as APIGatewayProxyEventV2['requestContext'],
  };
  const { statusCode, headers, body } = await handler(event as APIGatewayProxyEventV2);
  return { statusCode, headers: z.record(z.string(), z.string()).parse(headers), body: body ?? '' };
};

test('GET /api/openapi.json is the document', async () => {
  const { statusCode, headers, body } = await get('/api/openapi.json');
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
    'x-request-id': 'r1',
    'strict-transport-security': 'max-age=31536000',
  });
  expect(JSON.parse(body)).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
});

describe('GET /api/docs', () => {
  test('describes every documented operation', async () => {
    const { statusCode, headers, body } = await get('/api/docs');
    expect(statusCode).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    for (const { id, tag } of OPERATIONS)
      if (tag !== undefined) expect(body, id).toContain(`<article id="${id}">`);
  });

  test('loads nothing, runs nothing, and its policy allows its one style', async () => {
    const { headers, body } = await get('/api/docs');
    expect(body).not.toMatch(/<script|<img|<iframe|<object|<embed|\son\w+=|javascript:|style="/i);
    expect([...body.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, to]) => to)).not.toContainEqual(
      expect.stringMatching(/^(https?:)?\/\//),
    );
    const styles = [...body.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, style = '']) => style);
    expect(styles).toHaveLength(1);
    const hash = createHash('sha256')
      .update(styles[0] ?? '')
      .digest('base64');
    expect(headers['content-security-policy']).toContain(`style-src 'sha256-${hash}'`);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  test('has no link that leads nowhere, and each place once', async () => {
    const { body } = await get('/api/docs');
    const ids = [...body.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
    for (const [, id] of body.matchAll(/href="#([^"]+)"/g)) expect(ids, id).toContain(id);
  });
});
