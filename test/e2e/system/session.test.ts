/** What a session is for: one system, one session at a time. Each part's tests are in the file of its name. */
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { linkSession, type System, startSystem } from '../../helpers/system.ts';
import { journey } from './journey.ts';
import { messages } from './messages.ts';
import { wakes } from './wake.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000001';

let system: System | undefined;
const shown: string[] = [];
const open = (): System => {
  if (!system) throw new Error('the system is not up yet');
  return system;
};

beforeAll(async () => {
  system = await startSystem({
    onProgress: (message) => shown.push(message),
    onWarning: (warning) => shown.push(JSON.stringify(warning)),
  });
  await linkSession(system, { name: 'shop' }, ACCOUNT);
});
afterAll(() => system?.stop());

describe.sequential('a session', () => {
  describe('sends and receives', () => messages(open, ACCOUNT));
  describe('is woken', () => wakes(open, ACCOUNT));
  describe('from its creation to its removal, and in no log', () => journey(open, shown));
});
