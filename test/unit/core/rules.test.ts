import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sessionConfigSchema } from '../../../contract/bodies/session-config.ts';
import { sessionViewSchema } from '../../../contract/bodies/sessions.ts';
import {
  canTransition,
  isTerminal,
  type State,
  stateSchema,
  statesBefore,
  statusSchema,
  stopReasonSchema,
  terminalState,
} from '../../../contract/lifecycle.ts';
import { applyChange, holds } from '../../../core/apply.ts';
import { retryDelaySeconds, targetsOf, wants, webhookId } from '../../../core/events/webhooks.ts';
import {
  deadlinesOf,
  dueAfterChange,
  dueAttributes,
  workerDeadlines,
} from '../../../core/lifecycle/deadlines.ts';
import { parseSession } from '../../../core/lifecycle/session.ts';
import { sessionView } from '../../../core/lifecycle/session-view.ts';
import { settingsSchema } from '../../../core/settings.ts';
import { and, eq, ltAttr, or } from '../../../core/store.ts';

const settings = settingsSchema.parse({});
const state = fc.constantFrom(...stateSchema.options);

test('PENDING begins an epoch after any other state, every state has an end, and within an epoch none returns', () => {
  const order: State[] = ['PENDING', 'STARTING', 'RUNNING', 'STOPPING', 'STOPPED'];
  fc.assert(
    fc.property(state, state, (from, to) => {
      // Of another epoch: an admission from an end, a restart from anything else.
      if (to === 'PENDING') expect(canTransition(from, to)).toBe(from !== 'PENDING');
      if (isTerminal(to)) expect(canTransition(from, to)).toBe(!isTerminal(from));
      if (canTransition(from, to) && to !== 'PENDING' && !isTerminal(from) && !isTerminal(to)) {
        expect(order.indexOf(to)).toBeGreaterThan(order.indexOf(from));
      }
      expect(statesBefore(to).includes(from)).toBe(canTransition(from, to));
      expect(canTransition(from, from)).toBe(false);
    }),
  );
});

test('faults end in FAILED, wishes and limits in STOPPED', () => {
  const failed = stopReasonSchema.options.filter((reason) => terminalState(reason) === 'FAILED');
  expect(failed).toEqual(['heartbeat_lost', 'launch_failed', 'start_timeout', 'crashed', 'banned']);
});

const NOW = Date.UTC(2026, 0, 1);
const base = {
  config: {},
  startedAt: NOW,
  state: 'RUNNING' as const,
  status: 'WORKING' as const,
  taskArn: 't',
};
const reasons = (session: Parameters<typeof deadlinesOf>[0]) =>
  deadlinesOf(session, settings).map((d) => d.reason);
const at = (session: Parameters<typeof deadlinesOf>[0], reason: string) =>
  deadlinesOf(session, settings).find((d) => d.reason === reason)?.at;

test('each state has its deadlines and no others', () => {
  const pending = { ...base, state: 'PENDING' as const, status: 'STARTING' as const, taskArn: undefined };
  expect(reasons(pending)).toEqual(['launch_due', 'start_timeout', 'max_duration']);
  expect(reasons({ ...pending, state: 'STARTING', taskArn: 't' })).toEqual(['start_timeout', 'max_duration']);
  expect(reasons({ ...base, lastHeartbeatAt: NOW })).toEqual(['heartbeat_lost', 'idle', 'max_duration']);
  expect(reasons({ ...base, status: 'SCAN_QR_CODE', lastHeartbeatAt: NOW })).toEqual([
    'heartbeat_lost',
    'qr_expired',
    'max_duration',
  ]);
  expect(reasons({ ...base, state: 'STOPPING', stoppingAt: NOW })).toEqual(['stop_grace']);
});

test('a session’s own policy counts, but never above the environment’s', () => {
  expect(at({ ...base, lastActivityAt: NOW, config: { idleTimeoutSeconds: 60 } }, 'idle')).toBe(NOW + 60_000);
  expect(at({ ...base, lastActivityAt: NOW, config: { idleTimeoutSeconds: 9e6 } }, 'idle')).toBe(
    NOW + 900_000,
  );
  expect(at({ ...base, config: { maxDurationSeconds: 9e6 } }, 'max_duration')).toBe(NOW + 7_200_000);
});

test('what is kept alive ends neither idle nor by age, but still when its worker is silent', () => {
  const kept = { ...base, config: { keepAlive: true }, lastHeartbeatAt: NOW };
  expect(reasons(kept)).toEqual(['heartbeat_lost']);
  expect(workerDeadlines(kept, settings)).not.toHaveProperty('maxAt');
});

