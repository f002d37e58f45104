import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { WEBHOOK_EVENTS } from '../../../contract/bodies/session-config.ts';
import { PROBLEMS } from '../../../contract/errors.ts';
import { openApiDocument } from '../../../contract/openapi/document.ts';
import { API_VERSION } from '../../../contract/release.ts';
import { OPERATIONS } from '../../../contract/routes.ts';

const document = openApiDocument();
const text = JSON.stringify(document);

const listed = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
);

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(JSON.parse(text));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(validator.version).toBe('3.1');
  });

  test('has the version of the package', () => {
    expect(API_VERSION).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
  });

  test('has every operation with a tag, and none of the worker API', () => {
    expect(listed.map(({ operation }) => operation.operationId).sort()).toEqual(
      ['connectLive', ...OPERATIONS.flatMap(({ id, tag }) => (tag === undefined ? [] : [id]))].sort(),
    );
    expect(Object.keys(document.paths).filter((path) => path.startsWith('/worker'))).toEqual([]);
    expect(OPERATIONS.filter(({ auth, tag }) => auth === 'worker' && tag !== undefined)).toEqual([]);
  });

  test('names each operation once, and each parameter of its path', () => {
    expect(new Set(OPERATIONS.map(({ id }) => id)).size).toBe(OPERATIONS.length);
    for (const { id, path, params } of OPERATIONS)
      expect(Object.keys(params?.shape ?? {}).sort(), id).toEqual(
        [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name).sort(),
      );
  });

  test('leads every reference somewhere', () => {
    const at = (ref: string) =>
      ref
        .slice(2)
        .split('/')
        .reduce<unknown>((value, key) => Reflect.get(Object(value), key), document);
    for (const [, ref = ''] of text.matchAll(/"\$ref":"([^"]+)"/g)) expect(at(ref), ref).toBeDefined();
  });

  test('has schemas that a strict validator compiles', () => {
    const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
    addFormats.default(ajv);
    ajv.addVocabulary(['components', 'info', 'openapi', 'paths', 'servers', 'tags', 'webhooks', 'security']);
    ajv.addSchema({ $id: 'document', ...document });
    for (const name of Object.keys(document.components.schemas))
      expect(ajv.compile({ $ref: `document#/components/schemas/${name}` }), name).toBeTypeOf('function');
  });

  test('asks for a key wherever one is needed, and says so', () => {
    const open = listed.filter(({ operation }) => operation.security !== undefined);
    expect(open.map(({ path }) => path).sort()).toEqual(
      OPERATIONS.filter(({ auth, tag }) => auth === 'none' && tag !== undefined)
        .map(({ path }) => path)
        .sort(),
    );
    expect(document.components.securitySchemes.apiKey).toMatchObject({ in: 'header', name: 'X-Api-Key' });
    for (const { operation } of listed)
      expect('401' in operation.responses, operation.operationId).toBe(operation.security === undefined);
  });

  test('describes the WebSocket: its parameters, and that the handshake succeeds with 101', () => {
    const { parameters = [], responses, security } = document.paths['/ws']?.get ?? { responses: {} };
    const names = parameters.map((one) => ('name' in one ? `${one.in} ${one.name}` : one.$ref));
    expect(names.sort()).toEqual(
      ['after', 'events', 'session', 'ticket', 'userId', 'x-api-key'].map((name) => `query ${name}`),
    );
    expect(Object.keys(responses)).toEqual(
      expect.arrayContaining(['101', '400', '401', '403', '404', '429']),
    );
    expect(security).toBeUndefined();
  });

  test('describes every problem that an operation names', () => {
    for (const [code, { content }] of Object.entries(document.components.responses)) {
      expect(Object.keys(PROBLEMS)).toContain(code);
      expect(content).toEqual({
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      });
    }
  });

  test('has the body of every event that a webhook can ask for', () => {
    expect(['*', ...Object.keys(document.webhooks)].sort()).toEqual([...WEBHOOK_EVENTS].sort());
  });

  test('lets answers grow; for comparing with real ones it does not', () => {
    const session = (closed: boolean) => openApiDocument({ closed }).components.schemas.Session;
    expect(session(false)).not.toHaveProperty('additionalProperties');
    expect(session(true)).toHaveProperty('additionalProperties', false);
    expect(document.components.schemas.SessionConfigInput).toHaveProperty('additionalProperties', false);
  });
});
