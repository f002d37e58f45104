/** Conditions that every answer must meet, for any request. */

import * as z from 'zod';
import { problemSchema } from '../../contract/errors.ts';
import type { Operation } from '../../contract/operation.ts';
import { SECURITY_HEADERS } from '../../contract/security-headers.ts';
import { tolerantParse } from '../../functions/edge/tolerant.ts';
import type { Input } from './inputs.ts';
import type { RawAnswer } from './raw-http.ts';

/** What Node's own parser answers before there is a request: no headers, no body. */
const PARSER_REFUSALS = [400, 408, 413, 417, 431];
/**
 * Operations that the engine does not support, a worker that cannot be reached, or a busy database; each answered
 * with a problem.
 */
const PASSING = [501, 502, 503, 504];

/** The error of the answer; undefined: none. */
export const faultOf = (operation: Operation, input: Input, answer: RawAnswer): string | undefined => {
  const { status, headers, body } = answer;
  if (PARSER_REFUSALS.includes(status) && headers['apigw-requestid'] === undefined) return undefined;
  if (status >= 500 && !(PASSING.includes(status) && headers['content-type'] === 'application/problem+json'))
    return `is answered ${status}`;
  if (status >= 400 && input.method !== 'HEAD') {
    const problem = problemOf(body);
    if (!problem) return `is answered ${status} without a problem`;
    if (problem.status !== status) return `is answered ${status}, and its problem says ${problem.status}`;
  }
  for (const name of Object.keys(SECURITY_HEADERS))
    if (headers[name] === undefined) return `is answered ${status} without ${name}`;
  if (headers['x-injected'] !== undefined) return 'puts a header into the answer';
  if (headers['set-cookie'] !== undefined && operation.id !== 'signIn' && operation.id !== 'signOut')
    return 'sets a cookie';
  if (/\bat \S+ \(?(file|node|\/)\S*:\d+:\d+|node_modules/.test(body)) return 'shows where the code is';
  if (input.anonymous && status < 400) return `is answered ${status} without a key`;
  if (status < 300 && operation.method !== 'GET' && !isTaken(operation, input))
    return `is answered ${status}, and its schema refuses it`;
  return undefined;
};

const problemOf = (body: string) => {
  try {
    return problemSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
};

/** Whether the operation's schemas take the body and the query, read as the edge reads them. */
const isTaken = (
  { body: bodySchema, query: querySchema, waha }: Operation,
  { target, body }: Input,
): boolean => {
  const takes = (schema: z.ZodType, value: unknown): boolean =>
    (waha ? tolerantParse(schema, value, []) : schema.safeParse(value)).success;
  const query = Object.fromEntries(new URLSearchParams(target.split('?').slice(1).join('?')));
  if (!takes(querySchema ?? z.strictObject({}), query)) return false;
  if (bodySchema === undefined) return true;
  try {
    const text = body.toString('utf8');
    return takes(bodySchema, text.trim() === '' ? {} : JSON.parse(text));
  } catch {
    return false;
  }
};
