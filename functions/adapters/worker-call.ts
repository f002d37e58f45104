import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { messageOfError } from '../../core/message-of-error.ts';
import { type WorkerCommands, WorkerTimeout, WorkerUnreachable } from '../../core/ports.ts';
import { COMMAND_TIMEOUT_MS } from '../../core/protocols/command.ts';
import { environment } from '../environment.ts';
import { clientConfig, nameOfError } from './aws.ts';
import { type WorkerCall, workerCallAnswerSchema } from './worker-call-messages.ts';

/** For the function on the way, over what the worker may take. */
const INVOKE_EXTRA_MS = 1_500;

/** Refusals of Lambda itself, before the function ran. */
const NOT_INVOKED = new Set([
  'TooManyRequestsException',
  'AccessDeniedException',
  'ResourceNotFoundException',
  'ResourceConflictException',
  'ENILimitReachedException',
  'SubnetIPAddressLimitReachedException',
  'ECONNREFUSED',
]);

/** Command servers of workers, for functions outside the network: through `worker-call`, which is inside. */
export const workerCall = (): WorkerCommands => {
  const FunctionName = environment('BERTH_WORKER_CALL');
  const { requestHandler } = clientConfig();
  // One attempt: the SDK's own repeat after a time-out would be a second send.
  const client = new LambdaClient({
    maxAttempts: 1,
    requestHandler: { ...requestHandler, requestTimeout: COMMAND_TIMEOUT_MS + INVOKE_EXTRA_MS },
  });

  return {
    run: async (worker, command, args, { timeoutMs, idempotencyKey }) => {
      const { address, commandSecret, epoch } = worker;
      const call: WorkerCall = {
        worker: { address, commandSecret, epoch },
        command,
        args,
        timeoutMs,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      };
      const answer = await client
        .send(new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(call)) }), {
          abortSignal: AbortSignal.timeout(timeoutMs + INVOKE_EXTRA_MS),
        })
        .catch((error: unknown) => {
          const code = error instanceof Error && 'code' in error ? String(error.code) : nameOfError(error);
          if (NOT_INVOKED.has(code)) throw new WorkerUnreachable(`${code}: ${messageOfError(error)}`);
          throw new WorkerTimeout(code);
        });
      if (answer.FunctionError !== undefined)
        throw new WorkerTimeout('the function inside the network failed');
      const parsed = workerCallAnswerSchema.parse(JSON.parse(answer.Payload?.transformToString() ?? 'null'));
      if (!('error' in parsed)) return parsed;
      throw parsed.error === 'unreachable'
        ? new WorkerUnreachable(parsed.detail)
        : new WorkerTimeout(parsed.detail);
    },
  };
};
