/**
 * The worker API's client. Every call has a deadline; network faults, 429 and 5xx are retried with full jitter, which
 * is safe because every call is idempotent; 410 means that this epoch has ended.
 */
import type * as z from 'zod';
import { nothingSchema, type Operation } from '../../contract/operation.ts';
import { WORKER_OPERATIONS } from '../../contract/operations/worker.ts';
import type {
  bootstrapResponseSchema,
  claimResponseSchema,
  commandResultRequestSchema,
  reportRequestSchema,
  reportResponseSchema,
} from '../../contract/worker/protocol.ts';
import { describeError, Fenced, RequestRefused, Unavailable } from '../base/faults.ts';
import { exchange, readText } from '../base/http.ts';
import { retryInTime } from '../base/retry.ts';
import type { Time } from '../base/time.ts';

export type BootstrapResponse = z.infer<typeof bootstrapResponseSchema>;
export type ReportRequest = z.infer<typeof reportRequestSchema>;
export type ReportResponse = z.infer<typeof reportResponseSchema>;

export type ClaimedCommand = NonNullable<z.infer<typeof claimResponseSchema>['command']>;
export type CommandResultRequest = z.infer<typeof commandResultRequestSchema>;

/** Bounds of a call with its retries. */
export type CallBounds = {
  readonly until?: number;
  readonly attempts?: number;
  readonly signal?: AbortSignal;
  /** Called each time that the request has been handed to the system. */
  readonly onSent?: () => void;
};

/** One call: the operation's body goes out; what its 200 describes comes back. */
type WorkerCall<O> = O extends { readonly body: infer B extends z.ZodType }
  ? (request: z.output<B>, bounds: CallBounds) => Promise<Given<O>>
  : never;
type Given<O> = O extends {
  readonly responses: { readonly 200: { readonly body: infer B extends z.ZodType } };
}
  ? B extends z.ZodObject<infer Shape, z.core.$strict>
    ? [keyof Shape] extends [never]
      ? undefined
      : z.output<B>
    : z.output<B>
  : undefined;

type Rows = typeof WORKER_OPERATIONS;
type Row = Rows[keyof Rows];

/** One method for each operation of the worker API, by the name that its row gives it. */
export type WorkerApi = {
  readonly [O in Row as O['client']]: WorkerCall<O>;
};

const CALL_TIMEOUT_MS = 10_000;

export const isUnavailable = (error: unknown): boolean => error instanceof Unavailable;

/** One HTTP exchange. Throws Unavailable if a retry may help, Fenced on 410, Refused on any other non-2xx. */
const callOnce = async (
  url: string,
  body: unknown,
  authorization: string | undefined,
  onSent: (() => void) | undefined,
): Promise<unknown> => {
  const what = new URL(url).pathname;
  let status: number;
  let text: string;
  try {
    const response = await exchange(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
      },
      body: JSON.stringify(body),
      timeoutMs: CALL_TIMEOUT_MS,
      onSent,
    });
    status = response.status;
    text = await readText(response);
  } catch (error) {
    throw new Unavailable(what, describeError(error));
  }
  if (status === 410) throw new Fenced();
  if (status === 429 || status >= 500) throw new Unavailable(what, `answered ${status}`);
  if (status < 200 || status > 299) throw new RequestRefused(what, status, text.slice(0, 200));
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Unavailable(what, 'answered with something that is not JSON');
  }
};

export const createWorkerApi = (options: {
  readonly url: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly workerSecret: string;
  readonly time: Time;
  readonly random?: () => number;
  /** Called once, at the first 410. */
  readonly onFenced: () => void;
}): WorkerApi => {
  const { time, random = Math.random } = options;
  const base = options.url.replace(/\/+$/, '');
  let fenced = false;

  const call = async (operation: Operation, request: unknown, bounds: CallBounds): Promise<unknown> => {
    const credentials = `Bearer ${options.sessionId}.${options.epoch}.${options.workerSecret}`;
    const body = operation.responses[200]?.body;
    // The bootstrap is what makes the secret known.
    const authorization = operation === WORKER_OPERATIONS.workerBootstrap ? undefined : credentials;
    try {
      if (fenced) throw new Fenced();
      return await retryInTime(
        async () => {
          const answer = await callOnce(base + operation.path, request, authorization, bounds.onSent);
          return body === undefined || body === nothingSchema ? undefined : body.parse(answer);
        },
        {
          ...bounds,
          time,
          random,
          retryable: isUnavailable,
        },
      );
    } catch (error) {
      if (error instanceof Fenced && !fenced) {
        fenced = true;
        options.onFenced();
      }
      throw error;
    }
  };

  // Each is made from its row.
  return Object.fromEntries(
    Object.values(WORKER_OPERATIONS).map((operation: Row) => [
      operation.client,
      (request: unknown, bounds: CallBounds) => call(operation, request, bounds),
    ]),
  ) as WorkerApi;
};
