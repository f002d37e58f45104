import { expect, test } from 'vitest';
import { changeLimits, readCapacity } from '../../../core/protocols/limits.ts';
import { lab } from './control.ts';
import { admittedSession } from './session.ts';

/** The place with something happening right before each transaction of a change of limits. */
const racing = (place: ReturnType<typeof lab>, before: () => Promise<unknown>) => {
  const { store } = place.control;
  return {
    ...place.control,
    store: {
      ...store,
      transact: async (...call: Parameters<typeof store.transact>) => {
        await before();
        return store.transact(...call);
      },
    },
  };
};

test('limits change although sessions are admitted between every read and its write', async () => {
  const place = lab({ globalLimit: 240, userLimit: 240 });
  await admittedSession(place, 'first');
  let n = 0;
  const control = racing(place, () => admittedSession(place, `s${n++}`));
  for (const global of [210, 240, 300]) await changeLimits(control, { global });
  const capacity = await readCapacity(place.control);
  expect(capacity?.limits.globalLimit).toBe(300);
  expect(capacity?.active).toBe(1 + n);
  expect(n).toBe(3);
});

test('sub-limits never sum to more than the limit when a shard filled up while they were made', async () => {
  const place = lab({ globalLimit: 208, userLimit: 300 });
  const sums: number[] = [];
  let n = 0;
  const control = racing(place, async () => {
    if (n < 208) for (let i = 0; i < 26; i++) await admittedSession(place, `s${n++}`);
  });
  for (const global of [204, 202, 208]) {
    await changeLimits(control, { global });
    const { shards = [], active = 0, limits } = (await readCapacity(place.control)) ?? {};
    const handedOut = shards.reduce((sum, shard) => sum + Math.max(shard.active, shard.limit), 0);
    expect(handedOut).toBeLessThanOrEqual(Math.max(limits?.globalLimit ?? 0, active));
    sums.push(handedOut);
  }
  expect(sums).toHaveLength(3);
});
