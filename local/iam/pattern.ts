const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

const compiled = new Map<string, RegExp>();

/**
 * IAM's string patterns: `*` is any run of characters, `?` exactly one; everything else is itself.
 * Case counts, as in resources and in StringLike.
 */
export const matchesPattern = (pattern: string, value: string): boolean => {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    const source = pattern
      .split(/([*?])/)
      .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : escapeRegExp(part)))
      .join('');
    expression = new RegExp(`^${source}$`, 'su');
    compiled.set(pattern, expression);
  }
  return expression.test(value);
};

const ARN_PARTS = 6;

/** An ARN's six parts; the last one keeps its own colons. */
const arnParts = (arn: string): string[] | undefined => {
  const parts = arn.split(':');
  if (parts.length < ARN_PARTS || parts[0] !== 'arn') {
    return undefined;
  }
  return [...parts.slice(0, ARN_PARTS - 1), parts.slice(ARN_PARTS - 1).join(':')];
};

/**
 * ArnLike and the Resource element: each of an ARN's six colon-separated parts is matched alone, so a
 * wildcard never reaches from one part into the next. A lone `*` matches everything.
 */
export const matchesArn = (pattern: string, value: string): boolean => {
  if (pattern === '*') {
    return true;
  }
  const expected = arnParts(pattern);
  const actual = arnParts(value);
  if (expected === undefined || actual === undefined) {
    return pattern === value;
  }
  return expected.every((part, position) => matchesPattern(part, actual[position] ?? ''));
};
