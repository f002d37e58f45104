import type { Request, Store } from 'dynalite/db/index.js';
import validations, { type Custom, type Types } from 'dynalite/validations/index.js';
import { validation } from './errors.ts';

export type Validator = { readonly types: Types; readonly custom?: Custom };

/**
 * Checks a request as dynalite does and parses its expressions.
 * dynalite drops members that it does not know and answers 200 as if it had done them; here they are refused.
 *
 * @param also members that the caller takes care of
 */
export const validated = (
  store: Store,
  validator: Validator,
  request: Readonly<Record<string, unknown>>,
  also: readonly string[] = [],
): Request => {
  for (const name of Object.keys(request)) {
    if (request[name] != null && !Object.hasOwn(validator.types, name) && !also.includes(name)) {
      throw validation(`The embedded DynamoDB does not support the parameter ${name} here.`);
    }
  }
  const checked = validations.checkTypes({ ...request }, validator.types);
  validations.checkValidations(checked, validator.types, validator.custom, store);
  return checked;
};

/** Whether a failed condition answers with the item. Throws ValidationException. */
export const returnsOldOnFailure = (request: Readonly<Record<string, unknown>>): boolean => {
  const wanted = request.ReturnValuesOnConditionCheckFailure;
  if (wanted === 'ALL_OLD') return true;
  if (wanted == null || wanted === 'NONE') return false;
  throw validation(
    `1 validation error detected: Value '${String(wanted)}' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, NONE]`,
  );
};
