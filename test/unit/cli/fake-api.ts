import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toBuffer } from 'qrcode';
import * as z from 'zod';
import {
  cleanupReportSchema,
  cleanupRequestSchema,
  createdKeySchema,
  createKeyRequestSchema,
  drainReportSchema,
  drainRequestSchema,
  healthViewSchema,
  keyViewSchema,
  limitsViewSchema,
  sessionEventViewSchema,
  statsViewSchema,
  updateKeyRequestSchema,
} from '../../../contract/bodies/admin.ts';
import { sendTextRequestSchema } from '../../../contract/bodies/commands.ts';
import {
  callerViewSchema,
  historyQuerySchema,
  historyViewSchema,
  signInRequestSchema,
} from '../../../contract/bodies/dashboard.ts';
import { eraseUserRequestSchema, erasureViewSchema } from '../../../contract/bodies/erasure.ts';
import { type RolloutView, rolloutReportSchema } from '../../../contract/bodies/rollout.ts';
import {
  createSessionRequestSchema,
  type SessionView,
  sessionViewSchema,
} from '../../../contract/bodies/sessions.ts';
import { changeStandbyRequestSchema, standbyViewSchema } from '../../../contract/bodies/standby.ts';
import type { Bounds } from '../../../contract/bounds.ts';
import { Problem, type ProblemCode, type ProblemExtras, problemBody } from '../../../contract/errors.ts';
import { lidToPhoneNumberSchema } from '../../../contract/whatsapp/lids.ts';
import { messageSchema } from '../../../contract/whatsapp/messages.ts';
import { type PasskeyChallenge, passkeyAssertionArgs } from '../../../contract/whatsapp/passkey.ts';
import { requestCodeArgs } from '../../../contract/worker/account-commands.ts';

export const BOUNDS_BY_DEFAULT: Bounds = {
  waits: 40,
  deliveries: 5,
  starts: 60,
  stored: 500,
  configBytes: 32_768,
};

/** The request of a caller. */
type Seen = {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly key: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly body: unknown;
};
type Reply = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Takes the request and drops the connection. */
  readonly drop?: boolean;
};

export const CHALLENGE: PasskeyChallenge = {
  challenge: 'Y2hhbGxlbmdl',
  timeout: 60_000,
  rpId: 'web.whatsapp.com',
  allowCredentials: [],
  userVerification: 'required',
};

export const API_KEY = 'berth_test_key_that_must_never_be_shown';
const NOW = Date.now();

export const sessionView = (name: string, change: Partial<SessionView> = {}): SessionView => ({
  name,
  status: 'STARTING',
  config: {},
  dialogs: null,
  me: null,
  engine: { engine: 'WEBJS', build: null },
  timestamps: { activity: null },
  userId: 'admin',
  state: 'STARTING',
  stopReason: null,
  detail: null,
  epoch: 1,
  linked: false,
  createdAt: new Date(NOW - 60_000).toISOString(),
  restart: {
    policy: 'never',
    maxAttempts: 5,
    windowSeconds: 3600,
    attempts: 0,
    reason: null,
    lastAt: null,
    nextAttemptAt: null,
  },
  startedAt: new Date(NOW - 60_000).toISOString(),
  start: {
    at: new Date(NOW - 60_000).toISOString(),
    standby: false,
    steps: { taskCreated: 400, imagePulled: 21_300, codeShown: 31_240 },
  },
  qrExpiresAt: null,
  idleAt: null,
  expiresAt: new Date(NOW + 3_600_000).toISOString(),
  authState: null,
  ...change,
});

export const WORKING = {
  status: 'WORKING',
  state: 'RUNNING',
  linked: true,
  me: { id: '15550001111@c.us', pushName: 'Anna' },
} as const satisfies Partial<SessionView>;

const LIDS = [
  { lid: '1@lid', pn: '491701234567@c.us' },
  { lid: '7@lid', pn: null },
];

