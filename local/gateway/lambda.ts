import { type InvokeResult, ThrottledError } from '../runtime/pool.ts';
import type { ServiceAnswer, ServiceHandler } from './options.ts';

const JSON_TYPE = 'application/json';

/** The function that an Invoke names, from `POST /2015-03-31/functions/<name>/invocations`. */
export const invokedFunction = (operation: string): string | undefined => {
  const name = /^POST \/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(operation)?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
};

/** Lambda's synchronous Invoke, on the functions of this machine. A failure of the function is an answer, as on AWS. */
export const lambdaService =
  (invoke: (name: string, event: unknown, signal: AbortSignal) => Promise<InvokeResult>): ServiceHandler =>
  async ({ operation, body, over }) => {
    const name = invokedFunction(operation) ?? '';
    const event: unknown = JSON.parse(body.toString('utf8') || 'null');
    try {
      const result = await invoke(name.split(':').at(-1) ?? name, event, over);
      return result.ok
        ? { status: 200, headers: { 'content-type': JSON_TYPE }, body: result.payload }
        : {
            status: 200,
            headers: { 'content-type': JSON_TYPE, 'x-amz-function-error': 'Unhandled' },
            body: JSON.stringify(result.error),
          };
    } catch (error) {
      // The function was not run, and its caller may rely on that.
      if (error instanceof ThrottledError) return throttled(error);
      throw error;
    }
  };

const throttled = (error: ThrottledError): ServiceAnswer => ({
  status: 429,
  headers: { 'content-type': JSON_TYPE, 'x-amzn-errortype': error.name },
  body: JSON.stringify({ Reason: 'ConcurrentInvocationLimitExceeded', message: error.message }),
});
