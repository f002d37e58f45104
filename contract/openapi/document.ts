/** The OpenAPI 3.1 document, made from the table of operations. */

import { connectLive } from '../connect-live.ts';
import { PROBLEMS, type ProblemCode, problemSchema } from '../errors.ts';
import {
  idempotencyKeySchema,
  isDeprecated,
  type Operation,
  problemsOf,
  type ResponseSpec,
  TAGS,
} from '../operation.ts';
import { API_VERSION } from '../release.ts';
import { OPERATIONS } from '../routes.ts';
import { WEBHOOK_PAYLOADS, type WebhookEvent, webhookBodySchema } from '../webhooks/bodies.ts';
import { type JsonSchema, schemaConverter } from './schemas.ts';

export type Reference = { readonly $ref: string };
export type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;
export type ResponseObject = {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Reference | { description: string; schema: JsonSchema }>>;
  readonly content?: Content;
};
export type ParameterObject = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
};
export type OperationObject = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly deprecated?: true;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly (ParameterObject | Reference)[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, ResponseObject | Reference>>;
};
export type PathItem = { readonly [method in 'get' | 'post' | 'put' | 'delete']?: OperationObject };
export type OpenApiDocument = {
  readonly openapi: '3.1.1';
  readonly info: Readonly<Record<'title' | 'version' | 'summary' | 'description', string>> & {
    readonly license: { readonly name: string; readonly identifier: string };
  };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly webhooks: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, ResponseObject>>;
    readonly parameters: Readonly<Record<string, ParameterObject>>;
    readonly headers: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
};

const DESCRIPTION = `WhatsApp sessions: each is one linked account in its own task, within enforced limits.

Operations that WAHA also has use its paths, names and shapes, so that WAHA's clients work with another URL and key.
Berth only adds to them.

**Keys.** Send \`X-Api-Key\`. A user's key sees that user's sessions; other sessions are answered with 404. An admin names
another user with \`?userId=\`. A key may be limited to scopes and to named sessions, and may expire.

**Unknown fields.** On paths that WAHA has too, \`null\` counts as absent, and fields that are not known here are
ignored and named in the header \`X-Berth-Ignored\`. On other paths they are refused.

**Errors** are problems (RFC 9457, \`application/problem+json\`), with \`errors[]\` for single fields, and \`scope\`,
\`limit\` and \`Retry-After\` when a limit was reached. Every response has \`X-Request-Id\`. Errors of the gateway in front
(no such path, more than 10 MB, headers of more than 10 KB, throttled) have a shorter body.

**Repeating.** \`GET\`, \`PUT\` and \`DELETE\` may be repeated. A \`POST\` with an \`Idempotency-Key\` is executed
once. Without one, a send that ended in a 504 may have been sent; Berth never repeats it.`;

const HEADERS = {
  RequestId: { description: 'Identifies this request in logs.', schema: { type: 'string' } },
  RetryAfter: { description: 'Seconds after which to try again.', schema: { type: 'integer', minimum: 0 } },
};
const requestId = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
const retryAfter = { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } };
const SAYS_WHEN: readonly ProblemCode[] = ['too_many', 'unavailable'];

const IDEMPOTENCY_KEY = 'IdempotencyKey';
const API_KEY = 'apiKey';

/**
 * @param options.operations without it, those of Berth
 * @param options.closed answers may have nothing beside what is described: for tests that compare real ones. To
 *   callers an answer may grow.
 */
export const openApiDocument = ({
  closed = false,
  operations = [...OPERATIONS, connectLive],
}: {
  readonly closed?: boolean;
  readonly operations?: readonly Operation[];
} = {}): OpenApiDocument => {
  const schemas = schemaConverter(closed);
  const documented = operations.filter((operation) => operation.tag !== undefined);
  const paths = pathsOf(documented, schemas);
  const webhooks = webhooksOf(schemas);
  const responses = problemResponses(schemas, documented);
  const idempotencyKey: ParameterObject = {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'A new text for each operation. The same key with the same request is executed once and gets the ' +
      'same response for a day; with another request it is 422.',
    schema: schemas.input(idempotencyKeySchema),
  };
  return {
    openapi: '3.1.1',
    info: {
      title: 'Berth',
      version: API_VERSION,
      summary: 'WhatsApp sessions',
      description: DESCRIPTION,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The address that serves this document' }],
    security: [{ [API_KEY]: [] }],
    tags: Object.entries(TAGS)
      .filter(([name]) => documented.some((operation) => operation.tag === name))
      .map(([name, description]) => ({ name, description })),
    paths,
    webhooks,
    components: {
      schemas: schemas.components(),
      responses,
      parameters: { [IDEMPOTENCY_KEY]: idempotencyKey },
      headers: HEADERS,
      securitySchemes: {
        [API_KEY]: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Api-Key',
          description: 'Created by an admin, shown once.',
        },
      },
    },
  };
};

type Schemas = ReturnType<typeof schemaConverter>;

const pathsOf = (operations: readonly Operation[], schemas: Schemas): Record<string, PathItem> => {
  const paths: Record<string, PathItem> = {};
  for (const operation of operations)
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: operationObject(operation, schemas),
    };
  return paths;
};

