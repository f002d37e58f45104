import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { messageOfError } from '../../contract/message-of-error.ts';
import { TIMEOUTS_MS } from '../../contract/timeouts.ts';
import {
  type CommandOutcome,
  type StandbyWorkers,
  type WorkerCommands,
  WorkerTimeout,
  WorkerUnreachable,
} from '../../core/ports.ts';
import { environment } from '../environment.ts';
import { clientConfig, nameOfError } from './aws.ts';
import {
  type StandbyCall,
  standbyResultSchema,
  type WorkerCall,
  workerCallAnswerSchema,
} from './worker-call-messages.ts';

/** For the function on the way, over what the worker may take. */
const INVOKE_EXTRA_MS = TIMEOUTS_MS.invocation - TIMEOUTS_MS.workerCall;

/** Refusals of Lambda itself, before the function ran, and errors before there was a connection. */
const NOT_INVOKED = new Set([
  'TooManyRequestsException',
  'ThrottlingException',
  'InvalidRequestContentException',
  'RequestTooLargeException',
  'AccessDeniedException',
  'ResourceNotFoundException',
  'ResourceConflictException',
  'ENILimitReachedException',
  'SubnetIPAddressLimitReachedException',
  'ECONNREFUSED',
  'ENOTFOUND',
]);

/** Invokes `worker-call`, which is inside the network. Throws WorkerUnreachable or WorkerTimeout. */
const invoker = () => {
  const FunctionName = environment('BERTH_WORKER_CALL');
  const { requestHandler } = clientConfig();
  // One attempt: the SDK's own repeat after a time-out would be a second send.
  const client = new LambdaClient({
    maxAttempts: 1,
    requestHandler: { ...requestHandler, requestTimeout: TIMEOUTS_MS.invocation },
  });
  return async (call: WorkerCall | StandbyCall): Promise<CommandOutcome> => {
    const answer = await client
      .send(new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(call)) }), {
        abortSignal: AbortSignal.timeout(call.timeoutMs + INVOKE_EXTRA_MS),
      })
      .catch((error: unknown) => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : nameOfError(error);
        if (NOT_INVOKED.has(code)) throw new WorkerUnreachable(`${code}: ${messageOfError(error)}`);
        throw new WorkerTimeout(code);
      });
    if (answer.FunctionError !== undefined) throw new WorkerTimeout('the function inside the network failed');
    return outcomeOf(answer.Payload?.transformToString() ?? '');
  };
};

/** Command servers of workers, for functions outside the network: through `worker-call`. */
export const workerCall = (): WorkerCommands => {
  const invoke = invoker();
  return {
    run: ({ address, commandSecret, epoch }, command, args, { timeoutMs, idempotencyKey }) =>
      invoke({
        worker: { address, commandSecret, epoch },
        command,
        args,
        timeoutMs,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      }),
  };
};

/** The same for standby tasks. */
export const standbyCall = (): StandbyWorkers => {
  const invoke = invoker();
  return {
    assign: async ({ address, commandSecret }, assignment, { timeoutMs }) => {
      const outcome = await invoke({ standby: { address, commandSecret }, assignment, timeoutMs });
      const result = outcome.ok ? standbyResultSchema.safeParse(outcome.result) : undefined;
      if (!result?.success) throw new WorkerTimeout('the function inside the network returned no result');
      return result.data.serves;
    },
  };
};

const outcomeOf = (payload: string): CommandOutcome => {
  const parsed = workerCallAnswerSchema.safeParse(jsonOf(payload));
  // The function ran: what it did is not known.
  if (!parsed.success)
    throw new WorkerTimeout('the function inside the network returned an invalid response');
  const answer = parsed.data;
  if (!('error' in answer)) return answer;
  throw answer.error === 'unreachable'
    ? new WorkerUnreachable(answer.detail)
    : new WorkerTimeout(answer.detail);
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
