import * as z from 'zod';

export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
};

/** A function's answer that API Gateway would not pass on. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
}

const headerValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const structuredSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), headerValue).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
  cookies: z.array(z.string()).nullish(),
});

/** Set by this server for itself. */
const OWN_HEADERS = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade']);

const isStructured = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'statusCode' in value;

/**
 * Converts a function's answer (JSON text) to HTTP by the rules of payload format 2.0: with a `statusCode` it is a
 * whole response, without one it is a JSON body of a 200. Throws MalformedAnswer.
 */
export const answerOf = (payload: string): HttpAnswer => {
  const value: unknown = JSON.parse(payload);
  if (!isStructured(value)) {
    const body = typeof value === 'string' ? value : JSON.stringify(value);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
  }
  const parsed = structuredSchema.safeParse(value);
  if (!parsed.success) {
    throw new MalformedAnswer(z.prettifyError(parsed.error));
  }
  const { statusCode, headers, body, isBase64Encoded, cookies } = parsed.data;
  const passed = Object.entries(headers ?? {})
    .map(([name, text]) => [name.toLowerCase(), text] as const)
    .filter(([name]) => !OWN_HEADERS.has(name));
  return {
    status: statusCode,
    headers: {
      ...(body ? { 'content-type': 'text/plain;charset=utf-8' } : {}),
      ...Object.fromEntries(passed),
      ...(cookies == null || cookies.length === 0 ? {} : { 'set-cookie': cookies }),
    },
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
};
