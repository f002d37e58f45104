/** A value that a JSON Schema of the API's document allows, as an example to fill in. */
import type { JsonSchema } from '../../contract/openapi/schemas.ts';

type Schemas = Readonly<Record<string, JsonSchema>>;

/** Texts for fields whose pattern says little to a reader. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^(chatId|contactId|from|to|participants?|mentions|id)$/i, '491701234567@c.us'],
  [/^lid$/, '123456789012345@lid'],
  [/^(url|imageUrl)$/i, 'https://example.com/file.png'],
  [/phone(Number)?$/i, '491701234567'],
  [/messageId|reply_to/, 'false_491701234567@c.us_3EB0C767D097B7C7C030'],
  [/^(text|caption|body)$/, 'Hello'],
  [/^name$/, 'Test'],
  [/^labelId$/, '1'],
  [/^userId$/, 'customer-1'],
  [/^mimetype$/, 'image/png'],
  [
    /^data$/,
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  ],
  [/^vcard$/, 'BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nTEL:+491701234567\nEND:VCARD'],
  [/^code$/, 'https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv'],
];

/** Where the least number that is allowed is an odd example. */
const NUMBERS: Readonly<Record<string, number>> = { latitude: 52.52, longitude: 13.405 };

/**
 * Only what must be given; of optional fields none, of alternatives the first. A value that the schema names (default,
 * example, constant, enumeration) comes before one that is made up.
 *
 * @param name of the field, for a text that people understand
 */
export const exampleOf = (schema: JsonSchema, schemas: Schemas, name = ''): unknown => {
  const target = resolve(schema, schemas);
  if (target.default !== undefined) return target.default;
  if (Array.isArray(target.examples)) return target.examples[0];
  if (target.const !== undefined) return target.const;
  if (Array.isArray(target.enum)) return target.enum[0];
  for (const alternatives of [target.anyOf, target.oneOf])
    if (Array.isArray(alternatives)) return exampleOf(Object(alternatives[0]), schemas, name);
  if (Array.isArray(target.allOf))
    return Object.assign({}, ...target.allOf.map((part) => exampleOf(Object(part), schemas, name)));
  switch (Array.isArray(target.type) ? target.type[0] : target.type) {
    case 'object':
      return objectOf(target, schemas);
    case 'array':
      return Array.from({ length: Number(target.minItems ?? 0) }, (_, i) => {
        const item = exampleOf(Object(target.items), schemas, name);
        return i > 0 && typeof item === 'string' ? `${item} ${i + 1}` : item;
      });
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return NUMBERS[name] ?? Number(target.minimum ?? 1);
    case 'null':
      return null;
    case 'string':
      return textOf(target, name);
    default:
      return {};
  }
};

const textOf = ({ format, minLength = 0 }: JsonSchema, name: string): string => {
  if (format === 'uri') return 'https://example.com/file.png';
  return TEXTS.find(([pattern]) => pattern.test(name))?.[1] ?? (Number(minLength) > 0 ? 'text' : '');
};

const objectOf = (schema: JsonSchema, schemas: Schemas): Record<string, unknown> => {
  const properties: Record<string, unknown> = Object(schema.properties ?? {});
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  const named = 'session' in properties ? ['session', ...required] : required;
  return Object.fromEntries(
    [...new Set(named)].map((name) => [name, exampleOf(Object(properties[name]), schemas, name)]),
  );
};

const resolve = (schema: JsonSchema, schemas: Schemas): JsonSchema => {
  const { $ref } = schema;
  if (typeof $ref !== 'string') return schema;
  return resolve(schemas[$ref.split('/').at(-1) ?? ''] ?? {}, schemas);
};
