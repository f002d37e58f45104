/**
 * The worker API and its storage in memory, over HTTP on loopback: what a worker sees of the control plane, with
 * switches for what can go wrong. One session; the table of its auth states survives restarts of the worker.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';
import type { StandbyDepth } from '../../contract/bodies/standby.ts';
import type { StopReason } from '../../contract/lifecycle.ts';
import {
  bootstrapRequestSchema,
  type claimResponseSchema,
  commandResultRequestSchema,
  commitRequestSchema,
  discardRequestSchema,
  eventsRequestSchema,
  type ForwardedMark,
  finalReportRequestSchema,
  reportRequestSchema,
  STANDBY_PATH,
  type StandbyReport,
  standbyReportSchema,
  uploadRequestSchema,
  WORKER_API,
  type WorkerDeadlines,
  type WorkerEvent,
} from '../../contract/worker/protocol.ts';

type Bootstrap = z.infer<typeof bootstrapRequestSchema>;
type Report = z.infer<typeof reportRequestSchema>;
type FinalReport = z.infer<typeof finalReportRequestSchema>;

export type SavedState = {
  key: string;
  sha256: string;
  chromiumBuild: string;
  savedAt: number;
  bytes: Buffer;
};

export type FakeWorkerApi = {
  readonly url: string;
  readonly sessionId: string;
  /** Of the epoch that runs now. */
  epoch: number;
  token: string;
  /** Newest first. Tests may change the bytes. */
  states: SavedState[];
  readonly bootstraps: Bootstrap[];
  /** Of standby tasks. */
  readonly standbyReports: StandbyReport[];
  readonly reports: Report[];
  readonly events: WorkerEvent[];
  /** The delivered messages, as the workers reported last. */
  told: ForwardedMark | undefined;
  readonly finalReports: FinalReport[];
  readonly discards: string[];
  /** Commands that wait for the client to work; a result takes its command away. */
  waiting: NonNullable<z.infer<typeof claimResponseSchema>['command']>[];
  readonly results: z.infer<typeof commandResultRequestSchema>[];
  /** Every path asked for, in order. */
  readonly calls: string[];
  /** Given at bootstrap and with each report. */
  settings: {
    client: { deviceName?: string };
    deadlines: WorkerDeadlines;
    heartbeatSeconds: number;
    activitySeconds: number;
    snapshotIntervalSeconds: number;
    stopGraceSeconds: number;
    clockAheadMs: number;
  };
  faults: {
    /** Every call: 410. */
    fenced: boolean;
    /** Status to answer instead, by path; `storage` for the presigned URLs. */
    status: Map<string, number>;
    /** How many more times to do so; absent: until removed. */
    times: Map<string, number>;
    /** Asked of the worker with its next report. */
    stop: StopReason | undefined;
    /** As the release before: a snapshot is put in parts. */
    knowsPartsOnly: boolean;
    /** So many PUTs are stored, and their answer is lost. */
    lostAnswers: number;
  };
  /** The latest report's status. */
  readonly status: string | undefined;
  /** A new epoch for the same session, as after an admission. */
  nextEpoch(): void;
  /** The task's environment. */
  environment(): Record<string, string>;
  /** The environment of a standby task. */
  standbyEnvironment(depth?: StandbyDepth): Record<string, string>;
  /** Sends the session of now to the standby task that reported last. */
  assign(): Promise<number>;
  /** Sends a command to the worker that bootstrapped last. */
  command(
    name: string,
    args: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
};

const PART_BYTES = 5 * 1024 * 1024;
const newToken = () => randomBytes(32).toString('base64url');

const read = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(z.instanceof(Buffer).parse(chunk));
  return Buffer.concat(chunks);
};

