import * as z from 'zod';

/**
 * A resource's properties: those that mean something here, and the names of those that do not, each with its reason.
 * Any other property is refused, so that a template never says something that local mode silently leaves out.
 */
export const properties = <S extends z.ZodRawShape>(
  shape: S,
  withoutMeaning: Readonly<Record<string, string>> = {},
) =>
  z.preprocess(
    (value) =>
      typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).filter(([name]) => !(name in withoutMeaning)))
        : value,
    z.strictObject(shape),
  );

/** CloudFormation takes a number or its text. */
export const integer = z.coerce.number().int();

/** The name of a function in its ARN, in an ARN of API Gateway's invocation path, or by itself. */
export const functionNameOf = (reference: string): string =>
  /(?:^|:)function:([A-Za-z0-9_-]+)/.exec(reference)?.[1] ?? reference;

export const COSMETIC = { Tags: 'cosmetic', Description: 'cosmetic' };
