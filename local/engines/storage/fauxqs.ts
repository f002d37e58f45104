import { buildApp } from 'fauxqs';
// fauxqs exports only its app and a `startFauxqs` that binds every interface; its stores and its
// persistence, needed to listen on loopback alone, are reached by file.
import { PersistenceManager } from '../../../node_modules/fauxqs/dist/persistence.js';
import { S3Store } from '../../../node_modules/fauxqs/dist/s3/s3Store.js';
import { SnsStore } from '../../../node_modules/fauxqs/dist/sns/snsStore.js';
import { SqsStore } from '../../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { REGION } from '../../iam/arn.ts';

/** fauxqs accepts 11 MiB a request by itself; auth state snapshots and media may be larger in one PUT. */
const BODY_LIMIT_BYTES = 256 * 1024 * 1024;

type QueuedMessage = Parameters<PersistenceManager['insertMessage']>[1];

/**
 * fauxqs's SQLite persistence, made safe against SIGKILL between the two halves of a move to a dead-letter
 * queue: fauxqs deletes the message there and only then inserts it here. The delete waits until the same
 * turn's insert had its chance, which replaces the row; an answer is sent only after that.
 */
class CrashSafePersistence extends PersistenceManager {
  readonly #deleting = new Set<string>();

  constructor(dir: string) {
    super(dir);
    // With WAL this outlives a killed process; only a power cut may take the last writes along.
    // biome-ignore lint/complexity/useLiteralKeys: declared private; brackets keep its type
    this['db'].exec('PRAGMA synchronous = NORMAL');
  }

  override deleteMessage(messageId: string): void {
    this.#deleting.add(messageId);
    queueMicrotask(() => {
      if (this.#deleting.delete(messageId)) {
        super.deleteMessage(messageId);
      }
    });
  }

  override insertMessage(queueName: string, message: QueuedMessage): void {
    this.#deleting.delete(message.messageId);
    super.insertMessage(queueName, message);
  }
}

/** S3 lists keys in binary order; fauxqs sorts them by locale but pages in binary order, and so skips keys. */
class OrderedS3Store extends S3Store {
  override listObjects(...[bucket, options = {}]: Parameters<S3Store['listObjects']>): Listing {
    // biome-ignore lint/complexity/useLiteralKeys: declared private; brackets keep its type
    const objects = this['buckets'].get(bucket);
    if (objects === undefined) {
      return super.listObjects(bucket, options);
    }
    const { prefix = '', delimiter, maxKeys = 1000, startAfter = options.marker ?? '' } = options;
    const listing: Listing = { objects: [], commonPrefixes: [], isTruncated: false };
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > startAfter).sort(binary);
    for (const key of keys) {
      const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      const folder = end < 0 ? undefined : key.slice(0, end + (delimiter ?? '').length);
      if (folder !== undefined && (folder === listing.commonPrefixes.at(-1) || folder <= startAfter)) {
        continue;
      }
      if (listing.objects.length + listing.commonPrefixes.length >= maxKeys) {
        return { ...listing, isTruncated: true };
      }
      const object = objects.get(key);
      if (folder !== undefined) {
        listing.commonPrefixes.push(folder);
      } else if (object !== undefined) {
        listing.objects.push(object);
      }
    }
    return listing;
  }
}

type Listing = ReturnType<S3Store['listObjects']>;
const binary = (a: string, b: string): number => (a < b ? -1 : 1);

export interface Fauxqs {
  readonly s3: S3Store;
  readonly sqs: SqsStore;
  /** Starts to listen on loopback. */
  listen(port: number): Promise<string>;
  close(): Promise<void>;
}

/** Builds fauxqs over its own stores, with everything found in `dir` loaded; without `dir`, in memory. */
export function openFauxqs(dir: string | undefined): Fauxqs {
  const stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new OrderedS3Store() };
  const { sqsStore, s3Store } = stores;
  // Queue URLs then name the host that was asked, not a made-up one that resolves nowhere.
  sqsStore.host = '';
  sqsStore.region = REGION;
  const persistence = dir === undefined ? undefined : new CrashSafePersistence(dir);
  if (persistence !== undefined) {
    // Loading comes before wiring: stores that persist while they load would replace what they load from.
    persistence.load(sqsStore, stores.snsStore, s3Store);
    sqsStore.persistence = persistence;
    s3Store.persistence = persistence;
    for (const queue of sqsStore.allQueues()) {
      queue.persistence = persistence;
    }
  }
  const app = buildApp({ logger: false, stores });
  app.removeContentTypeParser('*');
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  return {
    s3: s3Store,
    sqs: sqsStore,
    listen: (port) => app.listen({ port, host: '127.0.0.1' }),
    close: async () => {
      await app.close();
      persistence?.close();
    },
  };
}
