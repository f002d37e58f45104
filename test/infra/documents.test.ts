/** The documentation as it is built into the function that serves it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { handler as unbundled } from '../../functions/documentation.ts';
import { bundleFunctions } from '../../infra/bundle.ts';
import { functionsDir } from './synthesized.ts';

const outDir = mkdtempSync(join(tmpdir(), 'berth-documents-'));
let bundled: typeof unbundled;
beforeAll(async () => {
  const [bundle] = await bundleFunctions({ handlers: ['documentation'], functionsDir, outDir });
  ({ handler: bundled } = await import(pathToFileURL(join(bundle?.directory ?? '', 'index.mjs')).href));
});
afterAll(() => rmSync(outDir, { recursive: true, force: true }));

test.each(['/api/openapi.json', '/api/docs'])('%s is what the sources answer', async (rawPath) => {
  const event = {
    rawPath,
    headers: {},
    requestContext: { requestId: 'r1' },
  } as unknown as APIGatewayProxyEventV2;
  const answer = await bundled(event);
  expect(answer.body?.length).toBeGreaterThan(100_000);
  expect(answer).toEqual(await unbundled(event));
});

test('is built again when one of its sources changes', () => {
  const { inputs } = JSON.parse(readFileSync(join(outDir, 'bundle.json'), 'utf8'));
  expect(Object.keys(inputs)).toEqual(
    expect.arrayContaining([
      'contract/openapi/document.ts',
      'contract/operations/chats.ts',
      'functions/docs/page.ts',
    ]),
  );
});
