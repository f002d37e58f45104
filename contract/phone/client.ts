import type * as z from 'zod';
import {
  type PhoneErrorCode,
  type PhoneInput,
  type PhoneOperation,
  type PhoneResponse,
  phoneErrorSchema,
  phoneRoutes,
} from './api.ts';

/** The simulator refused (its own code), or could not be reached or understood (`unreachable`). */
export class PhoneError extends Error {
  override readonly name = 'PhoneError';
  readonly code: PhoneErrorCode | 'unreachable';
  constructor(code: PhoneErrorCode | 'unreachable', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

type Operations = {
  readonly [K in PhoneOperation]: Record<never, never> extends PhoneInput<K>
    ? (input?: PhoneInput<K>) => Promise<PhoneResponse<K>>
    : (input: PhoneInput<K>) => Promise<PhoneResponse<K>>;
};

/** One method for each operation of `phoneRoutes`; each rejects with `PhoneError` only. */
export type PhoneClient = Operations & { readonly url: string };

/**
 * A client of the phone API.
 *
 * @param url the simulator's control address, such as `http://127.0.0.1:3001`
 * @param options.timeoutMs deadline of one call, milliseconds
 */
export const phoneClient = (url: string, options: { timeoutMs?: number } = {}): PhoneClient => {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const operations = Object.keys(phoneRoutes).map((name) => [
    name,
    (input: object = {}) => perform(url, name as PhoneOperation, input, timeoutMs),
  ]);
  // Each operation answers with what its own schema let through.
  return { ...(Object.fromEntries(operations) as Operations), url };
};

const perform = async (
  url: string,
  name: PhoneOperation,
  input: object,
  timeoutMs: number,
): Promise<unknown> => {
  const { status, body } = await exchange(url, name, input, timeoutMs);
  if (status >= 400) throw refusal(status, body);
  const schema: z.ZodType = phoneRoutes[name].response;
  const answer = schema.safeParse(body);
  if (!answer.success) throw new PhoneError('unreachable', `${url} does not respond like Berth's simulator`);
  return answer.data;
};

const exchange = async (url: string, name: PhoneOperation, input: object, timeoutMs: number) => {
  const { method, path } = phoneRoutes[name];
  const address = new URL(path, url);
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  if (method === 'GET') for (const [key, value] of given) address.searchParams.set(key, String(value));
  const payload = method === 'POST' && {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  };
  try {
    const answer = await fetch(address, { method, signal: AbortSignal.timeout(timeoutMs), ...payload });
    const body: unknown = await answer.json();
    return { status: answer.status, body };
  } catch (cause) {
    throw new PhoneError('unreachable', `no simulator responds at ${url}`, { cause });
  }
};

const refusal = (status: number, body: unknown): PhoneError => {
  const problem = phoneErrorSchema.safeParse(body);
  if (problem.success) return new PhoneError(problem.data.error.code, problem.data.error.message);
  return new PhoneError('unreachable', `the address answered ${status} and is not Berth's simulator`);
};
