/**
 * The operator's own file: what differs from the presets, outside the source. Git ignores it, so an upgrade of the
 * source never touches it and never conflicts with it.
 *
 *   berth.config.ts, berth.config.mjs or berth.config.json in the folder of cdk.json; or -c config=PATH
 *
 *   { "environments": { "prod": { "account": "123456789012", "region": "eu-central-1",
 *                                 "settings": { "globalLimit": 200 } },
 *                       "prod-us": { "extends": "prod", "region": "us-east-1" } } }
 *
 * Objects are merged with the preset's, everything else replaces the preset's value.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { BadEnvironment, describeIssue } from './environment-schema.ts';

/** Looked for in this order; the first that is there is used. */
export const CONFIG_FILES = ['berth.config.ts', 'berth.config.mjs', 'berth.config.json'] as const;

export type Fields = Readonly<Record<string, unknown>>;

const configSchema = z.strictObject({
  /** For editors. */
  $schema: z.string().optional(),
  environments: z.record(
    z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, 'must be 1 to 20 lower-case letters, digits and dashes'),
    z.record(z.string(), z.unknown()),
  ),
});

export type OperatorConfig = {
  /** For messages. */
  readonly path: string;
  readonly environments: Readonly<Record<string, Fields>>;
};
export const NO_CONFIG: OperatorConfig = { path: 'no config file', environments: {} };

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `changes` over `values`: objects are merged key by key, everything else is replaced. */
export const merge = (values: Fields, changes: Fields): Fields =>
  Object.fromEntries(
    [...new Set([...Object.keys(values), ...Object.keys(changes)])].map((key) => {
      const [old, change] = [values[key], changes[key]];
      if (!Object.hasOwn(changes, key)) return [key, old];
      return [key, isFields(old) && isFields(change) ? merge(old, change) : change];
    }),
  );

const read = async (path: string): Promise<unknown> => {
  if (!path.endsWith('.json')) {
    const module: unknown = await import(pathToFileURL(path).href);
    return isFields(module) ? module.default : undefined;
  }
  return JSON.parse(await readFile(path, 'utf8'));
};

/**
 * The operator's file. Throws BadEnvironment if it is named but does not exist, or cannot be read.
 *
 * @param root the folder in which it is looked for, and the base of a relative path
 * @param named from `-c config=PATH`
 */
export const loadOperatorConfig = async (root: string, named?: unknown): Promise<OperatorConfig> => {
  if (named !== undefined && (typeof named !== 'string' || named === ''))
    throw new BadEnvironment('The context value "config" must be the path of a file.');
  const path =
    named === undefined
      ? CONFIG_FILES.map((file) => join(root, file)).find((file) => existsSync(file))
      : resolve(root, named);
  if (path === undefined) return NO_CONFIG;
  if (!existsSync(path)) throw new BadEnvironment(`There is no config file ${path}.`);
  if (!/\.(json|ts|mts|mjs|js)$/.test(path))
    throw new BadEnvironment(`${path}: a config file ends with .json, .ts or .mjs.`);
  const values = await read(path).catch((error: unknown) => {
    throw new BadEnvironment(
      `${path} can't be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  const parsed = configSchema.safeParse(values);
  if (!parsed.success) throw new BadEnvironment(`${path}: ${describeIssue(parsed.error)}`);
  if (Object.hasOwn(parsed.data.environments, 'local'))
    throw new BadEnvironment(
      `${path}: environments.local is what npm start runs; it is not configured here.`,
    );
  return { path, environments: parsed.data.environments };
};
