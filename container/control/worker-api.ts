/**
 * The worker API's client. Every call has a deadline; network faults, 429 and 5xx are retried with full jitter, which
 * is safe because every call is idempotent; 410 means that this epoch is over.
 */
import type { z } from 'zod';
import {
  bootstrapRequestSchema,
  bootstrapResponseSchema,
  claimResponseSchema,
  type commandResultRequestSchema,
  type commitRequestSchema,
  type discardRequestSchema,
  type eventsRequestSchema,
  type lastWordRequestSchema,
  type mediaUploadRequestSchema,
  mediaUploadResponseSchema,
  type reportRequestSchema,
  reportResponseSchema,
  type uploadRequestSchema,
  uploadResponseSchema,
  WORKER_API,
} from '../../contract/worker/protocol.ts';
import { describeError, Fenced, Refused, Unavailable } from '../base/faults.ts';
import { exchange, readText } from '../base/http.ts';
import { retry } from '../base/retry.ts';
import type { Time } from '../base/time.ts';

export type BootstrapRequest = z.infer<typeof bootstrapRequestSchema>;
export type BootstrapResponse = z.infer<typeof bootstrapResponseSchema>;
export type ReportRequest = z.infer<typeof reportRequestSchema>;
export type ReportResponse = z.infer<typeof reportResponseSchema>;
export type UploadRequest = z.infer<typeof uploadRequestSchema>;
export type UploadResponse = z.infer<typeof uploadResponseSchema>;
export type CommitRequest = z.infer<typeof commitRequestSchema>;

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

export type WorkerApi = {
  bootstrap(request: BootstrapRequest, bounds: CallBounds): Promise<BootstrapResponse>;
  report(request: ReportRequest, bounds: CallBounds): Promise<ReportResponse>;
  events(request: z.infer<typeof eventsRequestSchema>, bounds: CallBounds): Promise<void>;
  upload(request: UploadRequest, bounds: CallBounds): Promise<UploadResponse>;
  commit(request: CommitRequest, bounds: CallBounds): Promise<void>;
  discard(request: z.infer<typeof discardRequestSchema>, bounds: CallBounds): Promise<void>;
  mediaUpload(
    request: z.infer<typeof mediaUploadRequestSchema>,
    bounds: CallBounds,
  ): Promise<z.infer<typeof mediaUploadResponseSchema>>;
  /** The next command that waited for this session to work, or null. */
  claim(bounds: CallBounds): Promise<ClaimedCommand | null>;
  commandResult(request: CommandResultRequest, bounds: CallBounds): Promise<void>;
  lastWord(request: z.infer<typeof lastWordRequestSchema>, bounds: CallBounds): Promise<void>;
};

const CALL_TIMEOUT_MS = 10_000;

export const isUnavailable = (error: unknown): boolean => error instanceof Unavailable;

/** One HTTP exchange. Throws Unavailable where a retry may help, Fenced on 410, Refused on any other non-2xx. */
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
  if (status < 200 || status > 299) throw new Refused(what, status, text.slice(0, 200));
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

  const call = async <T>(
    path: string,
    body: unknown,
    parse: (answer: unknown) => T,
    bounds: CallBounds,
    authorized = true,
  ): Promise<T> => {
    const credentials = `Bearer ${options.sessionId}.${options.epoch}.${options.workerSecret}`;
    try {
      if (fenced) throw new Fenced();
      return await retry(
        async () =>
          parse(await callOnce(base + path, body, authorized ? credentials : undefined, bounds.onSent)),
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
  const nothing = () => undefined;

  return {
    bootstrap: (request, bounds) =>
      call(
        WORKER_API.bootstrap,
        bootstrapRequestSchema.parse(request),
        (a) => bootstrapResponseSchema.parse(a),
        bounds,
        false,
      ),
    report: (request, bounds) =>
      call(WORKER_API.report, request, (a) => reportResponseSchema.parse(a), bounds),
    events: (request, bounds) => call(WORKER_API.events, request, nothing, bounds),
    upload: (request, bounds) =>
      call(WORKER_API.upload, request, (a) => uploadResponseSchema.parse(a), bounds),
    commit: (request, bounds) => call(WORKER_API.commit, request, nothing, bounds),
    discard: (request, bounds) => call(WORKER_API.discard, request, nothing, bounds),
    mediaUpload: (request, bounds) =>
      call(WORKER_API.mediaUpload, request, (a) => mediaUploadResponseSchema.parse(a), bounds),
    claim: (bounds) => call(WORKER_API.claim, {}, (a) => claimResponseSchema.parse(a).command, bounds),
    commandResult: (request, bounds) => call(WORKER_API.commandResult, request, nothing, bounds),
    lastWord: (request, bounds) => call(WORKER_API.lastWord, request, nothing, bounds),
  };
};
