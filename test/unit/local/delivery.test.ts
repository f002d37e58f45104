import { describe, expect, test } from 'vitest';
import type { TargetModel } from '../../../local/assembly/model.ts';
import { deliver } from '../../../local/triggers/delivery.ts';

const RULE = 'arn:aws:events:us-east-1:000000000000:rule/r';
const DEAD = 'arn:aws:sqs:us-east-1:000000000000:dead';
const target = (changes: Partial<TargetModel> = {}): TargetModel => ({
  functionName: 'fn',
  role: undefined,
  input: undefined,
  deadLetterArn: DEAD,
  retries: 3,
  maxAgeSeconds: 3_600,
  ...changes,
});

const fixture = (failures: number, changes: { allowed?: boolean } = {}) => {
  const waits: number[] = [];
  const dead: string[] = [];
  const seen: unknown[] = [];
  let now = 0;
  const options = {
    invoke: async (_name: string, event: unknown) => {
      seen.push(event);
      return seen.length <= failures
        ? { ok: false as const, requestId: 'r', error: { errorType: 'E', errorMessage: 'no' } }
        : { ok: true as const, requestId: 'r', payload: 'null' };
    },
    functionArn: () => 'arn:fn',
    permissions:
      changes.allowed === false
        ? []
        : [{ functionName: 'fn', principal: 'events.amazonaws.com', sourceArn: RULE }],
    authorize: () => ({
      decision: changes.allowed === false ? ('implicitDeny' as const) : ('allow' as const),
    }),
    sendToDeadLetters: async (_queue: string, body: string) => void dead.push(body),
    clock: () => now,
    onProblem: () => {},
    pause: async (ms: number) => {
      waits.push(ms);
      now += ms;
      return true;
    },
  };
  return { options, waits, dead, seen };
};

const signal = new AbortController().signal;

describe('delivering an event', () => {
  test('a failing target gets it again, with growing waits', async () => {
    const { options, waits, seen } = fixture(2);
    expect(await deliver(options, target(), RULE, { a: 1 }, signal)).toBe('delivered');
    expect(seen).toEqual([{ a: 1 }, { a: 1 }, { a: 1 }]);
    expect(waits).toEqual([1_000, 2_000]);
  });

  test('after its attempts it goes to the dead-letter queue', async () => {
    const { options, dead, seen } = fixture(99);
    expect(await deliver(options, target({ retries: 2 }), RULE, { a: 1 }, signal)).toBe('dead-lettered');
    expect(seen).toHaveLength(3);
    expect(dead).toEqual(['{"a":1}']);
  });

  test('past its age it is not tried again', async () => {
    const { options, seen } = fixture(99);
    await deliver(options, target({ retries: 99, maxAgeSeconds: 2 }), RULE, {}, signal);
    expect(seen).toHaveLength(2);
  });

  test('without a permission the function is not invoked', async () => {
    const { options, seen, dead } = fixture(0, { allowed: false });
    expect(await deliver(options, target(), RULE, {}, signal)).toBe('dead-lettered');
    expect(await deliver(options, target({ role: 'scheduler' }), RULE, {}, signal)).toBe('dead-lettered');
    expect(seen).toEqual([]);
    expect(dead).toHaveLength(2);
  });

  test('a constant input replaces the event', async () => {
    const { options, seen } = fixture(0);
    await deliver(options, target({ input: '{"b":2}' }), RULE, { a: 1 }, signal);
    expect(seen).toEqual([{ b: 2 }]);
  });
});
