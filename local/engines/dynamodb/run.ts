import { isAnswer, unknownOperation } from './errors.ts';
import type { Input, Operation } from './operations.ts';

/** What DynamoDB answers: the HTTP status and the JSON of the body. */
export type Answer = { readonly status: number; readonly body: string };

/** Carries out one call. Never rejects: a fault of the engine is an answer with status 500. */
export type Run = (operation: string, input: () => Input | Promise<Input>) => Promise<Answer>;

/** @param onFault receives each fault of the engine itself, never what it refuses */
export const runner =
  (operations: ReadonlyMap<string, Operation>, onFault: (error: unknown, operation: string) => void): Run =>
  async (name, input) => {
    try {
      const given = await input();
      const operation = operations.get(name);
      if (operation === undefined) throw unknownOperation(name);
      return { status: 200, body: JSON.stringify(await operation(given)) };
    } catch (error) {
      if (isAnswer(error)) return { status: error.statusCode, body: JSON.stringify(error.body) };
      onFault(error, name);
      return { status: 500, body: FAILED };
    }
  };

const FAILED = JSON.stringify({
  __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
  message: 'The embedded DynamoDB failed.',
});
