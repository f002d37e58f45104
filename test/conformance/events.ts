/** Holds webhook bodies against the event schemas of WAHA's document. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as z from 'zod';
import { WAHA_DOCUMENT } from './document.ts';

/** The document requires these, and WAHA itself leaves them out: of direct chats, of others' messages, without a file. */
const LEFT_OUT = new Set(['participant', 'source', 'mediaUrl']);
/** The document gives these a type that WAHA does not send: numbers as texts, texts as objects. */
const TYPELESS = new Set(['latitude', 'longitude', 'event', 'error']);
/** Null if there is no value. The document declares this for few fields. */
const MAY_BE_NULL = new Set(['media', 'me', 'before', 'url', 'filename', 'mimetype']);

const recordSchema = z.record(z.string(), z.unknown());
const isRecord = (value: unknown): value is Record<string, unknown> => recordSchema.safeParse(value).success;

/** OpenAPI 3.0 as JSON Schema, without what the document gets wrong. */
const jsonSchemaOf = (value: unknown, name = ''): unknown => {
  if (Array.isArray(value)) return value.map((item) => jsonSchemaOf(item));
  if (!isRecord(value)) return value;
  const { nullable, example: _example, default: _default, required, properties, ...rest } = value;
  const converted: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).map(([key, part]) => [
      key,
      key === '$ref' ? String(part).replace('#/components/schemas/', '#/$defs/') : jsonSchemaOf(part),
    ]),
  );
  if (Array.isArray(required)) converted.required = required.filter((one) => !LEFT_OUT.has(String(one)));
  if (isRecord(properties))
    converted.properties = Object.fromEntries(
      Object.entries(properties).map(([key, part]) => [key, jsonSchemaOf(part, key)]),
    );
  if (TYPELESS.has(name)) delete converted.type;
  return nullable === true || MAY_BE_NULL.has(name) ? { anyOf: [converted, { type: 'null' }] } : converted;
};

const ajv = new Ajv2020({ strict: false, allErrors: true });
const $defs = jsonSchemaOf(WAHA_DOCUMENT.components.schemas);
const compiled = new Map<string, ValidateFunction>();

/** Names of the events that the document has. */
export const WAHA_EVENTS: readonly string[] = Object.keys(WAHA_DOCUMENT.webhooks);

/**
 * The errors of a webhook's body by WAHA's document, as text.
 *
 * @param body parsed JSON. An event that the document does not have is wrong.
 */
export const wahaFaults = (event: string, body: unknown): string[] => {
  let validate = compiled.get(event);
  if (validate === undefined) {
    const schema = WAHA_DOCUMENT.webhooks[event]?.post.requestBody?.content['application/json']?.schema;
    if (schema === undefined) return [`the document has no event ${event}`];
    validate = ajv.compile({ ...Object(jsonSchemaOf(schema)), $defs });
    compiled.set(event, validate);
  }
  if (validate(body)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${event}${instancePath} ${message}`);
};
