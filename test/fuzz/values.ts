/** Values for fast-check: those that fit a JSON Schema, and those that fit none. */
import fc from 'fast-check';
import * as z from 'zod';

/** The JSON Schema that zod makes of the schemas of requests. */
const schemaShape = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  format: z.string().optional(),
  pattern: z.string().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
});

/** Values that fit the schema as far as it says; what it does not say (refinements) may still be refused. */
export const fitting = (schema: unknown): fc.Arbitrary<unknown> => {
  const s = schemaShape.parse(schema);
  if (s.const !== undefined) return fc.constant(s.const);
  if (s.enum) return fc.constantFrom(...s.enum);
  const choices = s.anyOf ?? s.oneOf;
  if (choices) return fc.oneof(...choices.map(fitting));
  if (Array.isArray(s.type)) return fc.oneof(...s.type.map((type) => fitting({ ...s, type })));
  switch (s.type) {
    case 'object':
      return objectFitting(s);
    case 'array':
      return fc.array(fitting(s.items ?? {}), {
        minLength: s.minItems ?? 0,
        maxLength: Math.min(s.maxItems ?? 3, Math.max(3, s.minItems ?? 0)),
      });
    case 'string':
      return stringFitting(s);
    case 'integer':
      return fc.oneof(
        fc.integer({ min: least(s), max: Math.min(most(s), least(s) + 1000) }),
        fc.constantFrom(least(s), most(s)),
      );
    case 'number':
      return fc.double({ min: s.minimum ?? -1e9, max: s.maximum ?? 1e9, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 3 });
  }
};

const least = ({ minimum }: { minimum?: number | undefined }): number => minimum ?? -1_000_000;
const most = ({ maximum }: { maximum?: number | undefined }): number => maximum ?? Number.MAX_SAFE_INTEGER;

const objectFitting = (s: z.infer<typeof schemaShape>): fc.Arbitrary<unknown> => {
  if (s.properties === undefined)
    return fc.dictionary(fc.string({ maxLength: 20 }), fitting(s.additionalProperties ?? {}), { maxKeys: 3 });
  const fields = Object.fromEntries(
    Object.entries(s.properties).map(([name, property]) => [name, fitting(property)]),
  );
  return fc.record(fields, { requiredKeys: s.required ?? [] });
};

const stringFitting = (s: z.infer<typeof schemaShape>): fc.Arbitrary<unknown> => {
  if (s.format === 'uri') return fc.webUrl();
  if (s.format === 'base64' || s.contentEncoding === 'base64')
    return fc
      .uint8Array({ minLength: 3, maxLength: 60 })
      .map((bytes) => Buffer.from(bytes).toString('base64'));
  const { minLength = 0 } = s;
  const maxLength = Math.min(s.maxLength ?? 200, Math.max(200, minLength));
  const free = fc.string({ unit: 'binary', minLength, maxLength });
  return s.pattern === undefined ? free : fc.stringMatching(new RegExp(s.pattern), { maxLength });
};

export const LONG = 'x'.repeat(100_000);

/** Values that only the least strict fields accept, and that break unprepared code. */
export const ODD_STRINGS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\u202e\u0000\ufeff',
  'Z̴̢̛a̶͝l̷g̸o',
  '👩‍👩‍👧‍👦'.repeat(50),
  'ﷺ'.repeat(2000),
  '../../etc/passwd',
  '..\\..\\windows',
  '%00%2e%2e%2f',
  '\r\nSet-Cookie: a=b',
  '<script>alert(1)</script>',
  '\u0024{jndi:ldap://127.0.0.1/a}',
  "'; DROP TABLE sessions; --",
  '{"$ne": null}',
  '__proto__',
  'constructor',
  'NaN',
  '1e400',
  '-0',
  '0x10',
  'true',
  'null',
  'http://169.254.169.254/latest/meta-data/',
  'file:///etc/passwd',
  'http://[::1',
  'data:text/plain;base64,AAAA',
  '=',
  '====',
  'AAA',
  '*',
  LONG,
];

/** A JSON text of so many levels. */
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** JSON texts in place of a field's value: of every wrong type, size and depth. */
export const ODD_JSON: readonly string[] = [
  'null',
  'true',
  '-1',
  '0',
  '-0',
  '1.5',
  '1e400',
  '-1e400',
  '9007199254740993',
  '1e308',
  '123456789012345678901234567890',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"role":"admin"}}}',
  '{"toString":1,"valueOf":null,"hasOwnProperty":0}',
  '{"":""}',
  deep(40),
  deep(20_000),
  `[${'0,'.repeat(20_000)}0]`,
  `{${Array.from({ length: 2000 }, (_, i) => `"k${i}":${i}`).join(',')}}`,
  ...ODD_STRINGS.map((text) => JSON.stringify(text)),
  '"\\ud800"',
  '"\\u0000"',
];

/** Names that a field may not have. */
export const ODD_KEYS: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  'then',
  '$where',
  '',
  ' ',
  '\u0000',
  '\ud800',
  'a.b',
  '[0]',
  'pk',
  'sk',
  LONG.slice(0, 10_000),
];
