/** JSON Schemas as HTML: a line for each field, with what is inside below it. */
import * as z from 'zod';
import type { JsonSchema } from '../../contract/openapi/schemas.ts';
import { escapeHtml, inline } from './text.ts';

/** The shown parts of a schema. Only the document has everything else. */
const shownSchema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  format: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  items: z.looseObject({}).optional(),
  properties: z.record(z.string(), z.looseObject({})).optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.union([z.boolean(), z.looseObject({})]).optional(),
  anyOf: z.array(z.looseObject({})).optional(),
  oneOf: z.array(z.looseObject({})).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
});
type Shown = z.infer<typeof shownSchema>;

const read = (schema: JsonSchema): Shown => shownSchema.parse(schema);

/** The name behind a reference to a shape of the document. */
const nameOf = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1);
export const anchorOf = (name: string): string => `shape-${name}`;

/** Its type, in a few words. */
export const typeOf = (schema: JsonSchema): string => {
  const shown = read(schema);
  if (shown.$ref !== undefined) {
    const name = escapeHtml(nameOf(shown.$ref));
    return `<a href="#${anchorOf(name)}">${name}</a>`;
  }
  const choices = shown.anyOf ?? shown.oneOf;
  if (choices) return [...new Set(choices.map(typeOf))].join(' or ');
  if (shown.const !== undefined) return code(shown.const);
  if (shown.enum) return shown.enum.map(code).join(' | ');
  if (shown.items) return `list of ${typeOf(shown.items)}`;
  if (shown.properties === undefined && typeof shown.additionalProperties === 'object')
    return `map of ${typeOf(shown.additionalProperties)}`;
  const types = [shown.type ?? 'anything'].flat();
  return types
    .map((type) => escapeHtml(type === 'string' && shown.format ? shown.format : type))
    .join(' or ');
};

const code = (value: unknown): string => `<code>${escapeHtml(JSON.stringify(value))}</code>`;

const range = (least: number | undefined, most: number | undefined, unit: string): string[] => {
  if (least === undefined && most === undefined) return [];
  if (least === undefined) return [`at most ${most}${unit}`];
  return [most === undefined ? `at least ${least}${unit}` : `${least} to ${most}${unit}`];
};

/** The restrictions of values beyond their type. */
const limitsOf = (schema: JsonSchema): string => {
  const shown = read(schema);
  return [
    ...range(shown.minimum, shown.maximum, ''),
    ...range(shown.minLength, shown.maxLength, ' characters'),
    ...range(shown.minItems, shown.maxItems, ' entries'),
    ...(shown.default === undefined ? [] : [`default ${code(shown.default)}`]),
  ].join('; ');
};

/** Its fields; nothing if it has none or is described elsewhere. */
export const fieldsOf = (schema: JsonSchema): string => {
  const shown = read(schema);
  const choices = shown.anyOf ?? shown.oneOf;
  if (choices) return choices.map(fieldsOf).filter(Boolean).join('<p class="or">or</p>');
  if (shown.items) return fieldsOf(shown.items);
  if (shown.properties === undefined)
    return typeof shown.additionalProperties === 'object' ? fieldsOf(shown.additionalProperties) : '';
  const rows = Object.entries(shown.properties).map(([name, field]) =>
    fieldRow(name, field, shown.required?.includes(name) ?? false),
  );
  return rows.length === 0 ? '' : `<ul class="fields">${rows.join('')}</ul>`;
};

/** One field, parameter or header. */
export const fieldRow = (
  name: string,
  schema: JsonSchema,
  required: boolean,
  description = read(schema).description ?? '',
): string => {
  const limits = limitsOf(schema);
  return [
    `<li><code class="name">${escapeHtml(name)}</code>`,
    required ? '<span class="required">required</span>' : '',
    `<span class="type">${typeOf(schema)}</span>`,
    limits === '' ? '' : `<span class="limits">${limits}</span>`,
    description === '' ? '' : `<span class="says">${inline(description)}</span>`,
    `${fieldsOf(schema)}</li>`,
  ].join(' ');
};