export const startFakeWorkerApi = async (): Promise<FakeWorkerApi> => {
  const uploads = new Map<string, { key: string; parts: Map<number, Buffer> }>();
  const objects = new Map<string, SavedState>();
  let n = 0;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', api.url);
    const path = url.pathname;
    const body = await read(request);
    const answer = (status: number, value?: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(value === undefined ? undefined : JSON.stringify(value));
    };
    const storage = path.startsWith('/bucket/');
    api.calls.push(path);

    const switchName = storage ? 'storage' : path;
    const forced = api.faults.status.get(switchName);
    const left = api.faults.times.get(switchName);
    if (forced !== undefined && left !== 0) {
      if (left !== undefined) api.faults.times.set(switchName, left - 1);
      return answer(forced);
    }
    if (storage) return storageCall(request, response, url, body);
    if (api.faults.fenced) return answer(410);

    const json: unknown = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
    const now = Date.now() + api.settings.clockAheadMs;
    if (path === WORKER_API.standby) {
      api.standbyReports.push(standbyReportSchema.parse(json));
      return answer(200, { heartbeatSeconds: api.settings.heartbeatSeconds });
    }
    if (path === WORKER_API.bootstrap) {
      const asked = bootstrapRequestSchema.parse(json);
      if (asked.epoch !== api.epoch) return answer(410);
      if (asked.bootstrapToken !== api.token) return answer(401);
      const before = api.bootstraps.find((b) => b.epoch === asked.epoch);
      if (before && before.workerSecret !== asked.workerSecret) return answer(409);
      api.bootstraps.push(asked);
      return answer(200, {
        now,
        deadlines: api.settings.deadlines,
        heartbeatSeconds: api.settings.heartbeatSeconds,
        activitySeconds: api.settings.activitySeconds,
        snapshotIntervalSeconds: api.settings.snapshotIntervalSeconds,
        stopGraceSeconds: api.settings.stopGraceSeconds,
        client: api.settings.client,
        ...(api.told === undefined ? {} : { told: api.told }),
        authStates: api.states.map(({ key, sha256, chromiumBuild, savedAt, bytes }) => ({
          key,
          sha256,
          chromiumBuild,
          savedAt,
          bytes: bytes.length,
          url: `${api.url}/bucket/get?key=${key}&signature=${newToken()}`,
        })),
      });
    }
    const secret = api.bootstraps.findLast((b) => b.epoch === api.epoch)?.workerSecret;
    const [, epoch] = /^Bearer [^.]+\.(\d+)\./.exec(request.headers.authorization ?? '') ?? [];
    if (epoch !== undefined && Number(epoch) !== api.epoch) return answer(410);
    if (request.headers.authorization !== `Bearer ${api.sessionId}.${api.epoch}.${secret}`)
      return answer(401);
    switch (path) {
      case WORKER_API.report: {
        const report = reportRequestSchema.parse(json);
        if (report.seq > (api.reports.at(-1)?.seq ?? 0) || report.seq === 1) api.reports.push(report);
        return answer(200, {
          now,
          deadlines: api.settings.deadlines,
          ...(api.faults.stop === undefined ? {} : { stop: api.faults.stop }),
        });
      }
      case WORKER_API.events: {
        const { events, told } = eventsRequestSchema.parse(json);
        for (const event of events) if (!api.events.some(({ id }) => id === event.id)) api.events.push(event);
        if (told) api.told = told;
        return answer(202);
      }
      case WORKER_API.upload: {
        const { bytes, atOnce = false } = uploadRequestSchema.parse(json);
        if (atOnce && api.faults.knowsPartsOnly) return answer(400);
        n += 1;
        const uploadId = `upload-${n}`;
        const key = `auth/${api.epoch}/${n}`;
        uploads.set(uploadId, { key, parts: new Map() });
        const parts = Array.from(
          { length: Math.ceil(bytes / PART_BYTES) },
          (_, part) => `${api.url}/bucket/put?upload=${uploadId}&part=${part}&signature=${newToken()}`,
        );
        if (atOnce && bytes <= PART_BYTES)
          return answer(200, {
            key,
            partBytes: PART_BYTES,
            parts: parts.map((url) => `${url}&once`),
            headers: { 'if-none-match': '*' },
          });
        return answer(200, { key, uploadId, partBytes: PART_BYTES, parts });
      }
      case WORKER_API.commit: {
        const commit = commitRequestSchema.parse(json);
        const upload =
          commit.uploadId === undefined
            ? [...uploads.values()].find(({ key }) => key === commit.key)
            : uploads.get(commit.uploadId);
        if (!upload) return answer(404);
        const bytes = Buffer.concat([...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part));
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        if (sha256 !== commit.sha256 || bytes.length !== commit.bytes) return answer(409);
        if (!objects.has(upload.key)) {
          const saved = { key: upload.key, sha256, chromiumBuild: commit.chromiumBuild, savedAt: now, bytes };
          objects.set(upload.key, saved);
          api.states = [saved, ...api.states].slice(0, 3);
        }
        return answer(200, {});
      }
      case WORKER_API.discard:
        api.discards.push(discardRequestSchema.parse(json).reason);
        api.states = [];
        return answer(200, {});
      case WORKER_API.claim:
        return answer(200, { command: api.waiting[0] ?? null });
      case WORKER_API.commandResult: {
        const result = commandResultRequestSchema.parse(json);
        api.results.push(result);
        api.waiting = api.waiting.filter(({ id }) => id !== result.id);
        return answer(200, {});
      }
      case WORKER_API.finalReport:
        api.finalReports.push(finalReportRequestSchema.parse(json));
        return answer(200, {});
      default:
        return answer(404);
    }
  };

  const storageCall = (request: IncomingMessage, response: ServerResponse, url: URL, body: Buffer): void => {
    if (request.method === 'PUT') {
      const upload = uploads.get(url.searchParams.get('upload') ?? '');
      const part = Number(url.searchParams.get('part'));
      // What is signed with this header is stored once.
      const once = url.searchParams.has('once');
      if (once && request.headers['if-none-match'] !== '*') return void response.writeHead(403).end();
      if (once && upload?.parts.has(part)) return void response.writeHead(412).end();
      upload?.parts.set(part, body);
      if (api.faults.lostAnswers > 0) {
        api.faults.lostAnswers -= 1;
        response.destroy();
        return;
      }
      response.writeHead(upload ? 200 : 404, { etag: `"${createHash('md5').update(body).digest('hex')}"` });
      response.end();
      return;
    }
    const state = api.states.find(({ key }) => key === url.searchParams.get('key'));
    response.writeHead(state ? 200 : 404);
    response.end(state?.bytes);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(400);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());

  const api: FakeWorkerApi = {
    url: `http://127.0.0.1:${port}`,
    sessionId: 's_test',
    epoch: 1,
    token: newToken(),
    states: [],
    bootstraps: [],
    standbyReports: [],
    reports: [],
    events: [],
    told: undefined,
    finalReports: [],
    discards: [],
    waiting: [],
    results: [],
    calls: [],
    settings: {
      client: {},
      deadlines: {
        qrTimeoutMs: 300_000,
        idleTimeoutMs: 900_000,
        maxAt: Date.now() + 7_200_000,
        startBy: Date.now() + 180_000,
      },
      heartbeatSeconds: 2,
      activitySeconds: 1,
      snapshotIntervalSeconds: 300,
      stopGraceSeconds: 20,
      clockAheadMs: 0,
    },
    faults: {
      fenced: false,
      status: new Map(),
      times: new Map(),
      stop: undefined,
      knowsPartsOnly: false,
      lostAnswers: 0,
    },
    get status() {
      return api.reports.at(-1)?.status;
    },
    nextEpoch() {
      api.epoch += 1;
      api.token = newToken();
      api.faults.stop = undefined;
      api.settings.deadlines.startBy = Date.now() + 180_000;
      api.reports.length = 0;
    },
    environment: () => ({
      BERTH_WORKER_API_URL: api.url,
      BERTH_SESSION_ID: api.sessionId,
      BERTH_EPOCH: String(api.epoch),
      BERTH_BOOTSTRAP_TOKEN: api.token,
      BERTH_COMMAND_PORT: '0',
      BERTH_COMMAND_HOST: '127.0.0.1',
    }),
    standbyEnvironment: (depth: StandbyDepth = 'browser') => ({
      BERTH_WORKER_API_URL: api.url,
      BERTH_STANDBY_ID: 'sby_test',
      BERTH_STANDBY_TOKEN: newToken(),
      BERTH_STANDBY_DEPTH: depth,
      BERTH_COMMAND_PORT: '0',
      BERTH_COMMAND_HOST: '127.0.0.1',
    }),
    async assign() {
      const task = api.standbyReports.at(-1);
      if (!task) throw new Error('no standby task has reported');
      const response = await fetch(`${task.address}${STANDBY_PATH}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${task.commandSecret}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          sessionId: api.sessionId,
          epoch: api.epoch,
          bootstrapToken: api.token,
          isLinked: api.states.length > 0,
        }),
      });
      return response.status;
    },
    async command(name, args, headers = {}) {
      const worker = api.bootstraps.at(-1);
      if (!worker) throw new Error('no worker has bootstrapped');
      const response = await fetch(`${worker.address}/v1/commands/${name}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${worker.commandSecret}`,
          'x-berth-epoch': String(worker.epoch),
          'content-type': 'application/json',
          ...headers,
        },
        body: JSON.stringify(args),
      });
      return { status: response.status, body: await response.json() };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
};
