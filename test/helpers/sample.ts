/** Values that a schema takes, found by its shape: requests for operations that a test does not know. */
import * as z from 'zod';

type Schema = z.core.JSONSchema.JSONSchema;

/** Texts that the API's patterns and formats are about; the first that fits is taken. */
const TEXTS = [
  'x',
  'shop',
  '491712223333@c.us',
  '120363000000000001@g.us',
  'true_491712223333@c.us_3EB0AAAAAAAAAAAAAAAA',
  '491712223333',
  'https://example.com/picture.png',
  'aGVsbG8=',
  'image/png',
  'status!=STARTING',
  'a'.repeat(43),
  'a'.repeat(64),
  '2026-01-01T00:00:00Z',
  '2.3000.1043565534',
  'ses_01k9zzzzzzzzzzzzzzzzzzzzzz',
];

/** The first value by the schema's shape that the schema itself takes. Throws if it finds none: add to TEXTS. */
export const sampleOf = (schema: z.ZodType, known: Readonly<Record<string, unknown>> = {}): unknown => {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', metadata: z.registry() });
  const tried: string[] = [];
  for (const value of variants(shape)) {
    const candidate = isObject(value) ? { ...value, ...known } : value;
    const parsed = schema.safeParse(candidate);
    if (parsed.success) return candidate;
    tried.push(`${JSON.stringify(candidate)}: ${parsed.error.issues[0]?.message}`);
    if (tried.length > 200) break;
  }
  throw new Error(
    `no sample for ${JSON.stringify(shape).slice(0, 300)}; tried ${tried.slice(0, 3).join('; ')}`,
  );
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function* variants(schema: Schema | boolean | undefined): Generator<unknown> {
  if (schema === undefined || typeof schema === 'boolean') {
    yield 'x';
    return;
  }
  if (schema.const !== undefined) yield schema.const;
  else if (schema.enum) yield* schema.enum;
  else if (schema.anyOf ?? schema.oneOf)
    for (const part of schema.anyOf ?? schema.oneOf ?? []) yield* variants(part);
  else if (schema.type === 'object') yield* objects(schema);
  else if (schema.type === 'array') yield* lists(schema);
  else if (schema.type === 'number' || schema.type === 'integer') yield schema.minimum ?? 1;
  else if (schema.type === 'boolean') yield true;
  else if (schema.type === 'null') yield null;
  else yield* texts(schema);
}

/** The fewest properties, then all of them; then each property's other values, one at a time. */
function* objects({ properties = {}, required = [] }: Schema): Generator<unknown> {
  const first = (name: string) => variants(properties[name]).next().value;
  const base = Object.fromEntries(required.map((name) => [name, first(name)]));
  yield base;
  for (const name of Object.keys(properties))
    for (const value of variants(properties[name])) yield { ...base, [name]: value };
  yield Object.fromEntries(Object.keys(properties).map((name) => [name, first(name)]));
}

function* lists({ items, minItems = 0 }: Schema): Generator<unknown> {
  const item = Array.isArray(items) ? items[0] : items;
  for (const value of variants(item)) {
    yield Array.from({ length: Math.max(1, minItems) }, (_, n) =>
      n > 0 && typeof value === 'string' ? `${value}${n}` : value,
    );
  }
}

function* texts({
  pattern,
  minLength = 0,
  maxLength = Number.POSITIVE_INFINITY,
}: Schema): Generator<unknown> {
  for (const text of TEXTS) {
    const fits = pattern === undefined || new RegExp(pattern).test(text);
    if (fits && text.length >= minLength && text.length <= maxLength) yield text;
  }
}
