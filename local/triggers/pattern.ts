/** EventBridge's event patterns: which events a rule takes. */

type Json = unknown;
type JsonRecord = Readonly<Record<string, Json>>;

const isRecord = (value: Json): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class PatternError extends Error {
  override readonly name = 'PatternError';
}

const compare: Readonly<Record<string, (actual: number, wanted: number) => boolean>> = {
  '=': (actual, wanted) => actual === wanted,
  '<': (actual, wanted) => actual < wanted,
  '<=': (actual, wanted) => actual <= wanted,
  '>': (actual, wanted) => actual > wanted,
  '>=': (actual, wanted) => actual >= wanted,
};

const numeric = (terms: Json, actual: Json): boolean => {
  if (!Array.isArray(terms) || terms.length === 0 || terms.length % 2 !== 0) {
    throw new PatternError('numeric takes pairs of an operator and a number');
  }
  const pairs = Array.from({ length: terms.length / 2 }, (_, i) => [terms[2 * i], terms[2 * i + 1]] as const);
  return pairs.every(([operator, wanted]) => {
    const holds = compare[String(operator)];
    if (holds === undefined || typeof wanted !== 'number') {
      throw new PatternError(`numeric takes no ${String(operator)} ${String(wanted)}`);
    }
    return typeof actual === 'number' && holds(actual, wanted);
  });
};

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** `*` is any run of characters; unlike in IAM `?` is itself. */
const matchesWildcard = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.split('*').map(escapeRegExp).join('.*')}$`, 's').test(text);

const asList = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value]);

/** One filter of a leaf's list against one value; `undefined` is an absent field. */
const holds = (filter: Json, actual: Json): boolean => {
  if (!isRecord(filter)) {
    return actual === filter;
  }
  const [[operator, argument] = ['', undefined], ...more] = Object.entries(filter);
  if (more.length > 0) {
    throw new PatternError(`a filter has one operator, got ${Object.keys(filter).join(', ')}`);
  }
  const text = typeof actual === 'string' ? actual : undefined;
  switch (operator) {
    case 'exists':
      return (actual !== undefined) === argument;
    case 'prefix':
      return text?.startsWith(String(argument)) ?? false;
    case 'suffix':
      return text?.endsWith(String(argument)) ?? false;
    case 'equals-ignore-case':
      return text?.toLowerCase() === String(argument).toLowerCase();
    case 'wildcard':
      return text !== undefined && matchesWildcard(String(argument), text);
    case 'anything-but':
      return actual !== undefined && !asList(argument).some((unwanted) => holds(unwanted, actual));
    case 'numeric':
      return numeric(argument, actual);
    default:
      throw new PatternError(`the filter ${operator} is not interpreted locally`);
  }
};

/**
 * Whether an event matches a pattern: every field of the pattern must be there with one of the listed values; a field
 * that is a list in the event matches by any of its elements. Throws PatternError for what it does not know.
 */
export const matchesEvent = (pattern: JsonRecord, event: Json): boolean =>
  Object.entries(pattern).every(([field, wanted]) => {
    const actual = isRecord(event) ? event[field] : undefined;
    if (isRecord(wanted)) {
      return matchesEvent(wanted, actual);
    }
    if (!Array.isArray(wanted)) {
      throw new PatternError(`${field} must be a list or an object`);
    }
    if (field === '$or') {
      return wanted.some((branch) => isRecord(branch) && matchesEvent(branch, event));
    }
    const values = Array.isArray(actual) ? actual : [actual];
    return wanted.some((filter) => values.some((value) => holds(filter, value)));
  });
