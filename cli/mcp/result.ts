/** The answer of a tool: the API's response, or its refusal, as content of the Model Context Protocol. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import { ApiError, UnexpectedAnswerError, UnreachableError } from '../../client/index.ts';
import type { Answer } from '../../client/transport.ts';
import type { Operation } from '../../contract/operation.ts';

/** A longer text would fill the context of a model. */
const LONGEST_TEXT = 100_000;

/** Which content type to ask for: a picture if there is one, else JSON, else the only type. */
export const acceptOf = ({ responses }: Operation): string => {
  const { body, files = [] } = responses[200] ?? responses[201] ?? {};
  return (
    files.find((type) => type.startsWith('image/')) ?? (body ? undefined : files[0]) ?? 'application/json'
  );
};

/** The response to a call that succeeded. */
export const resultOf = ({ status, headers, body }: Answer): CallToolResult => {
  const [mimeType = ''] = (headers.get('content-type') ?? '').split(';');
  const data = () => Buffer.from(body).toString('base64');
  if (mimeType.startsWith('image/') && mimeType !== 'image/svg+xml')
    return { content: [{ type: 'image', data: data(), mimeType }] };
  if (mimeType.startsWith('audio/')) return { content: [{ type: 'audio', data: data(), mimeType }] };
  const text = Buffer.from(body).toString('utf8');
  const cursor = headers.get('x-next-cursor');
  const shown = text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text;
  const notes = [
    ...(text === '' || text === '{}' ? [`Done (HTTP ${status}).`] : []),
    ...(shown.length < text.length
      ? [`Cut: ${shown.length} of ${text.length} characters. Ask for less, for example with limit.`]
      : []),
    ...(cursor ? [`More follows: call again with cursor ${JSON.stringify(cursor)}.`] : []),
  ];
  return {
    content: [...(text === '' ? [] : [shown]), ...notes].map((part) => ({ type: 'text', text: part })),
  };
};

/** A call that failed, as a tool error that a model can act on. Throws what is no failure of the call. */
export const errorResultOf = (error: unknown, { method, repeatable }: Operation): CallToolResult => {
  const failed = (...lines: readonly string[]): CallToolResult => ({
    isError: true,
    content: [{ type: 'text', text: lines.join('\n') }],
  });
  if (error instanceof ApiError) {
    const { status, problem, retryAfterSeconds } = error;
    return failed(
      `HTTP ${status}: ${problem.detail || problem.title}`,
      ...(problem.errors ?? []).map(({ path, message }) => `${path}: ${message}`),
      ...(retryAfterSeconds === undefined ? [] : [`Try again in ${retryAfterSeconds} seconds.`]),
    );
  }
  if (error instanceof UnreachableError) {
    const changes = method === 'POST' && !repeatable && error.reason !== 'refused';
    return failed(
      `No response from ${error.message}`,
      ...(changes ? ['The outcome is unknown: it may have happened. Check before you repeat it.'] : []),
    );
  }
  if (error instanceof UnexpectedAnswerError) return failed(error.message);
  if (error instanceof TypeError) return failed(error.message);
  throw error;
};
