/** Checks of every route, in one running system: each part's tests are in the file of its name. */
import { describe, vi } from 'vitest';
import { shared } from '../../helpers/shared.ts';
import { startSystem } from '../../helpers/system.ts';
import { contractWalk } from './contract.ts';
import { isolation } from './isolation.ts';
import { refusals } from './refusals.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const open = shared(
  () => startSystem({ maxTasks: 3 }),
  (system) => system.stop(),
);

describe.sequential('every route', () => {
  describe('answers as the document says', () => contractWalk(open));
  describe('refuses what it must', () => refusals(open));
  describe('isolates users from each other', () => isolation(open));
});
