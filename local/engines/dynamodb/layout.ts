/**
 * Where things lie in LevelDB. The first two repeat dynalite's own naming, since its reads must find what our
 * writes put there; the others are ours. A table's name can't contain `~`, so no prefix is the start of another.
 */
export const itemPrefix = (table: string): string => `item-${table}~`;

export const indexPrefix = (kind: IndexKind, table: string, index: string): string =>
  `index-${kind.toLowerCase()}~${table}~${index}~`;

export const tagPrefix = (table: string): string => `tag-${table}~`;

export const TABLES = 'table~';
export const TIME_TO_LIVE = 'berth-ttl~';
export const TOKENS = 'berth-token~';

export type IndexKind = 'Local' | 'Global';
export const INDEX_KINDS: readonly IndexKind[] = ['Local', 'Global'];

/** Every key with the prefix: keys are ASCII behind it, so U+00FF is past the last. */
export const rangeOf = (prefix: string): { gte: string; lt: string } => ({
  gte: prefix,
  lt: `${prefix}\u00ff`,
});
