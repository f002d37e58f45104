/**
 * The thread of one function instance: loads the bundle as Lambda's runtime does and calls its handler with each event
 * that it is sent. It knows nothing of Berth; its parent sets the environment.
 */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { collectGarbage } from '../../core/garbage.ts';
import type { FunctionError, InstanceMessage, InstanceSetup, InvokeMessage } from './protocol.ts';

type Handler = (event: unknown, context: object) => unknown;

const port = parentPort;
if (port === null) {
  throw new Error('instance-thread.ts runs as a worker thread only');
}
const send = (message: InstanceMessage): void => port.postMessage(message);

const asFunctionError = (error: unknown): FunctionError =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: String(error) };

const isHandler = (value: unknown): value is Handler => typeof value === 'function';

const load = async ({ entry, exportName }: InstanceSetup): Promise<Handler> => {
  const loaded: Record<string, unknown> = await import(entry);
  const inner = loaded.default;
  // A CommonJS bundle may hide its exports from Node's static look at it.
  const found =
    loaded[exportName] ??
    (typeof inner === 'object' && inner !== null ? Reflect.get(inner, exportName) : undefined);
  if (!isHandler(found)) {
    throw Object.assign(new Error(`${exportName} is undefined or not exported`), {
      name: 'Runtime.HandlerNotFound',
    });
  }
  return found;
};

const contextOf = (message: InvokeMessage): object => ({
  callbackWaitsForEmptyEventLoop: true,
  functionName: message.functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: message.functionArn,
  memoryLimitInMB: String(message.memoryMb),
  awsRequestId: message.requestId,
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME ?? '',
  logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME ?? '',
  getRemainingTimeInMillis: () => Math.max(0, message.deadline - Date.now()),
  done: () => {},
  fail: () => {},
  succeed: () => {},
});

/** Longer than the calls of a burst take; an instance that ends sooner need not be made smaller. */
const COLLECT_AFTER_MS = 5_000;

const invoke = async (handler: Handler, message: InvokeMessage): Promise<void> => {
  const { requestId } = message;
  try {
    const answer = await handler(JSON.parse(message.event), contextOf(message));
    send({ kind: 'answer', requestId, payload: JSON.stringify(answer) ?? 'null' });
  } catch (error) {
    send({ kind: 'failed', requestId, error: asFunctionError(error) });
  }
};

process.setSourceMapsEnabled((process.env.NODE_OPTIONS ?? '').includes('--enable-source-maps'));
try {
  const setup: InstanceSetup = workerData;
  const handler = await load(setup);
  port.on('message', (message: InvokeMessage) => void invoke(handler, message));
  send({ kind: 'ready' });
  // At once: a thread that is terminated writes nothing down.
  setImmediate(flushCompileCache);
  // Half of what a heap takes after loading is garbage, 15 MB an instance (docs/performance.md#the-main-processs-heap). Not
  // beside the calls that the instance was loaded for.
  setTimeout(() => collectGarbage().catch(() => {}), COLLECT_AFTER_MS).unref();
} catch (error) {
  send({ kind: 'init-failed', error: asFunctionError(error) });
}
