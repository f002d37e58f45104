/** Some of `npm run fuzz`. One seed: what a change breaks is found again, and nothing is found by chance elsewhere. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { fuzz } from './run.ts';
import { type FuzzTarget, startFuzzTarget } from './target.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 180_000 });

const RUNS = 1200;
const SEED = 20_261_124;

let target: FuzzTarget;
beforeAll(async () => {
  target = await startFuzzTarget();
});
afterAll(() => target?.stop());

test('1,200 bad and odd inputs over every route: no 500, no hang, no change, no word too many', async () => {
  const { inputs, faults } = await fuzz(target, { runs: RUNS, seed: SEED });
  expect(faults, `again with: npm run fuzz -- --runs ${RUNS} --seed ${SEED}`).toEqual([]);
  expect(inputs).toBeGreaterThanOrEqual(RUNS);
});
