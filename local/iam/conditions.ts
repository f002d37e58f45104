import { matchesArn, matchesPattern } from './pattern.ts';

/** Condition keys of one request, for example `{ 'ecs:cluster': 'arn:…' }`. Key names ignore case. */
export type RequestContext = Readonly<Record<string, string | readonly string[]>>;

interface Operator {
  readonly holds: (expected: string, actual: string) => boolean;
  /** A negated operator asks that no listed value matches, and holds for a key that is not in the request. */
  readonly negated?: boolean;
}

const is = (holds: Operator['holds']): Operator => ({ holds });
const isNot = (holds: Operator['holds']): Operator => ({ holds, negated: true });

const equal = (expected: string, actual: string): boolean => expected === actual;
const equalIgnoringCase = (expected: string, actual: string): boolean =>
  expected.toLowerCase() === actual.toLowerCase();
const numbers =
  (compare: (actual: number, expected: number) => boolean) =>
  (expected: string, actual: string): boolean =>
    compare(Number(actual), Number(expected));
const dates =
  (compare: (actual: number, expected: number) => boolean) =>
  (expected: string, actual: string): boolean =>
    compare(Date.parse(actual), Date.parse(expected));

/** IAM's condition operators, without their `ForAnyValue:`, `ForAllValues:` and `IfExists` forms. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: is(equal),
  StringNotEquals: isNot(equal),
  StringEqualsIgnoreCase: is(equalIgnoringCase),
  StringNotEqualsIgnoreCase: isNot(equalIgnoringCase),
  StringLike: is(matchesPattern),
  StringNotLike: isNot(matchesPattern),
  ArnEquals: is(matchesArn),
  ArnLike: is(matchesArn),
  ArnNotEquals: isNot(matchesArn),
  ArnNotLike: isNot(matchesArn),
  Bool: is(equalIgnoringCase),
  NumericEquals: is(numbers((actual, expected) => actual === expected)),
  NumericNotEquals: isNot(numbers((actual, expected) => actual === expected)),
  NumericLessThan: is(numbers((actual, expected) => actual < expected)),
  NumericLessThanEquals: is(numbers((actual, expected) => actual <= expected)),
  NumericGreaterThan: is(numbers((actual, expected) => actual > expected)),
  NumericGreaterThanEquals: is(numbers((actual, expected) => actual >= expected)),
  DateLessThan: is(dates((actual, expected) => actual < expected)),
  DateLessThanEquals: is(dates((actual, expected) => actual <= expected)),
  DateGreaterThan: is(dates((actual, expected) => actual > expected)),
  DateGreaterThanEquals: is(dates((actual, expected) => actual >= expected)),
  Null: is(equalIgnoringCase),
};

type Quantifier = 'ForAnyValue' | 'ForAllValues';

/** Takes `ForAllValues:StringLikeIfExists` apart. */
export const splitOperator = (
  name: string,
): {
  operator: string;
  quantifier: Quantifier | undefined;
  ifExists: boolean;
} => {
  const match = /^(?:(ForAnyValue|ForAllValues):)?(.+?)(IfExists)?$/.exec(name);
  const quantifier = match?.[1];
  return {
    operator: match?.[2] ?? name,
    quantifier: quantifier === 'ForAnyValue' || quantifier === 'ForAllValues' ? quantifier : undefined,
    ifExists: match?.[3] !== undefined,
  };
};

const contextValues = (context: RequestContext, key: string): readonly string[] | undefined => {
  const entry = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return entry === undefined ? undefined : [entry[1]].flat();
};

const keyHolds = (
  name: string,
  expected: readonly string[],
  actual: readonly string[] | undefined,
): boolean => {
  const { operator, quantifier, ifExists } = splitOperator(name);
  const rule = OPERATORS[operator];
  if (rule === undefined) {
    throw new Error(`condition operator ${name} is not evaluated locally`);
  }
  if (operator === 'Null') {
    return expected.some((value) => rule.holds(value, String(actual === undefined)));
  }
  if (actual === undefined || actual.length === 0) {
    return ifExists || quantifier === 'ForAllValues' || (rule.negated === true && quantifier === undefined);
  }
  const matches = (value: string): boolean => {
    const listed = expected.some((candidate) => rule.holds(candidate, value));
    return rule.negated === true ? !listed : listed;
  };
  const everyValue = quantifier === 'ForAllValues' || (rule.negated === true && quantifier === undefined);
  return everyValue ? actual.every(matches) : actual.some(matches);
};

/**
 * Whether a Condition block holds: all operators and all of their keys, each by any of its values.
 * A key that is missing from the request fails a positive operator and passes a negated, an `IfExists`
 * and a `ForAllValues` one, as in IAM's evaluation rules.
 */
export const conditionHolds = (
  condition: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
  context: RequestContext,
): boolean => {
  return Object.entries(condition).every(([name, keys]) =>
    Object.entries(keys).every(([key, expected]) => keyHolds(name, expected, contextValues(context, key))),
  );
};
