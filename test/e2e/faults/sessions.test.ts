/** What ends sessions against their will, or nearly: one system. Each part's tests are in the file of its name. */
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import { administration } from './administration.ts';
import { killedFunctions } from './functions.ts';
import { type FaultySystem, leftOf, startFaulty } from './harness.ts';
import { deadWorkers } from './workers.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let system: FaultySystem | undefined;
const open = (): FaultySystem => {
  if (!system) throw new Error('the system is not up yet');
  return system;
};

beforeAll(async () => {
  system = await startFaulty();
});
afterAll(async () => {
  const all = system?.tasks() ?? [];
  await system?.stop();
  expect(leftOf(all)).toEqual([]);
});

describe.sequential('sessions', () => {
  describe('are ended by people', () => administration(open));
  describe('outlive functions that are killed', () => killedFunctions(open));
  describe('outlive workers that are killed, frozen, born late or not told', () => deadWorkers(open));
});
