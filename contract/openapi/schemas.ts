/** JSON Schemas (draft 2020-12, as OpenAPI 3.1 has them) from zod's. */
import * as z from 'zod';
import {
  cleanupReportSchema,
  drainReportSchema,
  healthViewSchema,
  keyViewSchema,
  limitsViewSchema,
  statsViewSchema,
} from '../bodies/admin.ts';
import { commandViewSchema } from '../bodies/commands.ts';
import {
  sessionConfigRequestSchema,
  sessionConfigSchema,
  webhookRequestSchema,
  webhookSchema,
} from '../bodies/session-config.ts';
import { sessionViewSchema } from '../bodies/sessions.ts';
import { problemSchema } from '../errors.ts';
import { chatSchema, contactSchema, groupSchema } from '../whatsapp/chats.ts';
import { messageSchema } from '../whatsapp/messages.ts';
import { accountSchema } from '../worker/protocol.ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** The schemas that have a name in the document; all others are written in place. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Account: accountSchema,
  Chat: chatSchema,
  CleanupReport: cleanupReportSchema,
  DrainReport: drainReportSchema,
  Command: commandViewSchema,
  Contact: contactSchema,
  Group: groupSchema,
  Health: healthViewSchema,
  Key: keyViewSchema,
  Limits: limitsViewSchema,
  Message: messageSchema,
  Problem: problemSchema,
  Session: sessionViewSchema,
  SessionConfig: sessionConfigSchema,
  SessionConfigInput: sessionConfigRequestSchema,
  Stats: statsViewSchema,
  Webhook: webhookSchema,
  WebhookInput: webhookRequestSchema,
};

for (const [id, schema] of Object.entries(NAMED))
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id });

/** `input`: what callers send, in which a default may be omitted; `output`: the values that they get. */
type Side = 'input' | 'output';

const DEFINITION = '#/$defs/';
const COMPONENT = '#/components/schemas/';

/** One schema with its named parts under `$defs`. */
const standAlone = (schema: z.ZodType, side: Side, closed: boolean) => {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io: side,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => tidy(zodSchema, jsonSchema, side, closed),
  });
  return json;
};

/** The JSON Schema of what callers send, complete in itself: its named parts are under `$defs`. */
export const inputSchemaOf = (schema: z.ZodType): JsonSchema =>
  Object(withoutTypeLists(standAlone(schema, 'input', true)));

/** Not every reader takes a list of types, such as boolean or null; alternatives mean the same. */
const withoutTypeLists = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutTypeLists);
  if (typeof value !== 'object' || value === null) return value;
  const { type, ...rest } = Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, withoutTypeLists(part)]),
  );
  if (type === undefined) return rest;
  return Array.isArray(type) ? { ...rest, anyOf: type.map((one) => ({ type: one })) } : { type, ...rest };
};

/**
 * Converts the schemas of one document and collects those with a name.
 * @param closed answers may have nothing beside what is described. For comparing with real answers: to callers, an
 *   answer that grows is no break.
 */
export const schemaConverter = (closed: boolean) => {
  const components = new Map<string, JsonSchema>();

  const isSameOnBothSides = (schema: z.ZodType): boolean =>
    JSON.stringify(standAlone(schema, 'input', closed)) ===
    JSON.stringify(standAlone(schema, 'output', closed));
  const inputNames = new Map(
    Object.entries(NAMED).map(([id, schema]) => [
      id,
      id.endsWith('Input') || isSameOnBothSides(schema) ? id : `${id}Input`,
    ]),
  );
  const nameOf = (id: string, side: Side): string => (side === 'input' ? inputNames.get(id) : id) ?? id;

  const convert = (schema: z.ZodType, side: Side): JsonSchema => {
    const { $defs = {}, ...json } = standAlone(schema, side, closed);
    const withNames = (value: unknown): unknown =>
      renameReferences(value, (id) => `${COMPONENT}${nameOf(id, side)}`);
    for (const [id, definition] of Object.entries($defs)) {
      const { id: _id, ...described } = Object(definition);
      components.set(nameOf(id, side), Object(withNames(described)));
    }
    return Object(withNames(json));
  };

  return {
    input: (schema: z.ZodType): JsonSchema => convert(schema, 'input'),
    output: (schema: z.ZodType): JsonSchema => convert(schema, 'output'),
    /** Those that were used, sorted by name. */
    components: (): Record<string, JsonSchema> =>
      Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
};

const renameReferences = (value: unknown, rename: (id: string) => string): unknown => {
  if (Array.isArray(value)) return value.map((item) => renameReferences(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === '$ref' && typeof part === 'string' && part.startsWith(DEFINITION)
        ? rename(part.slice(DEFINITION.length))
        : renameReferences(part, rename),
    ]),
  );
};

type Overridden = Parameters<NonNullable<z.core.ToJSONSchemaParams['override']>>[0];

/** Post-processes zod's JSON Schema: drops noise, adds what it omits. */
const tidy = (
  schema: Overridden['zodSchema'],
  json: Overridden['jsonSchema'],
  side: Side,
  closed: boolean,
): void => {
  if (side === 'output' && !closed && json.additionalProperties === false) delete json.additionalProperties;
  // The format says it.
  if (json.format === 'date-time' || json.format === 'uri') delete json.pattern;
  // No format of JSON Schema: `contentEncoding` says it.
  if (json.format === 'base64') delete json.format;
  // The bounds of every JSON integer.
  if (json.minimum === Number.MIN_SAFE_INTEGER) delete json.minimum;
  if (json.maximum === Number.MAX_SAFE_INTEGER) delete json.maximum;
  const { def } = schema._zod;
  // A text for a truth value, in a query: `true` or `false`.
  if (side === 'input' && def.type === 'pipe' && def.out._zod.def.type === 'boolean') json.type = 'boolean';
  if (def.type === 'default') {
    if (def.innerType._zod.def.type === 'pipe' && side === 'input') json.default = def.defaultValue;
  }
};
