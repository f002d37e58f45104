/** Storage, through the presigned URLs that the worker API hands out. */
import { describeError, RequestRefused, Unavailable } from '../base/faults.ts';
import { exchange, type HttpRequest, type HttpResponse } from '../base/http.ts';

const TRANSFER_TIMEOUT_MS = 60_000;

/**
 * One exchange; the body of the response is to be read by the caller. Throws Unavailable if a retry may help, Refused
 * on any other non-2xx.
 */
export const storageRequest = async (
  what: string,
  url: string,
  request: Pick<HttpRequest, 'method' | 'body' | 'headers'>,
): Promise<HttpResponse> => {
  let response: HttpResponse;
  try {
    response = await exchange(url, { ...request, timeoutMs: TRANSFER_TIMEOUT_MS });
  } catch (error) {
    throw new Unavailable(what, describeError(error));
  }
  const { status, body } = response;
  if (status >= 200 && status < 300) return response;
  body.destroy();
  // 409: another request for the key was under way.
  if (status === 409 || status === 429 || status >= 500) throw new Unavailable(what, `answered ${status}`);
  throw new RequestRefused(what, status);
};

/**
 * Puts bytes into storage; answers the ETag, if storage gave one. Throws as `storageRequest` does.
 * @param signed headers that the URL was signed with
 */
export const putIntoStorage = async (
  what: string,
  url: string,
  bytes: Uint8Array,
  signed: Readonly<Record<string, string>> = {},
): Promise<string | undefined> => {
  const { headers, body } = await storageRequest(what, url, { method: 'PUT', body: bytes, headers: signed });
  try {
    for await (const _ of body);
  } catch (error) {
    throw new Unavailable(what, describeError(error));
  }
  return headers.etag;
};
