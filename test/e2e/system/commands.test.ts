/** What a session is asked to do: one system, one session. Each part's tests are in the file of its name. */
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { linkSession, type System, startSystem } from '../../helpers/system.ts';
import { messages } from './messages.ts';
import { wakes } from './wake.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000001';

let system: System | undefined;
const open = (): System => {
  if (!system) throw new Error('the system is not up yet');
  return system;
};

beforeAll(async () => {
  system = await startSystem();
  await linkSession(system, { name: 'shop' }, ACCOUNT);
});
afterAll(() => system?.stop());

describe.sequential('a session', () => {
  describe('sends and receives', () => messages(open, ACCOUNT));
  describe('is woken', () => wakes(open, ACCOUNT));
});
