import { once } from 'node:events';
import { createServer } from 'node:http';
import { buildApp } from 'fauxqs';
import * as z from 'zod';
// fauxqs exports only its app and a `startFauxqs` that binds every interface; its stores and its
// persistence, needed to listen on loopback alone, are reached by file.
import { PersistenceManager } from '../../../node_modules/fauxqs/dist/persistence.js';
import { SnsStore } from '../../../node_modules/fauxqs/dist/sns/snsStore.js';
import { type SqsQueue, SqsStore } from '../../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { objectsToDelete } from '../../gateway/s3/delete-body.ts';
import { REGION } from '../../iam/arn.ts';
import { newGuard } from '../guard.ts';
import { DELETED_XML, EXISTS_XML, versionsXml } from './version-calls.ts';
import { VersionedS3Store } from './versions.ts';

/** fauxqs accepts 11 MiB a request by itself; auth state snapshots and media may be larger in one PUT. */
const BODY_LIMIT_BYTES = 256 * 1024 * 1024;

/** SQS's default, in seconds. */
const DEFAULT_VISIBILITY_SECONDS = 30;

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

/**
 * Makes visible what consumers of the previous process had received: they ended with it, and a FIFO group would wait
 * for the whole visibility time-out. A message that is hidden for longer than that has its own delay and keeps it.
 */
const releaseReceived = (queue: SqsQueue): void => {
  const now = Date.now();
  const longestReceiptMs = Number(queue.attributes.VisibilityTimeout ?? DEFAULT_VISIBILITY_SECONDS) * 1000;
  const received = [...queue.inflightMessages].filter(
    ([, { visibilityDeadline }]) => visibilityDeadline - now <= longestReceiptMs,
  );
  // fauxqs puts each message in front of its group, in the order of this map: the newest goes first.
  received.sort(([, a], [, b]) =>
    (b.message.sequenceNumber ?? '').localeCompare(a.message.sequenceNumber ?? ''),
  );
  for (const [handle, entry] of received) {
    queue.inflightMessages.delete(handle);
    queue.inflightMessages.set(handle, { ...entry, visibilityDeadline: now });
  }
};

export interface Fauxqs {
  readonly s3: VersionedS3Store;
  readonly sqs: SqsStore;
  /** Starts to listen on loopback; the URL has a secret of this start in its path. */
  listen(port: number): Promise<string>;
  close(): Promise<void>;
}

/** Builds fauxqs over its own stores, with everything found in `dir` loaded; without `dir`, in memory. */
export const openFauxqs = (dir: string | undefined): Fauxqs => {
  const stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new VersionedS3Store() };
  const { sqsStore, s3Store } = stores;
  // Queue URLs then name the host of the request, not a made-up one that resolves nowhere.
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
      releaseReceived(queue);
    }
  }
  const app = buildApp({ logger: false, stores });
  app.removeContentTypeParser('*');
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES }, (_request, body, done) =>
    done(null, body),
  );
  serveVersions(app, s3Store);
  const guard = newGuard();
  const server = createServer((request, response) => {
    const target = guard.admit(request);
    if (target === undefined) {
      request.resume();
      response.writeHead(403).end();
      return;
    }
    request.url = target;
    app.routing(request, response);
  });
  // The caller is the one to close an idle connection: it would send its next request into one that is being closed.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  return {
    s3: s3Store,
    sqs: sqsStore,
    listen: async (port) => {
      await app.ready();
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('the storage listens on no port');
      return `http://127.0.0.1:${address.port}${guard.path}`;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await app.close();
      server.closeAllConnections();
      await closed;
      persistence?.close();
    },
  };
};

const paramsSchema = z.object({ bucket: z.string(), '*': z.string().optional() });
const querySchema = z.object({
  versions: z.string().optional(),
  delete: z.string().optional(),
  prefix: z.string().default(''),
  'max-keys': z.coerce.number().int().default(1000),
});

/** Answers the calls on versions, and creations of what there is, before fauxqs takes them for others. */
const serveVersions = (app: ReturnType<typeof buildApp>, store: VersionedS3Store): void => {
  app.addHook('preHandler', async (request, reply) => {
    const params = paramsSchema.safeParse(request.params);
    const query = querySchema.safeParse(request.query);
    if (!params.success || !query.success) return;
    const { bucket, '*': key } = params.data;
    if (
      request.method === 'PUT' &&
      request.headers['if-none-match'] === '*' &&
      key !== undefined &&
      store.has(bucket, key)
    )
      return reply.code(412).type('application/xml').send(EXISTS_XML);
    if (request.method === 'GET' && query.data.versions !== undefined) {
      const { prefix, 'max-keys': maxKeys } = query.data;
      return reply.type('application/xml').send(versionsXml(store, bucket, { prefix, maxKeys }));
    }
    if (request.method !== 'POST' || query.data.delete === undefined) return;
    const objects = objectsToDelete(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');
    if (!objects.some(({ versionId }) => versionId !== undefined)) return;
    for (const { key, versionId } of objects) {
      if (versionId === undefined) store.deleteObject(bucket, key);
      else store.deleteVersion(bucket, key, versionId);
    }
    return reply.type('application/xml').send(DELETED_XML);
  });
};
