/** The API as a collection of Postman (format 2.1), made from the OpenAPI document. Bruno and Insomnia import it, too. */
import {
  type OpenApiDocument,
  type OperationObject,
  openApiDocument,
  type ParameterObject,
} from '../../contract/openapi/document.ts';
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

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

/**
 * One folder for each chapter of the document, one request for each operation. Requests use the variables `baseUrl`,
 * `apiKey` and `session`. Parameters that may be left out are there and switched off.
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
      // Keys belong into an environment or the vault: collections are shared.
      { key: 'apiKey', value: '' },
      { key: 'session', value: 'default' },
    ],
    item: document.tags.map(({ name, description }) => ({
      name,
      description,
      item: operations
        // A WebSocket is no request of such a collection.
        .filter(({ operation }) => operation.tags.includes(name) && !('101' in operation.responses))
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
    parameters.filter((parameter) => parameter.in === place).map((parameter) => pairOf(document, parameter));
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
              raw: JSON.stringify(withSession(exampleOf(schema, document.components.schemas)), null, 2),
              options: { raw: { language: 'json' } },
            },
          }
        : {}),
    },
  };
};

/** If a body names its session, it is the collection's. */
const withSession = (example: unknown): unknown =>
  typeof example === 'object' && example !== null && 'session' in example
    ? { ...example, session: '{{session}}' }
    : example;

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
  { name, required, description, schema, in: place }: ParameterObject,
): Pair => {
  const isSession = name === 'session' || (place === 'path' && name === 'name');
  return {
    key: name,
    value: isSession ? '{{session}}' : textOf(exampleOf(schema, document.components.schemas, name)),
    ...(description === undefined ? {} : { description }),
    ...(required ? {} : { disabled: true }),
  };
};

const textOf = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);