/**
 * An API on loopback that answers by the schemas: sessions in memory, and scripted answers put before the usual one
 * of a route (`POST /api/sessions`).
 */
export class FakeApi {
  readonly seen: Seen[] = [];
  readonly sessions = new Map<string, SessionView>();
  /** The code of every session that shows one. */
  qr = '2@code-one';
  rollout: Pick<RolloutView, 'state' | 'detail'> = { state: 'completed', detail: null };
  readonly #script = new Map<string, Reply[]>();
  readonly #made = new Map<string, SessionView>();
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => {
      send(response, { status: 500, body: { defect: String(error) } });
    });
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** The next request of this route gets this instead. */
  next(route: string, ...replies: Reply[]): void {
    this.#script.set(route, [...(this.#script.get(route) ?? []), ...replies]);
  }

  set(name: string, change: Partial<SessionView> = {}): void {
    this.sessions.set(name, { ...(this.sessions.get(name) ?? sessionView(name)), ...change });
  }

  calls(route: string): Seen[] {
    return this.seen.filter((s) => `${s.method} ${s.path}` === route);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const text = Buffer.concat(await request.toArray()).toString();
    const seen: Seen = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      key: header(request, 'x-api-key'),
      idempotencyKey: header(request, 'idempotency-key'),
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.seen.push(seen);
    const scripted = this.#script.get(`${seen.method} ${seen.path}`)?.shift();
    if (scripted?.drop) {
      request.socket.destroy();
      return;
    }
    send(response, scripted ?? (await this.#answer(seen, header(request, 'accept') ?? '')));
  }

  async #answer(seen: Seen, accept: string): Promise<Reply> {
    const route = `${seen.method} ${seen.path}`;
    if (route === 'GET /ping') return ok({ message: 'pong' });
    if (route === 'GET /health') return ok(healthViewSchema.parse({ status: 'ok' }));
    if (seen.key !== API_KEY) return refuse('unauthorized', 'Send a valid API key in the header X-Api-Key.');
    const [, , first = '', second = '', third = ''] = seen.path.split('/');
    if (first === 'sessions') return this.#session(seen, second, third);
    if (second === 'auth') return this.#auth(seen, first, seen.path.split('/').slice(4).join('/'), accept);
    switch (route) {
      case 'POST /api/sendText': {
        const { chatId, text } = sendTextRequestSchema.parse(seen.body);
        return { status: 201, body: messageSchema.parse(message(chatId, text)) };
      }
      case 'GET /api/health':
        return ok(
          healthViewSchema.parse({
            status: 'ok',
            activeSessions: 3,
            maxSessions: 50,
            checks: { database: { ok: true, detail: 'answers' } },
          }),
        );
      case 'GET /api/stats':
        return ok(
          statsViewSchema.parse({
            active: 3,
            limit: 50,
            byState: { RUNNING: 3 },
            byStatus: { WORKING: 2, SCAN_QR_CODE: 1 },
            byUser: { anna: { active: 3, limit: 5 } },
            oldest: { userId: 'anna', name: 'shop', startedAt: new Date(NOW - 7_500_000).toISOString() },
            lastDay: {
              since: new Date(NOW - 86_400_000).toISOString(),
              admitted: 7,
              refused: { user: 2 },
              ended: { idle: 3, user: 1 },
              restarted: { crashed: 1 },
              reaped: {},
              drift: 0,
              createToQr: { count: 4, p50Ms: 4827, p95Ms: 13_786 },
              startSteps: { own: { imagePulled: { count: 3, meanMs: 21_500 } }, standby: {} },
              webhooks: {
                attempts: { dead: 1, retry: 1, delivered: 9 },
                age: { count: 9, p50Ms: 200, p95Ms: 1600 },
              },
            },
          }),
        );
      case 'GET /api/me':
        return ok(
          callerViewSchema.parse({
            userId: 'admin',
            role: 'admin',
            scopes: null,
            sessions: null,
            key: { id: 'k1', label: null, expiresAt: null },
            via: 'key',
            environment: 'local',
          }),
        );
      case 'GET /api/stats/history': {
        historyQuerySchema.parse(seen.query);
        return ok(historyViewSchema.parse({ points: [] }));
      }
      case 'POST /dashboard/sign-in':
        signInRequestSchema.parse(seen.body);
        return { status: 204 };
      case 'POST /dashboard/sign-out':
        return { status: 204 };
      case 'GET /api/standby':
      case 'PUT /api/standby': {
        const change = seen.method === 'PUT' ? changeStandbyRequestSchema.parse(seen.body) : {};
        return ok(
          standbyViewSchema.parse({
            plan: { target: change.target ?? 1, hours: change.hours ?? [], depth: change.depth ?? 'browser' },
            planBy: seen.method === 'PUT' ? 'api' : 'settings',
            max: 10,
            target: 1,
            wanted: 1,
            ready: 1,
            starting: 0,
            claimed: 1,
            pausedUntil: new Date(NOW + 60_000).toISOString(),
            failure: "capacity: the AWS account's vCPU quota is used up",
            tasks: [
              {
                id: 'sby_1',
                state: 'claimed',
                createdAt: new Date(NOW - 90_000).toISOString(),
                readyAt: new Date(NOW - 80_000).toISOString(),
                heartbeatAt: null,
                depth: 'browser',
                chromiumBuild: '153',
                sessionId: 's_shop',
              },
            ],
          }),
        );
      }
      case 'GET /api/limits':
      case 'PUT /api/limits':
        return ok(
          limitsViewSchema.parse({
            global: { limit: 50, active: 3 },
            userDefault: 5,
            user: {
              userId: seen.query.userId ?? 'admin',
              limit: 10,
              active: 1,
              own: true,
              rate: { perMinute: 600 },
              ownRate: true,
              bounds: { ...BOUNDS_BY_DEFAULT, starts: 120 },
              ownBounds: { starts: 120 },
            },
            rateDefault: null,
            bounds: BOUNDS_BY_DEFAULT,
          }),
        );
      case 'GET /api/shop/lids':
        return ok(LIDS.map((known) => lidToPhoneNumberSchema.parse(known)));
      case 'GET /api/shop/lids/7%40lid':
        return ok(lidToPhoneNumberSchema.parse({ lid: '7@lid', pn: null }));
      case 'GET /api/shop/lids/pn/491701234567':
        return ok(lidToPhoneNumberSchema.parse(LIDS[0]));
      case 'POST /api/cleanup':
        return ok(this.#cleanup(seen.body));
      case 'POST /api/drain':
        return ok(this.#drain(seen.body));
      case 'GET /api/erasures':
      case 'POST /api/erasures': {
        const ordered = seen.method === 'POST';
        const { userId } = ordered
          ? eraseUserRequestSchema.parse(seen.body)
          : { userId: seen.query.userId ?? 'admin' };
        const view = erasureViewSchema.parse({
          kind: 'user',
          userId,
          session: null,
          sessionId: null,
          state: ordered ? 'waiting' : 'erased',
          requestedAt: '2026-01-31T12:00:00.000Z',
          erasedAt: ordered ? null : '2026-01-31T12:25:00.000Z',
          items: 9,
          objects: 0,
          keys: 1,
          sessionsLeft: 0,
        });
        return ordered ? { status: 201, body: view } : ok([view]);
      }
      case 'POST /api/rollout':
      case 'GET /api/rollout':
      case 'DELETE /api/rollout':
        return ok(this.#rolloutReport());
      case 'GET /api/keys':
        return ok([keyViewSchema.parse(keyView('k1', 'anna'))]);
      case 'POST /api/keys': {
        const { userId } = createKeyRequestSchema.parse(seen.body);
        return {
          status: 201,
          body: createdKeySchema.parse({ ...keyView('k2', userId ?? 'admin'), key: 'berth_new_key' }),
        };
      }
      case 'PUT /api/keys/k1':
        updateKeyRequestSchema.parse(seen.body);
        return ok(keyViewSchema.parse(keyView('k1', 'anna')));
      case 'DELETE /api/keys/k1':
        return ok({});
      default:
        return refuse('not_found', 'There is no such thing.');
    }
  }

  #session(seen: Seen, name: string, verb: string): Reply {
    if (name === '') return seen.method === 'POST' ? this.#create(seen) : this.#list(seen);
    const session = this.sessions.get(name);
    if (!session) return refuse('not_found', `There is no session "${name}".`, {}, seen.path);
    const change = (to: Partial<SessionView>, status = 201): Reply => {
      this.set(name, to);
      return { status, body: sessionViewSchema.parse(this.sessions.get(name)) };
    };
    switch (`${seen.method} ${verb}`) {
      case 'GET ':
        return ok(sessionViewSchema.parse(session));
      case 'PUT ':
        return change(z.object({ config: sessionViewSchema.shape.config }).parse(seen.body), 200);
      case 'DELETE ':
        this.sessions.delete(name);
        return ok({});
      case 'GET me':
        return ok(session.me);
      case 'GET events':
        return ok([
          sessionEventViewSchema.parse({
            id: 'e1',
            timestamp: NOW,
            event: 'session.admitted',
            epoch: 1,
            payload: { slot: 0 },
          }),
        ]);
      case 'POST stop':
        return change({ status: 'STOPPED', state: 'STOPPING', stopReason: 'user' });
      case 'POST start':
      case 'POST restart':
        return change({ status: 'STARTING', state: 'STARTING', epoch: session.epoch + 1 });
      default:
        return change({
          status: 'STARTING',
          state: 'STARTING',
          epoch: session.epoch + 1,
          linked: false,
          me: null,
        });
    }
  }

  #create(seen: Seen): Reply {
    const request = createSessionRequestSchema.parse(seen.body);
    const name = request.name ?? 'default';
    const made = seen.idempotencyKey === undefined ? undefined : this.#made.get(seen.idempotencyKey);
    if (made) return { status: 201, body: made };
    if (this.sessions.has(name)) return refuse('unprocessable', `A session "${name}" exists already.`);
    const session = sessionViewSchema.parse(
      sessionView(name, { config: sessionViewSchema.shape.config.parse(request.config ?? {}) }),
    );
    this.sessions.set(name, session);
    if (seen.idempotencyKey !== undefined) this.#made.set(seen.idempotencyKey, session);
    return { status: 201, body: session };
  }

  /** The cursor is the index of the next one. */
  #list({ query }: Seen): Reply {
    const all = [...this.sessions.values()].filter((s) => query.all === 'true' || s.status !== 'STOPPED');
    const from = Number(query.cursor ?? 0);
    const until = from + Number(query.limit ?? 2);
    return {
      status: 200,
      body: all.slice(from, until),
      ...(until < all.length ? { headers: { 'X-Next-Cursor': String(until) } } : {}),
    };
  }

  async #auth(seen: Seen, name: string, what: string, accept: string): Promise<Reply> {
    const session = this.sessions.get(name);
    if (!session) return refuse('not_found', `There is no session "${name}".`);
    if (what === 'request-code') {
      requestCodeArgs.parse(seen.body);
      return { status: 201, body: { code: 'ABCDEFGH', expiresAt: '2026-01-01T00:03:00.000Z' } };
    }
    if (what.startsWith('passkey')) return this.#passkey(seen, session, what);
    if (session.status !== 'SCAN_QR_CODE')
      return refuse('unprocessable', `The session is ${session.status}.`, { state: session.status });
    if (seen.query.format === 'raw') return ok({ value: this.qr });
    if (accept === 'image/svg+xml') return { status: 200, body: '<svg/>' };
    return { status: 200, body: await toBuffer(this.qr), headers: { 'content-type': 'image/png' } };
  }

  #passkey(seen: Seen, { name, status }: SessionView, what: string): Reply {
    const needs = what.includes('confirm') ? 'PASSKEY_CONFIRMATION_REQUIRED' : 'PASSKEY_REQUIRED';
    if (status !== needs) return refuse('unprocessable', `The session is ${status}.`, { state: status });
    if (seen.method === 'GET') return ok(what.includes('confirm') ? { code: 'ABCD1234' } : CHALLENGE);
    if (what === 'passkey') passkeyAssertionArgs.parse(seen.body);
    this.set(name, what === 'passkey' ? { status: 'PASSKEY_CONFIRMATION_REQUIRED' } : WORKING);
    return { status: 201, body: {} };
  }

  /** A command that has ended, for every request. */
  #rolloutReport(): unknown {
    return rolloutReportSchema.parse({
      rollout: {
        id: 'evt_1',
        wave: 2,
        pauseSeconds: 60,
        startedAt: new Date(NOW).toISOString(),
        endedAt: new Date(NOW + 60_000).toISOString(),
        waves: 1,
        moved: 2,
        remaining: 0,
        left: 1,
        members: [{ userId: 'anna', name: 'shop', standing: 'works' }],
        ...this.rollout,
      },
      plan: { move: 2, left: 1, newest: 1, unknown: 0 },
    });
  }

  /** Tasks are gone one call later than their sessions. */
  #drain(body: unknown): unknown {
    const { dryRun } = drainRequestSchema.parse(body);
    const running = [...this.sessions.values()].filter((s) => s.status !== 'STOPPED');
    if (!dryRun) for (const { name } of running) this.set(name, { status: 'STOPPED', state: 'STOPPED' });
    return drainReportSchema.parse({
      dryRun,
      limitBefore: 50,
      active: dryRun ? running.length : 0,
      tasks: running.length,
      failed: 0,
      drained: !dryRun && running.length === 0,
    });
  }

  #cleanup(body: unknown): unknown {
    const { mode, dryRun, filter } = cleanupRequestSchema.parse(body);
    const due = [...this.sessions.values()].filter(
      (s) => s.status !== 'STOPPED' && (filter.userId === undefined || filter.userId === s.userId),
    );
    if (!dryRun) for (const { name } of due) this.set(name, { status: 'STOPPED', state: 'STOPPED' });
    return cleanupReportSchema.parse({
      mode,
      dryRun,
      sessions: due.map((s) => ({
        userId: s.userId,
        name: s.name,
        state: s.state,
        startedAt: s.startedAt,
        reason: 'emergency',
        action: dryRun ? 'would_stop' : 'stopping',
      })),
      active: 0,
    });
  }
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

const ok = (body: unknown): Reply => ({ status: 200, body });

/** The answer for a problem, as the real edge gives it. */
export const refuse = (
  code: ProblemCode,
  detail: string,
  extras: ProblemExtras = {},
  instance = '/api',
): Reply => {
  const body = problemBody(new Problem(code, detail, extras), instance, 'request-1');
  return {
    status: body.status,
    body,
    headers: {
      'content-type': 'application/problem+json',
      ...(extras.retryAfterSeconds === undefined ? {} : { 'retry-after': String(extras.retryAfterSeconds) }),
    },
  };
};

export const message = (to: string, body: string) => ({
  id: 'true_15550002222@c.us_3EB0',
  timestamp: 1_700_000_000,
  from: '15550001111@c.us',
  fromMe: true,
  to,
  body,
  hasMedia: false,
  ack: 1,
  ackName: 'SERVER',
});

const keyView = (id: string, userId: string) => ({
  id,
  userId,
  role: 'user',
  scopes: ['sessions:read', 'messages:send'],
  sessions: ['shop'],
  label: null,
  createdAt: new Date(NOW).toISOString(),
  expiresAt: null,
  rate: { perMinute: 60 },
});

const send = (response: ServerResponse, { status, body, headers }: Reply): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body));
};