test('every session with a slot is due again, and its deadlines come in order', () => {
  const optional = fc.option(fc.integer({ min: NOW, max: NOW + 1e7 }), { nil: undefined });
  const session = fc.record({
    state: fc.constantFrom('PENDING' as const, 'STARTING' as const, 'RUNNING' as const, 'STOPPING' as const),
    status: fc.constantFrom(...statusSchema.options),
    config: fc.record({ keepAlive: fc.boolean() }),
    taskArn: fc.constantFrom('t', undefined),
    startedAt: fc.constant(NOW),
    lastActivityAt: optional,
    lastHeartbeatAt: optional,
    qrSince: optional,
    passkeySince: optional,
    stoppingAt: optional,
  });
  fc.assert(
    fc.property(session, (s) => {
      const times = deadlinesOf(s, settings).map((d) => d.at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      const { nextDeadlineAt, expectedEndAt } = dueAttributes(s, settings);
      expect(nextDeadlineAt).toBe(times[0] ?? NOW + settings.maxDurationSeconds * 1000);
      expect(expectedEndAt).toBeGreaterThanOrEqual(NOW);
    }),
  );
});

test('an entry of the due index that stays is never late, and far enough from due that the next heartbeat comes first', () => {
  const time = fc.integer({ min: 0, max: 400_000 });
  const session = fc.record({
    status: fc.constantFrom('WORKING' as const, 'SCAN_QR_CODE' as const),
    config: fc.record({ keepAlive: fc.boolean() }),
    lastHeartbeatAt: time,
    lastActivityAt: time,
    nextDeadlineAt: fc.option(time, { nil: undefined }),
    expectedEndAt: fc.option(time, { nil: undefined }),
  });
  const prod = { ...settings, heartbeatSeconds: 60, heartbeatTimeoutSeconds: 180, idleTimeoutSeconds: 240 };
  fc.assert(
    fc.property(session, time, (changes, now) => {
      const s = { ...base, ...changes, startedAt: 0 };
      const due = dueAttributes(s, prod);
      const kept = dueAfterChange(s, prod, now);
      expect(kept.nextDeadlineAt).toBeLessThanOrEqual(due.nextDeadlineAt);
      expect(kept.expectedEndAt).toBeLessThanOrEqual(due.expectedEndAt);
      if (kept.nextDeadlineAt !== due.nextDeadlineAt)
        expect(kept.nextDeadlineAt - now).toBeGreaterThanOrEqual(54_000);
      // Retry-After says a minute at most: an end that is nearer than that until the next report is the true one.
      if (kept.expectedEndAt !== due.expectedEndAt)
        expect(kept.expectedEndAt - now).toBeGreaterThanOrEqual(54_000 + 60_000);
      // One that was moved is true, so a sweep that moves it does not find it again.
      if (kept.nextDeadlineAt <= now) expect(kept).toEqual(due);
    }),
  );
});

test('of three heartbeats, one moves the entry', () => {
  const prod = { ...settings, heartbeatSeconds: 60, heartbeatTimeoutSeconds: 180 };
  let s: Parameters<typeof dueAfterChange>[0] = { ...base, config: { keepAlive: true }, startedAt: NOW };
  const entries: number[] = [];
  for (let beat = 0; beat < 9; beat++) {
    const now = NOW + 60_300 * beat;
    s = { ...s, lastHeartbeatAt: now };
    s = { ...s, ...dueAfterChange(s, prod, now) };
    entries.push(s.nextDeadlineAt ?? 0);
  }
  expect(new Set(entries).size).toBe(3);
});

test('a missing attribute fails every comparison but “not equal”', () => {
  for (const op of ['eq', 'lt', 'le', 'gt', 'ge'] as const) {
    expect(holds({ op, attr: 'a', value: 1 }, undefined)).toBe(false);
    expect(holds({ op, attr: 'a', value: 1 }, { a: 'text' })).toBe(false);
  }
  expect(holds({ op: 'ne', attr: 'a', value: 1 }, undefined)).toBe(true);
  expect(holds(ltAttr('active', 'limit'), { active: 1 })).toBe(false);
});

test('conditions follow the laws of logic', () => {
  const item = fc.record(
    { a: fc.integer({ min: 0, max: 3 }), b: fc.integer({ min: 0, max: 3 }) },
    { requiredKeys: [] },
  );
  const n = fc.integer({ min: 0, max: 3 });
  fc.assert(
    fc.property(item, n, n, (i, x, y) => {
      const [p, q] = [eq('a', x), ltAttr('a', 'b')];
      expect(holds(and(p, q), i)).toBe(holds(p, i) && holds(q, i));
      expect(holds(or(p, q), i)).toBe(holds(p, i) || holds(q, i));
      expect(holds({ op: 'ne', attr: 'a', value: y }, i)).toBe(!holds(eq('a', y), i));
      if (i.a === undefined) return;
      const [below, same, above] = [
        holds({ op: 'lt', attr: 'a', value: x }, i),
        holds(eq('a', x), i),
        holds({ op: 'gt', attr: 'a', value: x }, i),
      ];
      expect([below, same, above].filter(Boolean)).toHaveLength(1);
    }),
  );
});

test('a change removes, sets and adds; what is both removed and set is set, and adding counts from nought', () => {
  const before = { pk: 'p', a: 1, b: 2, c: 3 };
  const change = { remove: ['a', 'b'], set: { b: 'new' }, add: { c: 2, d: -1 } };
  expect(applyChange(before, change)).toEqual({ pk: 'p', b: 'new', c: 5, d: -1 });
  expect(before).toEqual({ pk: 'p', a: 1, b: 2, c: 3 });
});

const webhook = (over: object = {}) => ({
  url: 'https://example.com/?token=secret',
  events: ['message' as const],
  ...over,
});

test('a webhook gets what it asked for; “*” is everything but the engine’s raw events', () => {
  expect(wants(webhook(), 'message')).toBe(true);
  expect(wants(webhook(), 'message.ack')).toBe(false);
  const all = { ...webhook(), events: ['*' as const] };
  expect(wants(all, 'session.status')).toBe(true);
  expect(wants(all, 'engine.event')).toBe(false);
  expect(wants({ ...webhook(), events: ['*', 'engine.event'] }, 'engine.event')).toBe(true);
});

test('a webhook’s name in queues and logs reveals nothing of its URL', () => {
  const sha256 = (text: string) => `${'f'.repeat(60)}${text.length}`;
  expect(webhookId(webhook(), sha256)).not.toContain('secret');
  expect(targetsOf({ webhooks: [webhook()] }, 'message', sha256)).toHaveLength(1);
  expect(targetsOf({}, 'message', sha256)).toEqual([]);
});

test('attempts end at the number asked for, waits follow the policy and never pass an hour', () => {
  const policy = fc.constantFrom('constant' as const, 'linear' as const, 'exponential' as const);
  fc.assert(
    fc.property(
      policy,
      fc.integer({ min: 1, max: 900 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (p, delaySeconds, attempts, attempt, random) => {
        const hook = webhook({ retries: { policy: p, delaySeconds, attempts } });
        const wait = retryDelaySeconds(hook, attempt, random);
        expect(wait === undefined).toBe(attempt >= attempts);
        if (wait === undefined) return;
        expect(wait).toBeGreaterThanOrEqual(Math.min(1800, delaySeconds / 2));
        expect(wait).toBeLessThanOrEqual(3600);
        if (p === 'constant') expect(wait).toBe(delaySeconds);
      },
    ),
  );
});

test('what the API shows of a session holds no secret of it', () => {
  const SECRETS = [
    'hmac-key',
    'proxy-password',
    'bootstrap',
    'worker-hash',
    'command-secret',
    'auth/ses_1/1/1-aa',
  ];
  const session = parseSession({
    pk: 'SESSION#ann#a',
    sk: 'META',
    listUser: 'ann',
    listName: 'a',
    sessionId: 'ses_1',
    config: sessionConfigSchema.parse({
      webhooks: [{ url: 'https://example.com', events: ['*'], hmac: { key: 'hmac-key' } }],
      proxy: { server: 'proxy:1', username: 'u', password: 'proxy-password' },
    }),
    createdAt: NOW,
    version: 1,
    state: 'RUNNING',
    status: 'WORKING',
    epoch: 1,
    slotShard: 0,
    startedAt: NOW,
    bootstrapToken: 'bootstrap',
    workerSecretHash: 'worker-hash',
    commandSecret: 'command-secret',
    address: 'http://10.1.2.3:8080',
    lastActivityAt: NOW,
    authState: {
      key: 'auth/ses_1/1/1-aa',
      sha256: 'a'.repeat(64),
      bytes: 1,
      chromiumBuild: '1',
      savedAt: NOW,
    },
  });
  const view = sessionView(session, settings);
  expect(sessionViewSchema.parse(view)).toEqual(view);
  const text = JSON.stringify(view);
  for (const secret of [...SECRETS, '10.1.2.3']) expect(text).not.toContain(secret);
  expect(view).toMatchObject({ linked: true, idleAt: new Date(NOW + 900_000).toISOString() });
});
