/**
 * Requests as WAHA's clients make them from its document, of three kinds for each operation.
 *
 *   n8n       every property, with its example or its default; what has neither is empty
 *   required  what is required, alone
 *   swagger   every property, as Swagger UI fills the form: example, default, else by type
 */
import { resolved, type Schema, WAHA_OPERATIONS, type WahaOperation } from './document.ts';

export const KINDS = ['n8n', 'required', 'swagger'] as const;
export type Kind = (typeof KINDS)[number];

export type WahaRequest = {
  readonly kind: Kind;
  readonly operation: WahaOperation;
  /** With what the path names put in, and the query. */
  readonly target: string;
  readonly body: unknown;
};

/** Values that replace the document's example names: a session, a chat, a message that exist here. */
export type Substitute = (name: string, operation: WahaOperation) => unknown;

const byType = (
  { type, properties, items, enum: values }: Schema,
  make: (schema: Schema) => unknown,
): unknown => {
  if (values !== undefined) return values[0];
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, make(schema)]));
  if (type === 'array') return items === undefined ? [] : [make(items)];
  return { string: 'string', number: 0, integer: 0, boolean: true, object: {} }[type ?? 'object'];
};

const firstOf = (schema: Schema): Schema => {
  const whole = resolved(schema);
  const [first] = whole.oneOf ?? whole.anyOf ?? [];
  return first === undefined ? whole : resolved(first);
};

/** The value of one property; undefined: it is left out. */
const sampleValue = (schema: Schema, kind: Kind, name: string, pick: (name: string) => unknown): unknown => {
  const known = pick(name);
  if (known !== undefined) return known;
  const whole = firstOf(schema);
  if (whole.properties !== undefined && whole.example === undefined && whole.default === undefined)
    return objectOf(whole, kind, pick);
  const isShown = whole.example !== undefined || whole.default !== undefined;
  if (whole.type === 'array' && whole.items !== undefined && !isShown) {
    // The parts of a list of ids are named as the list: `participants` are of `id`.
    return [sampleValue(whole.items, kind, `${name}[]`, pick)];
  }
  if (whole.example !== undefined) return whole.example;
  if (whole.default !== undefined) return whole.default;
  if (kind === 'n8n') return whole.type === 'string' && whole.enum === undefined ? '' : null;
  return byType(whole, (part) => sampleValue(part, kind, '', pick));
};

const objectOf = (schema: Schema, kind: Kind, pick: (name: string) => unknown): Record<string, unknown> => {
  const { properties = {}, required = [] } = schema;
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, property]) => {
      if (kind === 'required' && !required.includes(name)) return [];
      // Each required field has a value, for every client.
      const filled = kind === 'n8n' && required.includes(name) ? 'swagger' : kind;
      return [[name, sampleValue(property, filled, name, pick)]];
    }),
  );
};

const requestOf = (operation: WahaOperation, kind: Kind, substitute: Substitute): WahaRequest => {
  const pick = (name: string) => substitute(name, operation);
  let path = operation.path;
  const query = new URLSearchParams();
  for (const parameter of operation.parameters) {
    const { name, required = false, schema = {}, example } = parameter;
    if (parameter.in === 'header') continue;
    if (parameter.in === 'query' && !required && kind !== 'n8n') continue;
    const value = pick(name) ?? example ?? sampleValue(schema, required ? 'swagger' : kind, name, pick);
    if (parameter.in === 'path') path = path.replaceAll(`{${name}}`, encodeURIComponent(String(value)));
    // n8n leaves out what is empty in a query.
    else if (value !== null && value !== '') query.set(name, String(value));
  }
  const schema = operation.requestBody?.content['application/json']?.schema;
  const body = schema === undefined ? undefined : sampleValue(schema, kind, '', pick);
  return { kind, operation, target: query.size > 0 ? `${path}?${query}` : path, body };
};

/** Every request, in the document's order. */
export const wahaRequests = (substitute: Substitute): WahaRequest[] =>
  WAHA_OPERATIONS.flatMap((operation) => KINDS.map((kind) => requestOf(operation, kind, substitute)));
