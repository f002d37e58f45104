import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** A template as CloudFormation reads it; property values still hold intrinsics. */
const templateSchema = z.object({
  Resources: z
    .record(
      z.string(),
      z.object({
        Type: z.string(),
        Properties: z.record(z.string(), z.unknown()).default({}),
        Condition: z.string().optional(),
      }),
    )
    .default({}),
  Parameters: z
    .record(z.string(), z.object({ Type: z.string(), Default: z.unknown().optional() }))
    .default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Outputs: z
    .record(
      z.string(),
      z.object({
        Value: z.unknown(),
        Export: z.object({ Name: z.unknown() }).optional(),
        Condition: z.string().optional(),
      }),
    )
    .default({}),
});
export type Template = z.infer<typeof templateSchema>;

const artifactSchema = z.object({
  type: z.string(),
  properties: z
    .object({
      templateFile: z.string().optional(),
      stackName: z.string().optional(),
      file: z.string().optional(),
      directoryName: z.string().optional(),
    })
    .optional(),
});
const manifestSchema = z.object({ artifacts: z.record(z.string(), artifactSchema).default({}) });
const assetsSchema = z.object({
  files: z
    .record(
      z.string(),
      z.object({ source: z.object({ path: z.string().optional(), packaging: z.string().optional() }) }),
    )
    .default({}),
});

export type Stack = {
  readonly name: string;
  readonly template: Template;
};

/** The CDK app's output: stacks with their templates, and the folder of each file asset by its hash. */
export type CloudAssembly = {
  readonly stacks: readonly Stack[];
  readonly assets: ReadonlyMap<string, string>;
};

const parseFile = <T>(schema: z.ZodType<T>, path: string): T => {
  const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) {
    throw new Error(`${path} is not what a cloud assembly holds: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
};

/** Reads a cloud assembly with its nested ones (a CDK `Stage` makes one each). */
export const readAssembly = (directory: string): CloudAssembly => {
  const manifest = parseFile(manifestSchema, join(directory, 'manifest.json'));
  const stacks: Stack[] = [];
  const assets = new Map<string, string>();
  for (const [id, { type, properties }] of Object.entries(manifest.artifacts)) {
    if (type === 'aws:cloudformation:stack' && properties?.templateFile !== undefined) {
      stacks.push({
        name: properties.stackName ?? id,
        template: parseFile(templateSchema, join(directory, properties.templateFile)),
      });
    } else if (type === 'cdk:asset-manifest' && properties?.file !== undefined) {
      for (const [hash, { source }] of Object.entries(
        parseFile(assetsSchema, join(directory, properties.file)).files,
      )) {
        if (source.path !== undefined) {
          assets.set(hash, join(directory, source.path));
        }
      }
    } else if (type === 'cdk:cloud-assembly' && properties?.directoryName !== undefined) {
      const nested = readAssembly(join(directory, properties.directoryName));
      stacks.push(...nested.stacks);
      for (const [hash, path] of nested.assets) {
        assets.set(hash, path);
      }
    }
  }
  return { stacks, assets };
};
