/**
 * Parses requests on paths that WAHA has too, as tolerant as its clients need: they send every field that they know.
 *
 *   null, ''           if the schema does not take it: as if it were absent, if it may be absent
 *   unknown fields     left out, and named in the response (`X-Berth-Ignored`), so that a typo is visible
 *   unknown events     likewise: one name must not refuse a whole session
 *
 * An error in a known field stays an error. On Berth's own paths every field is checked.
 */
import type * as z from 'zod';
import { type $ZodIssue, toDotPath } from 'zod/v4/core';

/** The response header that names the fields that were left out. */
const IGNORED_HEADER = 'x-berth-ignored';

type JsonPath = readonly PropertyKey[];

/** Each round repairs all that it finds; what comes to light behind it needs another. */
const MAX_ROUNDS = 8;

/**
 * @param schema of the body or the query
 * @param value is not changed
 * @param ignored gets the paths of what was left out
 * @returns the schema's verdict on what was left
 */
export const tolerantParse = <T>(
  schema: z.ZodType<T>,
  value: unknown,
  ignored: string[],
): z.ZodSafeParseResult<T> => {
  let parsed = schema.safeParse(value);
  if (parsed.success || typeof value !== 'object' || value === null) return parsed;
  const repaired: unknown = structuredClone(value);
  for (let round = 0; !parsed.success && round < MAX_ROUNDS; round++) {
    const before = parsed;
    const issues = parsed.error.issues.flatMap(likeliest);
    const unknown = issues.flatMap(unknownPaths);
    const empty = issues.map((issue) => issue.path).filter((path) => isEmpty(valueAt(repaired, path)));
    if (unknown.length === 0 && empty.length === 0) break;
    const kept = empty.map((path) => [path, valueAt(repaired, path)] as const);
    // From the last element of a list to the first: each keeps its place until it is removed.
    for (const path of [...unknown, ...empty].toReversed()) remove(repaired, path);
    for (const path of unknown) ignored.push(fieldName(path));
    parsed = schema.safeParse(repaired);
    if (parsed.success) return parsed;
    // A required field stays as it was sent: the error is about its value.
    const missing = new Set(parsed.error.issues.flatMap(likeliest).map(({ path }) => path.join('\n')));
    const required = kept.filter(([path]) => missing.has(path.join('\n')));
    for (const [path, original] of required) put(repaired, path, original);
    if (required.length > 0) parsed = schema.safeParse(repaired);
    if (required.length === empty.length && unknown.length === 0) return before;
  }
  return parsed;
};

/** A field as its sender names it: `x-api-key` and `filter.a` are whole names, and no path into an object. */
export const fieldName = (path: JsonPath): string =>
  path.length === 1 ? String(path[0]) : toDotPath(path as (string | number)[]);

/** Of alternatives that all fail, what is wrong with the one that was likely meant: that with the fewest faults. */
export const likeliest = (issue: $ZodIssue): $ZodIssue[] => {
  if (issue.code !== 'invalid_union') return [issue];
  const [closest] = issue.errors.toSorted((a, b) => faultsOf(a) - faultsOf(b));
  if (!closest || closest.length === 0) return [issue];
  return closest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })).flatMap(likeliest);
};

/** A field too many is less of a fault than one that is missing. */
const faultsOf = (issues: readonly $ZodIssue[]): number =>
  issues.reduce((sum, { code }) => sum + (code === 'unrecognized_keys' ? 0.5 : 1), 0);

const unknownPaths = (issue: $ZodIssue): JsonPath[] => {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...issue.path, key]);
  // The name of an event in a list of them.
  return issue.code === 'invalid_value' && issue.path.at(-2) === 'events' ? [issue.path] : [];
};

const isEmpty = (value: unknown): boolean => value === null || value === '';

const parentOf = (root: unknown, path: JsonPath): unknown =>
  path.slice(0, -1).reduce<unknown>((part, key) => Reflect.get(Object(part), key), root);

const valueAt = (root: unknown, path: JsonPath): unknown => {
  const key = path.at(-1);
  const parent = parentOf(root, path);
  return key === undefined || Array.isArray(parent) ? undefined : Reflect.get(Object(parent), key);
};

const remove = (root: unknown, path: JsonPath): void => {
  const key = path.at(-1);
  const parent = parentOf(root, path);
  if (key === undefined) return;
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(Object(parent), key);
};

const put = (root: unknown, path: JsonPath, value: unknown): void => {
  const key = path.at(-1);
  if (key !== undefined) Reflect.set(Object(parentOf(root, path)), key, value);
};

/** The most that a header may say. */
const MAX_HEADER = 1024;

/**
 * The header that names the omitted fields; none if nothing was omitted. Names are shown as far as a header may have
 * them.
 */
export const ignoredHeader = (ignored: readonly string[]): Record<string, string> => {
  if (ignored.length === 0) return {};
  const names = ignored.map((name) => name.replace(/[^\x21-\x2b\x2d-\x7e]/g, '?'));
  return { [IGNORED_HEADER]: names.join(',').slice(0, MAX_HEADER) };
};
