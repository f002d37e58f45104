/** Storage, through the presigned URLs that the worker API hands out. */
import { describeError, Refused, Unavailable } from '../base/faults.ts';

const TRANSFER_TIMEOUT_MS = 60_000;

/** One exchange. Throws Unavailable where a retry may help, Refused on any other non-2xx. */
export const storageRequest = async (what: string, url: string, init: RequestInit): Promise<Response> => {
  let response: Response;
  try {
    response = await fetch(url, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(TRANSFER_TIMEOUT_MS),
    });
  } catch (error) {
    throw new Unavailable(what, describeError(error));
  }
  if (response.ok) return response;
  await response.body?.cancel();
  if (response.status === 429 || response.status >= 500)
    throw new Unavailable(what, `answered ${response.status}`);
  throw new Refused(what, response.status);
};
