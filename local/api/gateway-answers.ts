/** Answers that API Gateway makes itself, without a function. */
import { Problem, problemBody } from '../../contract/errors.ts';
import { SECURITY_HEADERS } from '../../contract/security-headers.ts';
import type { HttpAnswer } from './response.ts';

/** API Gateway's limit for HTTP APIs. */
export const MAX_HEADER_BYTES = 10_240;

/** A request that the gateway rejects, with the reason for the access log. */
export class GatewayRefusal extends Error {
  override readonly name = 'GatewayRefusal';
  readonly problem: Problem;
  constructor(problem: Problem, reason: string = problem.message) {
    super(reason);
    this.problem = problem;
  }
}

export const refuse = (code: Problem['code'], detail: string, reason?: string): GatewayRefusal =>
  new GatewayRefusal(new Problem(code, detail), reason);

const ownAnswer = (status: number, body: object, requestId: string): HttpAnswer => ({
  status,
  headers: { ...SECURITY_HEADERS, 'content-type': 'application/problem+json', 'x-request-id': requestId },
  body: Buffer.from(JSON.stringify(body)),
});

/** As API Gateway answers above a throttle: no problem document, and no Retry-After. */
export const throttledAnswer = (): HttpAnswer => ({
  status: 429,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"message":"Too Many Requests"}'),
});

export const problemAnswer = (problem: Problem, path: string, requestId: string): HttpAnswer =>
  ownAnswer(problem.status, problemBody(problem, path, requestId), requestId);

export const headersTooLarge = (path: string, requestId: string): HttpAnswer =>
  ownAnswer(
    431,
    {
      type: 'https://berth.dev/problems/headers_too_large',
      title: 'Headers too large',
      status: 431,
      detail: `The request line and headers may have ${MAX_HEADER_BYTES} bytes at most.`,
      instance: path,
      requestId,
    },
    requestId,
  );
