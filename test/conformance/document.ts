/**
 * WAHA's own OpenAPI document (WAHA 2026.7.1, https://github.com/devlikeapro/waha, Apache License 2.0): what its clients
 * are made from.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

export type Schema = {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly example?: unknown;
  readonly default?: unknown;
  readonly nullable?: boolean;
};
const schemaSchema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.string().optional(),
    properties: z.record(z.string(), schemaSchema).optional(),
    // In places the document has a boolean.
    required: z.array(z.string()).optional().catch(undefined),
    items: schemaSchema.optional(),
    enum: z.array(z.unknown()).optional(),
    allOf: z.array(schemaSchema).optional(),
    oneOf: z.array(schemaSchema).optional(),
    anyOf: z.array(schemaSchema).optional(),
    example: z.unknown().optional(),
    default: z.unknown().optional(),
    nullable: z.boolean().optional(),
  }),
) as z.ZodType<Schema>;

const contentSchema = z.record(z.string(), z.object({ schema: schemaSchema.optional() }));
const operationSchema = z.object({
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query', 'header']),
        required: z.boolean().optional(),
        schema: schemaSchema.optional(),
        example: z.unknown().optional(),
      }),
    )
    .default([]),
  requestBody: z.object({ content: contentSchema }).optional(),
});
const documentSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  webhooks: z.record(z.string(), z.object({ post: operationSchema })),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

/** As it was read: for checking webhooks' bodies. */
export const WAHA_DOCUMENT = documentSchema.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, 'waha-openapi-2026.7.1.json'), 'utf8')),
);

export type WahaOperation = z.infer<typeof operationSchema> & {
  readonly method: string;
  readonly path: string;
};

/** Every operation, in the document's order. */
export const WAHA_OPERATIONS: readonly WahaOperation[] = Object.entries(WAHA_DOCUMENT.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
);

/** The target of a reference. Several parts are one object. */
export const resolved = (schema: Schema): Schema => {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/components/schemas/', '');
    const { example, default: fallback } = schema;
    const found = resolved(schemaSchema.parse(WAHA_DOCUMENT.components.schemas[name]));
    return {
      ...found,
      ...(example === undefined ? {} : { example }),
      ...(fallback === undefined ? {} : { default: fallback }),
    };
  }
  const parts = schema.allOf?.map(resolved) ?? [];
  if (parts.length === 0) return schema;
  const { allOf: _parts, ...own } = schema;
  return {
    ...Object.assign({}, ...parts),
    ...own,
    properties: Object.assign({}, ...parts.map(({ properties }) => properties), own.properties),
    required: parts.flatMap(({ required = [] }) => required).concat(own.required ?? []),
  };
};
