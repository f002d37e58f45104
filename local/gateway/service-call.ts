import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import type { OperationInput } from './permissions/permission.ts';
import { AwsRefusal } from './refusals.ts';
import { splitTarget } from './sigv4.ts';

const json = z.record(z.string(), z.unknown());

const parseJson = (body: Buffer): Record<string, unknown> => {
  try {
    return json.parse(JSON.parse(body.toString('utf8') || '{}'));
  } catch {
    throw new AwsRefusal('malformed', 'the body is not a JSON object');
  }
};

/** Finds the operation in `X-Amz-Target`, in the form's `Action`, or in the path of Smithy's RPC protocols. */
export const parseServiceCall = (request: IncomingMessage, body: Buffer): OperationInput => {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    return { operation: target.slice(target.lastIndexOf('.') + 1), input: parseJson(body) };
  }
  if (isForm(request)) {
    const form = Object.fromEntries(new URLSearchParams(body.toString('utf8')));
    return { operation: form.Action ?? '', input: form };
  }
  const { path } = splitTarget(request.url ?? '/');
  const rpc = /^\/service\/[^/]+\/operation\/(\w+)$/.exec(path)?.[1];
  return { operation: rpc ?? `${request.method} ${path}`, input: {} };
};

export const isForm = (request: IncomingMessage): boolean =>
  (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
