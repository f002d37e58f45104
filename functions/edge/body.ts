import { isUtf8 } from 'node:buffer';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { Problem } from '../../contract/errors.ts';

type Received = Pick<APIGatewayProxyEventV2, 'headers' | 'body' | 'isBase64Encoded'>;

const JSON_TYPE = /^application\/([\w.-]+\+)?json\s*(;|$)/i;

/** No schema has so many levels; what walks through a value by recursion must not be led deeper. */
const MAX_DEPTH = 32;

/**
 * A request's JSON; without a body an empty object. Throws 413 (more than `maxBytes`), 415 (another type, compressed)
 * and 400 (no JSON, not UTF-8, nested too deeply).
 */
export const jsonBody = (event: Received, maxBytes: number): unknown => {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maxBytes) throw new Problem('too_large', `The body exceeds ${maxBytes} bytes.`);
  const encoding = event.headers['content-encoding'] ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity')
    throw new Problem('unsupported_media_type', 'Send the body uncompressed.');
  if (!isUtf8(bytes)) throw malformed('is not UTF-8');
  const text = bytes.toString('utf8');
  if (text.trim() === '') return {};
  if (!JSON_TYPE.test(event.headers['content-type'] ?? ''))
    throw new Problem('unsupported_media_type', 'Send the body as application/json.');
  const value = parsed(text);
  if (isDeeperThan(value, MAX_DEPTH)) throw malformed(`has more than ${MAX_DEPTH} levels`);
  return value;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The text after the first quote comes from the caller.
    throw malformed(
      error instanceof SyntaxError ? error.message.replace(/,? *"[\s\S]*$/, '') : 'is not JSON',
    );
  }
};

const malformed = (message: string): Problem =>
  new Problem('malformed', 'The body is not JSON.', { errors: [{ path: 'body', message }] });

/** Level by level: a recursion would overflow the stack. */
const isDeeperThan = (value: unknown, levels: number): boolean => {
  let level = [value];
  for (let depth = 0; depth <= levels; depth++) {
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
    if (level.length === 0) return false;
  }
  return true;
};
