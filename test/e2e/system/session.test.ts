/**
 * The main functions of a session: one system, one session at a time. Each part's tests are in the file of its name.
 */
import { beforeAll, describe, vi } from 'vitest';
import { shared } from '../../helpers/shared.ts';
import { linkSession, startSystem } from '../../helpers/system.ts';
import { journey } from './journey.ts';
import { live } from './live.ts';
import { mcpTools } from './mcp.ts';
import { messages } from './messages.ts';
import { wakes } from './wake.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const ACCOUNT = '491700000001';

const shown: string[] = [];
const open = shared(
  () =>
    startSystem({
      onProgress: (message) => shown.push(message),
      onWarning: (warning) => shown.push(JSON.stringify(warning)),
    }),
  (system) => system.stop(),
);
beforeAll(() => linkSession(open(), { name: 'shop' }, ACCOUNT));

describe.sequential('a session', () => {
  describe('sends and receives', () => messages(open, ACCOUNT));
  describe('is used by a language model', () => mcpTools(open, ACCOUNT));
  describe('is followed', () => live(open, ACCOUNT));
  describe('is woken', () => wakes(open, ACCOUNT));
  describe('from its creation to its removal, and in no log', () => journey(open, shown));
});
