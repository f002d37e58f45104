import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distribute, pickShard, shardsFor } from '../../../core/admission/capacity.ts';

const actives = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 9 });
const limit = fc.integer({ min: 0, max: 400 });
const count = fc.integer({ min: 1, max: 8 });
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

test('sub-limits keep the escrow: what may ever be active passes neither the limit nor what is active', () => {
  fc.assert(
    fc.property(limit, count, actives, (total, k, held) => {
      const sublimits = distribute(total, k, held);
      const reachable = sublimits.map((sub, i) => Math.max(sub, held[i] ?? 0));
      expect(sublimits).toHaveLength(Math.max(k, held.length));
      expect(sublimits.every((sub) => sub >= 0)).toBe(true);
      expect(sum(reachable)).toBeLessThanOrEqual(Math.max(total, sum(held)));
    }),
  );
});

test('all room below the limit is handed out', () => {
  fc.assert(
    fc.property(limit, count, actives, (total, k, held) => {
      fc.pre(sum(held) <= total);
      expect(sum(distribute(total, k, held))).toBe(total);
    }),
  );
});

test('no order of admissions, releases and new limits takes more than the limit in force', () => {
  const step = fc.oneof(
    fc.record({ admit: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
    fc.record({ release: fc.nat(7) }),
    fc.record({ limit: fc.integer({ min: 0, max: 12 }), k: fc.integer({ min: 1, max: 4 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let total = 5;
      let sublimits = distribute(total, 2, []);
      const held = sublimits.map(() => 0);
      for (const s of steps) {
        if ('limit' in s) {
          total = s.limit;
          sublimits = distribute(total, s.k, held);
          while (held.length < sublimits.length) held.push(0);
        } else if ('release' in s) {
          held[s.release] = Math.max(0, (held[s.release] ?? 0) - 1);
          held.length = sublimits.length;
        } else {
          const shards = sublimits.map((sub, shard) => ({ shard, limit: sub, active: held[shard] ?? 0 }));
          const shard = pickShard(shards, s.admit);
          if (!shard) continue;
          held[shard.shard] = shard.active + 1;
          expect(sum(held)).toBeLessThanOrEqual(total);
        }
      }
    }),
  );
});

test('a shard is picked if one has room, and only one with room', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ active: fc.nat(5), limit: fc.nat(5) }), { maxLength: 8 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (shards, random) => {
        const picked = pickShard(shards, random);
        const room = shards.some((s) => s.active < s.limit);
        expect(picked !== undefined).toBe(room);
        if (picked) expect(picked.active).toBeLessThan(picked.limit);
      },
    ),
  );
});

test('contenders that read the same counts spread out in proportion to the room', () => {
  const shards = [
    { shard: 0, active: 0, limit: 9 },
    { shard: 1, active: 0, limit: 1 },
  ];
  const picks = Array.from({ length: 100 }, (_, i) => pickShard(shards, i / 100)?.shard);
  expect(picks.filter((shard) => shard === 0)).toHaveLength(90);
});

test('one counter up to 200 sessions, eight above', () => {
  expect([1, 50, 200, 201, 5000].map(shardsFor)).toEqual([1, 1, 1, 8, 8]);
});
