/** Faults that end sessions, or nearly do: one system. Each part's tests are in the file of its name. */
import { describe, expect, vi } from 'vitest';
import { shared } from '../../helpers/shared.ts';
import { administration } from './administration.ts';
import { killedFunctions } from './functions.ts';
import { leftOf, startFaulty } from './harness.ts';
import { restartedSessions } from './restarts.ts';
import { deadWorkers } from './workers.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const open = shared(startFaulty, async ({ tasks, stop }) => {
  const all = tasks();
  await stop();
  expect(leftOf(all)).toEqual([]);
});

describe.sequential('sessions', () => {
  describe('are ended by people', () => administration(open));
  describe('outlive functions that are killed', () => killedFunctions(open));
  describe('survive workers that are killed, frozen, started late or not notified', () => deadWorkers(open));
  describe('restart by their policy', () => restartedSessions(open));
});
