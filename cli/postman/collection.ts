/** The API as a collection of Postman (format 2.1), made from the OpenAPI document. Bruno and Insomnia import it, too. */
import {
  type OpenApiDocument,
  type OperationObject,
  openApiDocument,
  type ParameterObject,
} from '../../contract/openapi/document.ts';
import { SAMPLES } from '../selftest/samples.ts';
import { exampleOf } from './example.ts';

type Pair = {
  readonly key: string;
  readonly value: string;
  readonly description?: string;
  readonly disabled?: true;
};

type PostmanRequest = {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly description: string;
    readonly auth?: { readonly type: 'noauth' };
    readonly header: readonly Pair[];
    readonly url: {
      readonly raw: string;
      readonly host: readonly string[];
      readonly path: readonly string[];
      readonly variable: readonly Pair[];
      readonly query: readonly Pair[];
    };
    readonly body?: {
      readonly mode: 'raw';
      readonly raw: string;
      readonly options: { readonly raw: { readonly language: 'json' } };
    };
  };
};

type PostmanCollection = {
  readonly info: { readonly name: string; readonly description: string; readonly schema: string };
  readonly auth: {
    readonly type: 'apikey';
    readonly apikey: readonly (Pair & { readonly type: 'string' })[];
  };
  readonly variable: readonly Pair[];
  readonly item: readonly {
    readonly name: string;
    readonly description: string;
    readonly item: readonly PostmanRequest[];
  }[];
};

/** What requests are about, filled in once for all of them. Keys belong into an environment or the vault: collections are shared. */
const VARIABLES = {
  apiKey: '',
  session: 'default',
  chatId: '491701234567@c.us',
  groupId: '120363012345678901@g.us',
  channelId: '120363012345678901@newsletter',
  messageId: 'false_491701234567@c.us_3EB0C767D097B7C7C030',
} as const;
type Variable = keyof typeof VARIABLES;

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

/**
 * One folder for each chapter of the document, one request for each operation. Requests use the collection's variables.
 * Parameters that may be left out are there and switched off.
 *
 * @param baseUrl the API's address
 */
export const postmanCollection = (
  baseUrl: string,
  document: OpenApiDocument = openApiDocument(),
): PostmanCollection => {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  return {
    info: { name: document.info.title, description: document.info.description, schema: SCHEMA },
    auth: {
      type: 'apikey',
      apikey: [
        { key: 'key', value: 'X-Api-Key', type: 'string' },
        { key: 'value', value: '{{apiKey}}', type: 'string' },
        { key: 'in', value: 'header', type: 'string' },
      ],
    },
    variable: [
      { key: 'baseUrl', value: baseUrl.replace(/\/$/, '') },
      ...Object.entries(VARIABLES).map(([key, value]) => ({ key, value })),
    ],
    item: document.tags.map(({ name, description }) => ({
      name,
      description,
      item: operations
        // A WebSocket is no request of such a collection.
        .filter(({ operation }) => operation.tags.includes(name) && !('101' in operation.responses))
        // A run of the folder needs what it deletes until the end.
        .toSorted((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'))
        .map(({ path, method, operation }) => requestOf(document, path, method, operation)),
    })),
  };
};

const requestOf = (
  document: OpenApiDocument,
  path: string,
  method: string,
  operation: OperationObject,
): PostmanRequest => {
  const parameters = (operation.parameters ?? []).map((parameter) => resolved(document, parameter));
  const pairs = (place: ParameterObject['in']): Pair[] =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map((parameter) => pairOf(document, path, parameter));
  const query = pairs('query');
  const enabled = query.filter(({ disabled }) => !disabled).map(({ key, value }) => `${key}=${value}`);
  const segments = path
    .slice(1)
    .split('/')
    .map((segment) => segment.replace(/^\{(\w+)\+?\}$/, ':$1'));
  const schema = operation.requestBody?.content['application/json']?.schema;
  return {
    name: operation.summary,
    request: {
      method: method.toUpperCase(),
      description: [operation.description, `Operation: ${operation.operationId}`]
        .filter(Boolean)
        .join('\n\n'),
      ...(operation.security?.length === 0 ? { auth: { type: 'noauth' } } : {}),
      header: [...(schema ? [{ key: 'Content-Type', value: 'application/json' }] : []), ...pairs('header')],
      url: {
        raw: `{{baseUrl}}/${segments.join('/')}${enabled.length > 0 ? `?${enabled.join('&')}` : ''}`,
        host: ['{{baseUrl}}'],
        path: segments,
        variable: pairs('path').map(({ disabled: _, ...pair }) => pair),
        query,
      },
      ...(schema
        ? {
            body: {
              mode: 'raw',
              raw: JSON.stringify(
                bodyOf(operation, exampleOf(schema, document.components.schemas), path),
                null,
                2,
              ),
              options: { raw: { language: 'json' } },
            },
          }
        : {}),
    },
  };
};

const variable = (name: Variable): string => `{{${name}}}`;

/** Which variable a parameter of a request or a field of its body means. */
const variableOf = (name: string, path: string): Variable | undefined => {
  if (name === 'session' || (name === 'name' && path.startsWith('/api/sessions'))) return 'session';
  if (name === 'id' && /\/groups\/\{id\+?\}/.test(path)) return 'groupId';
  if (name === 'id' && /\/channels\/\{id\+?\}/.test(path)) return 'channelId';
  if (name === 'id' && /\/contacts\/\{id\+?\}/.test(path)) return 'chatId';
  if (name === 'chatId' || name === 'contactId') return 'chatId';
  return /^(pollM|m)essageId$/.test(name) ? 'messageId' : undefined;
};

/** Bodies whose `name` may be left out and is the session's. */
const NAMES_SESSION = /^\/api\/sessions(\/(start|stop|logout))?$/;

/** The body that is sent: about the variables, with a file of the kind that the operation sends. */
const bodyOf = ({ operationId }: OperationObject, example: unknown, path: string): unknown => {
  if (typeof example !== 'object' || example === null || Array.isArray(example)) return example;
  const file = operationId.includes('Video')
    ? SAMPLES.video
    : operationId.includes('Voice')
      ? SAMPLES.voice
      : undefined;
  return Object.fromEntries(
    Object.entries({ ...(NAMES_SESSION.test(path) && { name: '' }), ...example }).map(([name, value]) => {
      const meant = variableOf(name, path);
      if (meant) return [name, variable(meant)];
      return [name, name === 'file' && file ? file : value];
    }),
  );
};

const resolved = (
  document: OpenApiDocument,
  parameter: NonNullable<OperationObject['parameters']>[number],
): ParameterObject => {
  if (!('$ref' in parameter)) return parameter;
  const found = document.components.parameters[parameter.$ref.split('/').at(-1) ?? ''];
  if (!found) throw new Error(`the document has no ${parameter.$ref}`);
  return found;
};

const pairOf = (
  document: OpenApiDocument,
  path: string,
  { name, required, description, schema, in: place }: ParameterObject,
): Pair => {
  const meant = variableOf(name, path);
  const example = textOf(exampleOf(schema, document.components.schemas, name));
  // Left out, an operation is about the session `default`, which need not be the collection's.
  const isNeeded = required || (name === 'session' && schema.default !== undefined);
  return {
    key: name,
    value: meant ? variable(meant) : place === 'path' && example === '' ? 'id' : example,
    ...(description === undefined ? {} : { description }),
    ...(isNeeded ? {} : { disabled: true }),
  };
};

const textOf = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);
