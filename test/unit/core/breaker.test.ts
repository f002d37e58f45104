/** The circuit breaker of webhook endpoints, and the share of deliveries that one user gets. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Webhook } from '../../../contract/bodies/session-config.ts';
import { createSession } from '../../../core/admission/create.ts';
import {
  afterFailure,
  type Breaker,
  decide,
  FAILURES_TO_OPEN,
  LONGEST_PAUSE_MS,
  pauseMs,
} from '../../../core/events/breaker.ts';
import { listDeadLetters } from '../../../core/events/dead-letters.ts';
import { deliver } from '../../../core/events/deliver.ts';
import type { DeliveryOutcome, PostResult, QueuedDelivery, Receipt } from '../../../core/events/delivery.ts';
import { listEndpoints } from '../../../core/events/endpoints.ts';
import { webhookId } from '../../../core/events/webhooks.ts';
import { NOW, type TestSystem, testSystem } from './test-system.ts';

const failing = (count: number, now: number): Breaker | undefined => {
  let breaker: Breaker | undefined;
  for (let n = 0; n < count; n++) breaker = afterFailure(breaker, now, { probe: false, retryAfterMs: 0 });
  return breaker;
};

test('an endpoint is attempted until it has failed several times in a row', () => {
  for (let count = 0; count < FAILURES_TO_OPEN; count++)
    expect(decide(failing(count, NOW), NOW, 0).kind).toBe('attempt');
  expect(decide(failing(FAILURES_TO_OPEN, NOW), NOW, 0).kind).toBe('wait');
});

test('attempts that were under way when the breaker opened do not make the pause grow', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), (late) => {
      const opened = failing(FAILURES_TO_OPEN, NOW);
      const after = failing(FAILURES_TO_OPEN + late, NOW);
      expect(after).toMatchObject({ step: opened?.step, openUntil: opened?.openUntil });
    }),
  );
});

test('while it is open nothing is attempted, one probe follows each pause, and pauses grow up to their bound', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 * LONGEST_PAUSE_MS }), { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (waits, random) => {
        let now = NOW;
        let breaker = failing(FAILURES_TO_OPEN, now);
        let earned = 1;
        for (const wait of waits) {
          const openUntil = breaker?.openUntil ?? 0;
          now += wait;
          const decision = decide(breaker, now, random);
          if (now < openUntil) {
            expect(decision.kind).toBe('wait');
            // A caller that waits as requested returns when the pause has ended.
            if (decision.kind === 'wait') expect(now + decision.ms).toBeGreaterThanOrEqual(openUntil);
            continue;
          }
          expect(decision.kind).toBe('probe');
          if (decision.kind !== 'probe') return;
          // No other caller probes while it is under way; another may once the prober must be dead.
          expect(decide(decision.next, now + 11_000, random).kind).toBe('wait');
          expect(decide(decision.next, now + 60_000, random).kind).toBe('probe');
          breaker = afterFailure(decision.next, now, { probe: true, retryAfterMs: 0 });
          earned += 1;
          expect(breaker.openUntil - now).toBe(pauseMs(earned));
          expect(breaker.openUntil - now).toBeLessThanOrEqual(LONGEST_PAUSE_MS);
        }
      },
    ),
  );
});

test('an endpoint that asks for a longer pause gets it, up to an hour', () => {
  const open = (retryAfterMs: number) =>
    afterFailure(failing(FAILURES_TO_OPEN - 1, NOW), NOW, { probe: false, retryAfterMs }).openUntil - NOW;
  expect(open(60_000)).toBe(60_000);
  expect(open(10 * 3_600_000)).toBe(3_600_000);
});

const hookOf = (n: number): Webhook => ({
  url: `https://example.com/hook-${n}?token=secret`,
  events: ['*'],
  retries: { policy: 'constant', delaySeconds: 3, attempts: 30 },
});

const hooked = async (system: TestSystem, userId: string, hooks: readonly Webhook[]) => {
  const { session } = await createSession(system.deps, {
    userId,
    name: 'shop',
    config: { webhooks: [...hooks] },
    start: false,
  });
  return (n: number, hook: Webhook): QueuedDelivery => ({
    id: `evt_${n}`,
    timestamp: n,
    event: 'message',
    payload: {},
    sessionId: session.sessionId,
    userId,
    name: 'shop',
    me: null,
    webhook: webhookId(hook, system.deps.sha256),
  });
};

const down: PostResult = { ok: false, permanent: false, status: 500, detail: 'the endpoint answered 500' };
const up: PostResult = { ok: true, status: 200 };
const receipt = (receives: number): Receipt => ({ receives, queuedMs: 0, sequence: '1' });

test('an endpoint that is paused gets nothing, its events are not counted as tried, and a success closes it', async () => {
  const system = testSystem();
  const hook = hookOf(1);
  const event = await hooked(system, 'ann', [hook]);
  let posts = 0;
  const attempt = (receives: number, result: PostResult) =>
    deliver(
      system.deps,
      async () => {
        posts += 1;
        return result;
      },
      event(1, hook),
      receipt(receives),
    );
  for (let n = 1; n <= FAILURES_TO_OPEN; n++) expect(await attempt(n, down)).toMatchObject({ kind: 'retry' });
  expect(await attempt(6, up)).toMatchObject({ kind: 'postponed' });
  expect(posts).toBe(FAILURES_TO_OPEN);
  expect(await listEndpoints(system.deps, 'ann')).toEqual([
    {
      userId: 'ann',
      url: 'https://example.com/hook-1',
      state: 'open',
      failures: FAILURES_TO_OPEN,
      failingSince: new Date(NOW).toISOString(),
      failedAt: new Date(NOW).toISOString(),
      error: 'the endpoint answered 500',
      nextProbeAt: new Date(NOW + 2_000).toISOString(),
    },
  ]);
  system.now += 2_000;
  // The probe fails: the pause doubles.
  expect(await attempt(7, down)).toMatchObject({ kind: 'retry' });
  expect((await listEndpoints(system.deps, 'ann'))[0]?.nextProbeAt).toBe(
    new Date(system.now + 4_000).toISOString(),
  );
  system.now += 4_000;
  expect(await attempt(8, up)).toEqual({ kind: 'delivered' });
  expect(await listEndpoints(system.deps, 'ann')).toEqual([]);
});

test('of many deliveries that come when the pause has ended, one probes', async () => {
  const system = testSystem({ deliveriesPerUser: 50 });
  const hook = hookOf(1);
  const event = await hooked(system, 'ann', [hook]);
  for (let n = 1; n <= FAILURES_TO_OPEN; n++)
    await deliver(system.deps, async () => down, event(n, hook), receipt(1));
  system.now += 2_000;
  let posts = 0;
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      deliver(
        system.deps,
        async () => {
          posts += 1;
          return down;
        },
        event(100 + n, hook),
        receipt(1),
      ),
    ),
  );
  expect(posts).toBe(1);
  expect(outcomes.filter(({ kind }) => kind === 'postponed')).toHaveLength(19);
});

test('an endpoint that refuses one event permanently works', async () => {
  const system = testSystem();
  const hook = hookOf(1);
  const event = await hooked(system, 'ann', [hook]);
  const refused: PostResult = {
    ok: false,
    permanent: true,
    status: 422,
    detail: 'the endpoint answered 422',
  };
  for (let n = 1; n <= 2 * FAILURES_TO_OPEN; n++)
    expect(await deliver(system.deps, async () => refused, event(n, hook), receipt(1))).toMatchObject({
      kind: 'dead',
    });
  expect(await listEndpoints(system.deps, 'ann')).toEqual([]);
});

test('ten endpoints that never answer have no more attempts under way than their user’s share', async () => {
  const system = testSystem({ deliveriesPerUser: 3 });
  const hooks = Array.from({ length: 10 }, (_, n) => hookOf(n));
  const event = await hooked(system, 'ann', hooks);
  const other = hookOf(99);
  const others = await hooked(system, 'bob', [other]);
  let underWay = 0;
  let most = 0;
  const end: (() => void)[] = [];
  const hang = async (): Promise<PostResult> => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise<void>((resolve) => end.push(resolve));
    underWay -= 1;
    return { ok: false, permanent: false, detail: 'TimeoutError' };
  };
  const kinds: DeliveryOutcome['kind'][] = [];
  const all = hooks.map(async (hook, n) =>
    kinds.push((await deliver(system.deps, hang, event(n, hook), receipt(1))).kind),
  );
  await expect.poll(() => kinds.length).toBe(7);
  expect(kinds.every((kind) => kind === 'postponed')).toBe(true);
  expect(underWay).toBe(3);
  // Another user's event goes out at once.
  expect(await deliver(system.deps, async () => up, others(1, other), receipt(1))).toEqual({
    kind: 'delivered',
  });
  for (const ended of end.splice(0)) ended();
  await Promise.all(all);
  expect(most).toBe(3);
  // The places are free again.
  expect(await deliver(system.deps, async () => up, event(50, hookOf(1)), receipt(1))).toEqual({
    kind: 'delivered',
  });
});

test('a deliverer that died gives its place back by the end of its lease', async () => {
  const system = testSystem({ deliveriesPerUser: 1 });
  const hook = hookOf(1);
  const event = await hooked(system, 'ann', [hook]);
  void deliver(system.deps, () => new Promise(() => {}), event(1, hook), receipt(1));
  await expect
    .poll(async () => (await deliver(system.deps, async () => up, event(2, hook), receipt(1))).kind)
    .toBe('postponed');
  system.now += 20_000;
  expect(await deliver(system.deps, async () => up, event(2, hook), receipt(2))).toEqual({
    kind: 'delivered',
  });
});

test('what waits for longer than the queue keeps it becomes a dead letter, and is not lost', async () => {
  const system = testSystem();
  const hook = hookOf(1);
  const event = await hooked(system, 'ann', [hook]);
  const late = { ...receipt(20), queuedMs: 3.6 * 24 * 3_600_000 };
  for (const old of [late, receipt(901)])
    expect(await deliver(system.deps, async () => up, event(1, hook), old)).toMatchObject({
      kind: 'dead',
      kept: true,
    });
  expect((await listDeadLetters(system.deps, {}, { limit: 10 })).letters).toHaveLength(1);
});
