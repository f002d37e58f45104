/** The bucket of auth states. An object holds its account and the order in which it was taken. */
import { hash } from 'node:crypto';
import type { AuthStorage } from '../../../core/ports.ts';
import type { Process } from '../kernel/scheduler.ts';
import { type Cloud, PortDown, type SimulatedBucket, type Snapshot } from './cloud.ts';

export const bytesOf = (snapshot: Snapshot): number => 1000 + snapshot.taken;
export const sha256Of = (snapshot: Snapshot): string =>
  hash('sha256', `${snapshot.account} ${snapshot.taken}`);

/** The address of a PUT that is the whole upload. */
const AT_ONCE = 'at-once ';

type Upload = { readonly key: string; snapshot: Snapshot | undefined };

export class AuthBucket implements SimulatedBucket {
  readonly objects = new Map<string, Snapshot>();
  readonly #uploads = new Map<string, Upload>();
  readonly #cloud: Cloud;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  port(process: Process): AuthStorage {
    return {
      restoreUrl: async (key) => `https://storage.invalid/${key}`,
      beginUpload: (key, _bytes, atOnce) =>
        this.#call(process, `beginUpload ${key}`, () => {
          if (atOnce) return { partBytes: 8 * 1024 * 1024, parts: [AT_ONCE + key] };
          const uploadId = `upload-${this.#cloud.random.text(8)}`;
          this.#uploads.set(uploadId, { key, snapshot: undefined });
          return { uploadId, partBytes: 8 * 1024 * 1024, parts: [uploadId] };
        }),
      completeUpload: (key, uploadId) =>
        this.#call(process, `completeUpload ${key}`, () => this.#complete(key, uploadId)),
      remove: (keys) =>
        this.#call(process, `remove ${keys}`, () => {
          for (const key of keys) this.objects.delete(key);
          this.#cloud.watcher?.removed(keys);
        }),
    };
  }

  /** @param place of beginUpload */
  put(process: Process, place: string, snapshot: Snapshot): Promise<void> {
    return this.#call(process, `put ${place}`, () => {
      if (place.startsWith(AT_ONCE)) {
        // Storage takes it once; a repeat changes nothing.
        const key = place.slice(AT_ONCE.length);
        if (!this.objects.has(key)) this.objects.set(key, snapshot);
        return;
      }
      const upload = this.#uploads.get(place);
      if (upload) upload.snapshot = snapshot;
    });
  }

  fetch(process: Process, key: string): Promise<Snapshot | undefined> {
    return this.#call(process, `fetch ${key}`, () => this.objects.get(key));
  }

  #complete(key: string, uploadId: string | undefined): { bytes: number } {
    const upload = uploadId === undefined ? undefined : this.#uploads.get(uploadId);
    if (uploadId !== undefined && upload?.snapshot && upload.key === key) {
      this.objects.set(key, upload.snapshot);
      this.#uploads.delete(uploadId);
    }
    const object = this.objects.get(key);
    if (!object) throw new PortDown('NotFound');
    return { bytes: bytesOf(object) };
  }

  #call<T>(process: Process, label: string, effect: () => T): Promise<T> {
    const { chaos, scheduler } = this.#cloud;
    return this.#cloud.call<T>(process, label, (answer) => {
      if (chaos.isOut('storage', scheduler.now)) return answer.fail(new PortDown('S3 is out'));
      // Half of the failures are answers lost: the request is done.
      const down = chaos.strikes('storageUnavailable');
      const done = this.#cloud.random.chance(0.5);
      if (down && !done) return answer.fail(new PortDown('S3 did not answer'));
      try {
        const value = effect();
        if (down) answer.fail(new PortDown('S3 did not answer (done)'));
        else answer.ok(value);
      } catch (error) {
        answer.fail(error instanceof Error ? error : new PortDown(String(error)));
      }
    });
  }
}
