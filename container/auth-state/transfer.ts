/** Auth states to and from storage, through the presigned URLs that the worker API hands out. */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type * as z from 'zod';
import type { restorableSchema } from '../../contract/worker/protocol.ts';
import { BadSnapshot, describeError, RequestRefused, Unavailable } from '../base/faults.ts';
import { retryInTime } from '../base/retry.ts';
import type { Time } from '../base/time.ts';
import { putIntoStorage, storageRequest } from '../control/storage.ts';
import { type CallBounds, isUnavailable, type WorkerApi } from '../control/worker-api.ts';
import { type Archive, meter } from './archive.ts';

export type Restorable = z.infer<typeof restorableSchema>;

/**
 * Puts the archive to the address that the worker API gives and makes it the session's auth state. False if it is not
 * valid any more by then: a number given to it after its account was discarded would bring that account back.
 */
export const uploadArchive = async (
  deps: { readonly api: Pick<WorkerApi, 'upload' | 'commit'>; readonly time: Time },
  archive: Archive,
  chromiumBuild: string,
  bounds: CallBounds,
  stillValid: () => boolean,
): Promise<boolean> => {
  const { api, time } = deps;
  const { sha256, bytes } = archive;
  const place = await placeFor(api, { bytes, sha256 }, bounds);
  const { key, uploadId, headers } = place;
  const file = await open(archive.file, 'r');
  const etags: string[] = [];
  try {
    for (const [part, url] of place.parts.entries()) {
      const buffer = Buffer.alloc(Math.min(place.partBytes, bytes - part * place.partBytes));
      await file.read(buffer, 0, buffer.length, part * place.partBytes);
      const put = () => putIntoStorage('saving the auth state', url, buffer, headers);
      const etag = await retryInTime(uploadId === undefined ? () => unlessStored(put) : put, {
        ...bounds,
        time,
        retryable: isUnavailable,
      });
      if (uploadId === undefined) break;
      if (etag === undefined) throw new Unavailable('saving the auth state', 'no ETag in the answer');
      etags.push(etag);
    }
  } finally {
    await file.close();
  }
  if (!stillValid()) return false;
  const parts = uploadId === undefined ? {} : { uploadId, etags };
  await api.commit({ key, ...parts, sha256, bytes, chromiumBuild }, bounds);
  return true;
};

type Size = { readonly bytes: number; readonly sha256: string };

/** A control plane of the release before refuses what it does not know: after a rollback, workers outlive theirs. */
const placeFor = async (api: Pick<WorkerApi, 'upload'>, size: Size, bounds: CallBounds) => {
  try {
    return await api.upload({ ...size, atOnce: true }, bounds);
  } catch (error) {
    if (error instanceof RequestRefused && error.status === 400) return api.upload(size, bounds);
    throw error;
  }
};

/** The key is of this archive alone: if storage has it, an earlier try arrived whose answer did not. */
const unlessStored = async (put: () => Promise<string | undefined>): Promise<undefined> => {
  try {
    await put();
  } catch (error) {
    if (!(error instanceof RequestRefused && error.status === 412)) throw error;
  }
};

/**
 * Fetches an auth state into `file` and verifies it. Throws BadSnapshot if it is gone or differs from the saved one;
 * anything else (after the retries that `bounds` allows) is a storage fault, and says nothing about the account.
 */
export const downloadArchive = async (
  time: Time,
  state: Restorable,
  file: string,
  bounds: CallBounds,
): Promise<void> => {
  const what = 'reading the auth state';
  const { sha256, bytes } = await retryInTime(
    async () => {
      const response = await storageRequest(what, state.url, { method: 'GET' }).catch((error: unknown) => {
        if (error instanceof RequestRefused && error.status === 404)
          throw new BadSnapshot('gone from storage');
        throw error;
      });
      const { stream, result } = meter();
      try {
        await pipeline(response.body, stream, createWriteStream(file, { mode: 0o600 }));
      } catch (error) {
        throw new Unavailable(what, describeError(error));
      }
      return result();
    },
    { ...bounds, time, retryable: isUnavailable },
  );
  if (sha256 !== state.sha256 || bytes !== state.bytes)
    throw new BadSnapshot('digest differs from the saved one');
};
