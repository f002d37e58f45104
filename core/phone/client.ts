import { z } from 'zod';
import {
  type PhoneErrorCode,
  type PhoneInput,
  type PhoneOperation,
  type PhoneResponse,
  type PhoneRoutes,
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
  readonly [K in PhoneOperation]: {} extends PhoneInput<K>
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
export function phoneClient(url: string, options: { timeoutMs?: number } = {}): PhoneClient {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const operation =
    <K extends PhoneOperation>(route: PhoneRoutes[K]) =>
    async (input: PhoneInput<K>): Promise<PhoneResponse<K>> => {
      const { status, body } = await exchange(url, route, input ?? {}, timeoutMs);
      if (status >= 400) throw refusal(status, body);
      const answer = z.safeParse<z.ZodType<PhoneResponse<K>>>(route.response as never, body);
      if (!answer.success)
        throw new PhoneError('unreachable', `${url} does not answer like Berth's simulator`);
      return answer.data;
    };
  const operations = Object.fromEntries(
    Object.entries(phoneRoutes).map(([name, route]) => [name, operation(route as never)]),
  );
  return { ...operations, url } as PhoneClient;
}

async function exchange(url: string, route: PhoneRoutes[PhoneOperation], input: object, timeoutMs: number) {
  const address = new URL(route.path, url);
  if (route.method === 'GET') {
    for (const [key, value] of Object.entries(input))
      if (value !== undefined) address.searchParams.set(key, String(value));
  }
  try {
    const answer = await fetch(address, {
      method: route.method,
      signal: AbortSignal.timeout(timeoutMs),
      ...(route.method === 'POST' && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      }),
    });
    return { status: answer.status, body: (await answer.json()) as unknown };
  } catch (cause) {
    throw new PhoneError('unreachable', `no simulator answers at ${url}`, { cause });
  }
}

function refusal(status: number, body: unknown): PhoneError {
  const problem = phoneErrorSchema.safeParse(body);
  if (problem.success) return new PhoneError(problem.data.error.code, problem.data.error.message);
  return new PhoneError('unreachable', `the address answered ${status} and is no simulator of Berth`);
}