const operationObject = (operation: Operation, schemas: Schemas): OperationObject => {
  const { id, tag = '', summary, body, auth } = operation;
  const parameters = parametersOf(operation, schemas);
  const description = descriptionOf(operation);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(isDeprecated(operation) ? { deprecated: true as const } : {}),
    ...(description === '' ? {} : { description }),
    ...(auth === 'none' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse({}).success,
            content: { 'application/json': { schema: schemas.input(body) } },
          },
        }),
    responses: responsesOf(operation, schemas),
  };
};

const descriptionOf = (operation: Operation): string => {
  const { description, scope } = operation;
  return [description, scope === null ? '' : `Needs the scope \`${scope}\`.`].filter(Boolean).join('\n\n');
};

const parametersOf = (
  { params, query, idempotencyKey }: Operation,
  schemas: Schemas,
): (ParameterObject | Reference)[] => [
  ...(params ? propertiesOf(schemas.input(params), 'path') : []),
  ...(query ? propertiesOf(schemas.input(query), 'query') : []),
  ...(idempotencyKey ? [{ $ref: `#/components/parameters/${IDEMPOTENCY_KEY}` }] : []),
];

const propertiesOf = (object: JsonSchema, place: 'path' | 'query'): ParameterObject[] => {
  const required: readonly unknown[] = Array.isArray(object.required) ? object.required : [];
  return Object.entries<JsonSchema>(Object(object.properties)).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(typeof description === 'string' ? { description } : {}),
    schema,
  }));
};

const responsesOf = (operation: Operation, schemas: Schemas): OperationObject['responses'] => {
  const problems = [...problemsOf(operation)].map(
    (code) => [PROBLEMS[code].status, { $ref: `#/components/responses/${code}` }] as const,
  );
  const responses = Object.entries(operation.responses).map(
    ([status, answer]) =>
      [
        Number(status),
        Number(status) < 200 ? { description: answer.description } : answerObject(answer, schemas),
      ] as const,
  );
  // If an answer and a problem have the same status, the answer's content says both.
  const both = responses.map(([status, answer]) =>
    problems.some(([code]) => code === status)
      ? ([status, { ...answer, content: { ...answer.content, ...problemContent(schemas) } }] as const)
      : ([status, answer] as const),
  );
  return Object.fromEntries([...problems, ...both].sort(([a], [b]) => a - b));
};

const answerObject = (
  { description, body, files = [], headers = {} }: ResponseSpec,
  schemas: Schemas,
): ResponseObject => ({
  description,
  headers: {
    ...requestId,
    ...Object.fromEntries(
      Object.entries(headers).map(([name, says]) => [
        name,
        { description: says, schema: { type: 'string' } },
      ]),
    ),
  },
  content: {
    ...(body ? { 'application/json': { schema: schemas.output(body) } } : {}),
    // Of other types OpenAPI 3.1 wants no schema; of text one says something.
    ...Object.fromEntries(
      files.map((type) => [type, { schema: type.startsWith('text/') ? { type: 'string' } : {} }]),
    ),
  },
});

const problemContent = (schemas: Schemas): Content => ({
  'application/problem+json': { schema: schemas.output(problemSchema) },
});

const problemResponses = (
  schemas: Schemas,
  operations: readonly Operation[],
): Record<string, ResponseObject> => {
  const used = new Set(operations.flatMap((operation) => [...problemsOf(operation)]));
  const codes = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => used.has(code));
  return Object.fromEntries(
    codes.map((code) => [
      code,
      {
        description: PROBLEMS[code].title,
        headers: { ...requestId, ...(SAYS_WHEN.includes(code) ? retryAfter : {}) },
        content: problemContent(schemas),
      },
    ]),
  );
};

const WEBHOOK_HEADERS = {
  'X-Webhook-Request-Id': 'New for every attempt.',
  'X-Webhook-Timestamp': 'Time of this attempt, in ms since the epoch.',
  'X-Webhook-Hmac': "Hex HMAC of the body's bytes with the webhook's `hmac.key`; absent without a key.",
  'X-Webhook-Signature':
    "Hex HMAC-SHA512, with the webhook's `hmac.key`, of the header X-Webhook-Timestamp, a full stop and the body's bytes; absent without a key.",
  'X-Webhook-Hmac-Algorithm': '`sha512`; absent without a key.',
};

const webhooksOf = (schemas: Schemas): Record<string, PathItem> =>
  Object.fromEntries(
    (Object.keys(WEBHOOK_PAYLOADS) as WebhookEvent[]).map((event) => [
      event,
      {
        post: {
          operationId: `on:${event}`,
          tags: ['Webhooks'],
          summary: WEBHOOK_PAYLOADS[event].summary,
          description:
            "In order per session and webhook, at least once; retried by the webhook's policy until a 2xx response.",
          security: [],
          parameters: Object.entries(WEBHOOK_HEADERS).map(([name, description]) => ({
            name,
            in: 'header' as const,
            required: !/^X-Webhook-(Hmac|Signature)/.test(name),
            description,
            schema: { type: 'string' },
          })),
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemas.output(webhookBodySchema(event)) } },
          },
          responses: { '2XX': { description: 'Taken.' } },
        },
      },
    ]),
  );
