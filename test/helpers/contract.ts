/** Real requests and answers held against the OpenAPI document. */
import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { OpenApiDocument, OperationObject, ResponseObject } from '../../contract/openapi/document.ts';
import { openApiDocument } from '../../contract/openapi/document.ts';
import type { JsonSchema } from '../../contract/openapi/schemas.ts';
import type { System } from './system.ts';

type Asked = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** A text goes as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
};

type Answered = {
  readonly status: number;
  readonly type: string;
  readonly bytes: Buffer;
  /** Of a JSON answer. */
  readonly json: unknown;
  readonly headers: Headers;
};

type Documented = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly operation: OperationObject;
};

export type Contract = {
  readonly document: OpenApiDocument;
  readonly operations: readonly Documented[];
  /** Operations that were answered as asked, with the statuses. */
  readonly walked: ReadonlyMap<string, ReadonlySet<number>>;
  /**
   * Asks an operation. Fails if the answer has another status, or does not match the document. After a success it
   * also fails if the document does not allow the request.
   */
  ask(id: string, status: number, asked?: Asked): Promise<Answered>;
  /** Fails if a webhook's body does not match the document's schema of its event. */
  checkWebhook(event: string, body: unknown): void;
};

/** Answers may have nothing that the document does not name. */
export const contractOf = (system: System): Contract => {
  const document = openApiDocument({ closed: true });
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  // Its pattern says it.
  ajv.addFormat('base64', true);
  const compiled = new Map<JsonSchema, ValidateFunction>();
  const check = (schema: JsonSchema, value: unknown, what: string): void => {
    let validate = compiled.get(schema);
    if (validate === undefined) {
      // References are to the document's components: they are copied to the place to which the references point.
      validate = ajv.compile({ ...schema, components: document.components });
      compiled.set(schema, validate);
    }
    assert.ok(
      validate(value),
      `${what}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)?.slice(0, 2000)}`,
    );
  };

  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(
      ([method, operation]): Documented => ({
        id: operation.operationId,
        method: method.toUpperCase(),
        path,
        operation,
      }),
    ),
  );
  const walked = new Map<string, Set<number>>();

  const ask: Contract['ask'] = async (id, status, asked = {}) => {
    const found = operations.find((each) => each.id === id);
    assert.ok(found, `the document has no ${id}`);
    const answer = await send(system, found, asked);
    const what = `${id} (${found.method} ${found.path})`;
    assert.equal(answer.status, status, `${what}: ${answer.bytes.toString('utf8').slice(0, 500)}`);
    checkAnswer(document, found, answer, check);
    if (status < 300) checkRequest(found, asked, check);
    const statuses = walked.get(id) ?? new Set();
    walked.set(id, statuses.add(status));
    return answer;
  };

  return {
    document,
    operations,
    walked,
    ask,
    checkWebhook: (event, body) => {
      const schema = document.webhooks[event]?.post?.requestBody?.content['application/json']?.schema;
      assert.ok(schema, `the document has no webhook ${event}`);
      check(schema, body, `webhook ${event}`);
    },
  };
};

const send = async (
  system: System,
  { method, path }: Documented,
  { params = {}, query = {}, body, headers, key }: Asked,
): Promise<Answered> => {
  const at = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const answer = await system.call(method, search.size > 0 ? `${at}?${search}` : at, {
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
    ...(key === undefined ? {} : { key }),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const type = answer.headers.get('content-type') ?? '';
  const json: unknown = /\bjson\b/.test(type) ? JSON.parse(bytes.toString('utf8')) : undefined;
  return { status: answer.status, type, bytes, json, headers: answer.headers };
};

type Check = (schema: JsonSchema, value: unknown, what: string) => void;

const checkAnswer = (
  document: OpenApiDocument,
  { id, operation }: Documented,
  answer: Answered,
  check: Check,
): void => {
  const response = operation.responses[answer.status];
  assert.ok(response, `${id} does not say that it may answer ${answer.status}`);
  const { content = {}, headers = {} }: ResponseObject =
    '$ref' in response ? componentOf(document, response.$ref) : response;
  const described = content[answer.type];
  assert.ok(
    described,
    `${id} answers ${answer.status} with ${answer.type}, not ${Object.keys(content).join(', ')}`,
  );
  if (answer.json !== undefined) check(described.schema, answer.json, `${id} ${answer.status}`);
  assert.ok('X-Request-Id' in headers && answer.headers.get('x-request-id'), `${id} has no X-Request-Id`);
};

const componentOf = (document: OpenApiDocument, ref: string): ResponseObject => {
  const found = document.components.responses[ref.slice(ref.lastIndexOf('/') + 1)];
  assert.ok(found, `the document has no ${ref}`);
  return found;
};

/** The document must allow every request that was accepted. */
const checkRequest = ({ id, operation }: Documented, { params, query, body }: Asked, check: Check): void => {
  const named = new Map<string, JsonSchema>();
  for (const parameter of operation.parameters ?? [])
    if (!('$ref' in parameter)) named.set(`${parameter.in} ${parameter.name}`, parameter.schema);
  for (const [place, given] of [
    ['path', params],
    ['query', query],
  ] as const)
    for (const [name, value] of Object.entries(given ?? {})) {
      const schema = named.get(`${place} ${name}`);
      assert.ok(schema, `${id} has no parameter ${name} in its ${place}`);
      check(schema, value, `${id}, ${name}`);
    }
  const schema = operation.requestBody?.content['application/json']?.schema;
  if (schema && (body !== undefined || operation.requestBody?.required)) check(schema, body, `${id}, body`);
};
